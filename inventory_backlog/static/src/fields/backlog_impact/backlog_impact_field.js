import {_t} from "@web/core/l10n/translation";
import {Component} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

const PARITY_CLASSES = {
    main: "text-bg-success",
    at_parity: "text-bg-success",
    below: "text-bg-danger",
    unproven: "text-bg-secondary",
};

/** What hangs on a vendor that is out. The server sends finished texts. */
export class BacklogImpactField extends Component {
    static template = "inventory_backlog.BacklogImpactField";
    static props = {...standardFieldProps};

    get impact() {
        return this.props.record.data[this.props.name];
    }

    get isNothing() {
        return !this.impact.products.length && !this.impact.purchases;
    }

    parityClass(backup) {
        return PARITY_CLASSES[backup.state] || "text-bg-secondary";
    }

    days({days}) {
        return days > 0 ? `+${days}` : `${days}`;
    }
}

export const backlogImpactField = {
    component: BacklogImpactField,
    displayName: _t("What hangs on a disruption"),
    supportedTypes: ["json"],
};

registry.category("fields").add("backlog_impact", backlogImpactField);
