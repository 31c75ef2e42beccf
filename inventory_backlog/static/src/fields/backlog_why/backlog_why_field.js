import {_t} from "@web/core/l10n/translation";
import {Component} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";
import {useService} from "@web/core/utils/hooks";

/** A document by its name; a link for those who work with it. */
export class BacklogDocument extends Component {
    static template = "inventory_backlog.BacklogDocument";
    static props = {document: Object};

    setup() {
        this.action = useService("action");
    }

    open() {
        const {model, id} = this.props.document;
        this.action.doAction({
            type: "ir.actions.act_window",
            res_model: model,
            res_id: id,
            views: [[false, "form"]],
        });
    }
}

/** What covers the line, who is ahead of it, what else the customer waits for. The
 * server sends finished texts. */
export class BacklogWhyField extends Component {
    static template = "inventory_backlog.BacklogWhyField";
    static components = {BacklogDocument};
    static props = {...standardFieldProps};

    get why() {
        return this.props.record.data[this.props.name];
    }
}

export const backlogWhyField = {
    component: BacklogWhyField,
    displayName: _t("Why a line is where it is"),
    supportedTypes: ["json"],
};

registry.category("fields").add("backlog_why", backlogWhyField);
