import {Component, useState} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {deserializeDateTime} from "@web/core/l10n/dates";
import {registry} from "@web/core/registry";
import {shortDay} from "../../backlog_formats";
import {standardFieldProps} from "@web/views/fields/standard_field_props";
import {useService} from "@web/core/utils/hooks";

/** What can be promised of a product, and the day for a quantity that is typed in. */
export class BacklogCanPromiseField extends Component {
    static template = "inventory_backlog.BacklogCanPromiseField";
    static props = {...standardFieldProps};

    setup() {
        this.orm = useService("orm");
        this.state = useState({answer: ""});
    }

    get promise() {
        return this.props.record.data[this.props.name];
    }

    async ask(ev) {
        const quantity = Number(ev.target.value);
        if (!(quantity > 0)) {
            this.state.answer = "";
            return;
        }
        const {expected_date: date, overdue_since: overdue} = await this.orm.call(
            "product.product",
            "get_promise",
            [this.promise.product_id, quantity],
        );
        this.state.answer =
            date && !overdue
                ? `→ ${shortDay(deserializeDateTime(date))}`
                : _t("→ no date");
    }
}

export const backlogCanPromiseField = {
    component: BacklogCanPromiseField,
    displayName: _t("What can be promised"),
    supportedTypes: ["json"],
};

registry.category("fields").add("backlog_can_promise", backlogCanPromiseField);
