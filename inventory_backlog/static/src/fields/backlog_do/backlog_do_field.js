import {_t} from "@web/core/l10n/translation";
import {Component} from "@odoo/owl";
import {Dropdown} from "@web/core/dropdown/dropdown";
import {DropdownItem} from "@web/core/dropdown/dropdown_item";
import {readAgain, useBacklogAct} from "../../workbench/act";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

/** What the user can do about the line: one button, and a menu with the rest. */
export class BacklogDoField extends Component {
    static template = "inventory_backlog.BacklogDoField";
    static components = {Dropdown, DropdownItem};
    static props = {...standardFieldProps};

    setup() {
        this.backlog = useBacklogAct();
    }

    get step() {
        return this.props.record.data[this.props.name] || {first: false, rest: []};
    }

    act(verb) {
        const {record} = this.props;
        return this.backlog.act([record.resId], verb, () => readAgain(record));
    }
}

export const backlogDoField = {
    component: BacklogDoField,
    displayName: _t("What to do"),
    supportedTypes: ["json"],
    label: false,
};

registry.category("fields").add("backlog_do", backlogDoField);
