import {_t} from "@web/core/l10n/translation";
import {Component} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

/** The supply state as a coloured badge with words. */
export class BacklogStateField extends Component {
    static template = "inventory_backlog.BacklogStateField";
    static props = {
        ...standardFieldProps,
        lateDates: {type: Array, element: String, optional: true},
        lateFields: {type: Array, element: String, optional: true},
    };
    static defaultProps = {lateDates: [], lateFields: []};

    get state() {
        return this.props.record.data[this.props.name];
    }

    get label() {
        const {selection} = this.props.record.fields[this.props.name];
        return Object.fromEntries(selection)[this.state];
    }

    /** By a field that says so, or by the day expected and the day promised. */
    get isLate() {
        const {data} = this.props.record;
        const [expected, promised] = this.props.lateDates.map((name) => data[name]);
        return (
            this.props.lateFields.some((name) => data[name]) ||
            (expected && promised && expected.startOf("day") > promised.startOf("day"))
        );
    }

    /** What is on its way turns from blue to orange when it comes after the promise. */
    get className() {
        return this.state === "incoming" && this.isLate
            ? "o_backlog_incoming_late"
            : `o_backlog_${this.state}`;
    }
}

export const backlogStateField = {
    component: BacklogStateField,
    displayName: _t("Backlog state"),
    supportedTypes: ["selection"],
    extractProps: ({options}) => ({
        lateDates: options.late_dates,
        lateFields: options.late_fields,
    }),
};

registry.category("fields").add("backlog_state", backlogStateField);
