import {_t} from "@web/core/l10n/translation";
import {Component} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {shortDay, shortQuantity} from "../../backlog_formats";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

const NAMES = {
    shipped: "",
    ready: "backlog_qty",
    incoming: "incoming_qty",
    toOrder: "to_source_qty",
    day: "partial_expected_date",
    overdue: "overdue_since",
    late: "is_late",
    atRisk: "is_at_risk",
};
const CLASSES = {
    shipped: "o_backlog_shipped",
    ready: "o_backlog_ready",
    incoming: "o_backlog_incoming",
    incomingLate: "o_backlog_incoming_late",
    toOrder: "o_backlog_to_source",
};

/** What of a line is ready, on its way and to order: a bar, and below it in words. */
export class BacklogSplitField extends Component {
    static template = "inventory_backlog.BacklogSplitField";
    static props = {...standardFieldProps, names: {type: Object, optional: true}};
    static defaultProps = {names: NAMES};

    value(key) {
        return this.props.record.data[this.props.names[key]];
    }

    get parts() {
        const open = ["ready", "incoming", "toOrder"].filter(
            (key) => this.value(key) > 0
        );
        const isLate = this.value("late") || this.value("atRisk");
        return ["shipped", ...open]
            .filter((key) => this.value(key) > 0)
            .map((key) => ({
                key,
                quantity: this.value(key),
                className: CLASSES[key === "incoming" && isLate ? "incomingLate" : key],
                text: key === "shipped" ? "" : this.text(key, open.length > 2),
            }));
    }

    /** As short as it must be: all three have to fit. */
    text(key, isShort) {
        const quantity = shortQuantity(this.value(key));
        if (key === "ready") {
            return _t("%s ready", quantity);
        }
        if (key === "toOrder") {
            return isShort ? _t("%s order", quantity) : _t("%s to order", quantity);
        }
        if (this.value("overdue")) {
            return isShort ? _t("%s due", quantity) : _t("%s overdue", quantity);
        }
        const day = this.value("day");
        return isShort || !day
            ? _t("%s coming", quantity)
            : `${quantity} → ${shortDay(day)}`;
    }

    get total() {
        return this.parts.reduce((sum, part) => sum + part.quantity, 0);
    }

    get words() {
        return this.parts
            .map((part) => part.text)
            .filter(Boolean)
            .join(" · ");
    }

    width(part) {
        return `width: ${(100 * part.quantity) / this.total}%`;
    }
}

export const backlogSplitField = {
    component: BacklogSplitField,
    displayName: _t("Backlog split"),
    supportedTypes: ["selection"],
    extractProps: ({options}) => ({names: {...NAMES, ...options}}),
    fieldDependencies: ({options}) => {
        const names = {...NAMES, ...options};
        const kinds = {
            day: "datetime",
            overdue: "datetime",
            late: "boolean",
            atRisk: "boolean",
        };
        return Object.entries(names)
            .filter(([_key, name]) => name)
            .map(([key, name]) => ({name, type: kinds[key] || "float"}));
    },
};

registry.category("fields").add("backlog_split", backlogSplitField);
