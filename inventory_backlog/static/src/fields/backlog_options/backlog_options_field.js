import {Component, useState} from "@odoo/owl";
import {BacklogLights} from "../backlog_lights/backlog_lights_field";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";
import {useService} from "@web/core/utils/hooks";

/** The vendors of a need side by side; one click buys it from another one, or instead
 * of waiting for what comes too late (`method`). The server sends finished texts. */
export class BacklogOptionsField extends Component {
    static template = "inventory_backlog.BacklogOptionsField";
    static components = {BacklogLights};
    static props = {...standardFieldProps};

    setup() {
        this.orm = useService("orm");
        this.state = useState({isBusy: false});
    }

    get options() {
        return this.props.record.data[this.props.name];
    }

    canChoose(row) {
        return this.options.possible && row.possible && !row.chosen;
    }

    keptClass(row) {
        if (!row.possible) {
            return "text-muted";
        }
        return row.all_kept ? "text-success" : "text-danger";
    }

    async choose(row) {
        const {record} = this.props;
        this.state.isBusy = true;
        try {
            const method = this.options.method || "action_choose_vendor";
            await this.orm.call(record.resModel, method, [
                [record.resId],
                row.partner_id,
            ]);
            await record.load();
        } finally {
            this.state.isBusy = false;
        }
    }
}

export const backlogOptionsField = {
    component: BacklogOptionsField,
    displayName: _t("Vendors compared"),
    supportedTypes: ["json"],
};

registry.category("fields").add("backlog_options", backlogOptionsField);
