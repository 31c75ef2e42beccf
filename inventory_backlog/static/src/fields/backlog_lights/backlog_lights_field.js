import {_t} from "@web/core/l10n/translation";
import {Component} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

const CRITERION_ICONS = {
    quality: "fa-star",
    on_time: "fa-clock-o",
    lead_time: "fa-truck",
    price: "fa-tag",
};
const LIGHT_ICONS = {ok: "fa-check", below: "fa-arrow-down", unknown: "fa-question"};
const LIGHT_LABELS = {
    ok: _t("within the tolerance"),
    below: _t("below"),
    unknown: _t("unknown"),
};

/** How a vendor does beside the main one: a light per criterion, the figures when
 * pointing at it. */
export class BacklogLights extends Component {
    static template = "inventory_backlog.BacklogLights";
    static props = {
        lights: Object,
        labels: {type: Boolean, optional: true},
    };

    get rows() {
        return this.props.lights.rows.map((row) => ({
            ...row,
            criterionIcon: CRITERION_ICONS[row.name],
            lightIcon: LIGHT_ICONS[row.light],
            className: `o_backlog_light_${row.light}`,
            state: LIGHT_LABELS[row.light],
            text: `${row.label}: ${row.value} ${LIGHT_LABELS[row.light]}`,
        }));
    }

    get info() {
        return JSON.stringify({...this.props.lights, rows: this.rows});
    }

    get spoken() {
        const {title, sample} = this.props.lights;
        return [title, ...this.rows.map((row) => row.text), sample].join(". ");
    }
}

/** The lights of a vendor line. */
export class BacklogLightsField extends Component {
    static template = "inventory_backlog.BacklogLightsField";
    static components = {BacklogLights};
    static props = {
        ...standardFieldProps,
        labels: {type: Boolean, optional: true},
    };

    get lights() {
        return this.props.record.data[this.props.name];
    }

    get isOut() {
        return this.props.record.data.is_disrupted;
    }
}

export const backlogLightsField = {
    component: BacklogLightsField,
    displayName: _t("Vendor lights"),
    supportedTypes: ["json"],
    supportedOptions: [
        {label: _t("Name the criteria"), name: "labels", type: "boolean"},
    ],
    extractProps: ({options}) => ({labels: Boolean(options.labels)}),
    fieldDependencies: [{name: "is_disrupted", type: "boolean"}],
};

registry.category("fields").add("backlog_lights", backlogLightsField);
