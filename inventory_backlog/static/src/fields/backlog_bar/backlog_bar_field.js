import {_t} from "@web/core/l10n/translation";
import {Component} from "@odoo/owl";
import {formatFloat} from "@web/views/fields/formatters";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

const PARTS = [
    {field: "delivered_qty", className: "o_backlog_shipped", label: _t("shipped")},
    {field: "backlog_qty", className: "o_backlog_ready", label: _t("ready")},
    {field: "incoming_qty", className: "o_backlog_incoming", label: _t("incoming")},
    {
        field: "to_source_qty",
        className: "o_backlog_to_source",
        label: _t("to order"),
    },
];

/** What of the line is shipped, ready, incoming and to order: a bar, and in words. */
export class BacklogBarField extends Component {
    static template = "inventory_backlog.BacklogBarField";
    static props = {...standardFieldProps};

    get parts() {
        const {data} = this.props.record;
        const parts = PARTS.map((part) => ({
            ...part,
            quantity: Math.max(0, data[part.field]),
            text: `${formatFloat(data[part.field], {trailingZeros: false})} ${part.label}`,
        })).filter((part) => part.quantity);
        const total = parts.reduce((sum, part) => sum + part.quantity, 0);
        return parts.map((part) => ({
            ...part,
            width: `width: ${(100 * part.quantity) / total}%`,
        }));
    }
}

export const backlogBarField = {
    component: BacklogBarField,
    displayName: _t("Backlog bar"),
    supportedTypes: ["float"],
    fieldDependencies: PARTS.map(({field}) => ({name: field, type: "float"})),
};

registry.category("fields").add("backlog_bar", backlogBarField);
