import {_t} from "@web/core/l10n/translation";
import {Component} from "@odoo/owl";
import {daysLate, shortDay} from "../../backlog_formats";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

/** What was promised, how late it will be, and below it when it is expected where that
 * is later, or that nobody knows. */
export class BacklogDueField extends Component {
    static template = "inventory_backlog.BacklogDueField";
    static props = {...standardFieldProps};

    get data() {
        return this.props.record.data;
    }

    get promise() {
        return this.data[this.props.name];
    }

    get day() {
        return this.promise ? shortDay(this.promise) : "";
    }

    get late() {
        return daysLate(this.data.days_late);
    }

    get className() {
        if (this.data.is_late) {
            return "o_backlog_late";
        }
        return this.data.is_at_risk ? "o_backlog_at_risk" : "";
    }

    /** "No date" where something is to order, the day where it is a later one. */
    get expected() {
        const {to_source_qty, overdue_since, expected_date} = this.data;
        if (to_source_qty > 0 || (overdue_since && !expected_date)) {
            return _t("no date");
        }
        if (overdue_since) {
            return _t("overdue");
        }
        const isLater =
            expected_date &&
            this.promise &&
            expected_date.startOf("day") > this.promise.startOf("day");
        return isLater ? `→ ${shortDay(expected_date)}` : "";
    }

    get words() {
        const state =
            (this.data.is_late && _t("Late")) ||
            (this.data.is_at_risk && _t("At risk")) ||
            _t("In time");
        return [state, this.day, this.late, this.expected].filter(Boolean).join(" ");
    }
}

export const backlogDueField = {
    component: BacklogDueField,
    displayName: _t("Promise and what is expected"),
    supportedTypes: ["datetime"],
    fieldDependencies: [
        {name: "days_late", type: "integer"},
        {name: "expected_date", type: "datetime"},
        {name: "is_at_risk", type: "boolean"},
        {name: "is_late", type: "boolean"},
        {name: "overdue_since", type: "datetime"},
        {name: "to_source_qty", type: "float"},
    ],
};

registry.category("fields").add("backlog_due", backlogDueField);
