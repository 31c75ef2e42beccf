import {_t} from "@web/core/l10n/translation";
import {BacklogSplit} from "./backlog_split";
import {Component} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

/** The split of an open line. */
export class BacklogSplitField extends Component {
    static template = "inventory_backlog.BacklogSplitField";
    static components = {BacklogSplit};
    static props = {...standardFieldProps};

    get split() {
        const {data} = this.props.record;
        return {
            ready: data.backlog_qty,
            incoming: data.incoming_qty,
            toOrder: data.to_source_qty,
            day: data.partial_expected_date,
            overdue: data.overdue_since,
            isLate: Boolean(data.is_late || data.is_at_risk),
        };
    }
}

export const backlogSplitField = {
    component: BacklogSplitField,
    displayName: _t("Backlog split"),
    supportedTypes: ["selection"],
    fieldDependencies: [
        {name: "backlog_qty", type: "float"},
        {name: "incoming_qty", type: "float"},
        {name: "is_at_risk", type: "boolean"},
        {name: "is_late", type: "boolean"},
        {name: "overdue_since", type: "datetime"},
        {name: "partial_expected_date", type: "datetime"},
        {name: "to_source_qty", type: "float"},
    ],
};

registry.category("fields").add("backlog_split", backlogSplitField);
