import {Component, useState} from "@odoo/owl";
import {BacklogPanel} from "./backlog_panel";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";

/** The panel in the form of a line: on a phone, and where the panel has no room. */
export class BacklogPanelWidget extends Component {
    static template = "inventory_backlog.BacklogPanelWidget";
    static components = {BacklogPanel};
    static props = {...standardWidgetProps};

    setup() {
        this.state = useState({version: 0});
    }

    async acted() {
        try {
            await this.props.record.load();
        } catch {
            // The line is shipped: the panel says so.
        }
        this.state.version++;
    }
}

registry.category("view_widgets").add("backlog_panel", {
    component: BacklogPanelWidget,
});
