import {_t} from "@web/core/l10n/translation";
import {Component} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

/** A name, and below it in grey a second one: ``options.second`` is its field. */
export class BacklogTwoLinesField extends Component {
    static template = "inventory_backlog.BacklogTwoLinesField";
    static props = {...standardFieldProps, second: {type: String, optional: true}};

    text(name) {
        const value = this.props.record.data[name];
        return (value && (value.display_name || value)) || "";
    }
}

export const backlogTwoLinesField = {
    component: BacklogTwoLinesField,
    displayName: _t("Two lines"),
    supportedTypes: ["many2one", "char"],
    extractProps: ({options}) => ({second: options.second}),
    // A many2one asked for as "many2one" comes with its name.
    fieldDependencies: ({options}) =>
        options.second
            ? [{name: options.second, type: options.second_type || "many2one"}]
            : [],
};

registry.category("fields").add("backlog_two_lines", backlogTwoLinesField);
