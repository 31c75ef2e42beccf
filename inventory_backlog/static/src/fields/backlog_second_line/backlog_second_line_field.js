import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

const formatters = registry.category("formatters");

/** A text or a selection, and another field in a small second line. */
export class BacklogSecondLineField extends Component {
    static template = "inventory_backlog.BacklogSecondLineField";
    static props = {
        ...standardFieldProps,
        second: String,
        danger: {type: Boolean, optional: true},
    };

    get first() {
        return this.formatted(this.props.name);
    }

    get second() {
        return this.formatted(this.props.second);
    }

    formatted(name) {
        const {data, fields} = this.props.record;
        const {type, selection} = fields[name];
        return formatters.get(type)(data[name], {selection});
    }
}

export const backlogSecondLineField = {
    component: BacklogSecondLineField,
    displayName: _t("Text with a second line"),
    supportedTypes: ["char", "selection"],
    extractProps: ({options}) => ({
        second: options.second,
        danger: Boolean(options.danger),
    }),
};

registry.category("fields").add("backlog_second_line", backlogSecondLineField);
