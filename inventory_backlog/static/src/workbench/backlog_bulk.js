import {ACTED, useBacklogAct} from "./act";
import {_t} from "@web/core/l10n/translation";
import {Component} from "@odoo/owl";
import {Dropdown} from "@web/core/dropdown/dropdown";
import {DropdownItem} from "@web/core/dropdown/dropdown_item";

// In their order; those of one word stand beside each other.
const VERBS = [
    ["ship", _t("Ship")],
    ["order", _t("Order")],
    ["tell", _t("Tell")],
    ["snooze", _t("Snooze")],
    ["reserve", _t("Reserve")],
    ["ask_purchase", _t("Ask Purchase")],
    ["remind", _t("Remind Purchase")],
    ["ask_warehouse", _t("Ask Warehouse")],
    ["confirm", _t("Confirm request")],
    ["chase", _t("Chase vendor")],
    ["unsnooze", _t("Show again")],
];
const SHOWN = ["ship", "order", "tell", "snooze", "reserve"];

/** The verbs for all chosen rows: each takes those that it fits and says what it left
 * out and why. */
export class BacklogBulk extends Component {
    static template = "inventory_backlog.BacklogBulk";
    static components = {Dropdown, DropdownItem};
    static props = {list: Object};

    setup() {
        this.backlog = useBacklogAct();
    }

    get verbs() {
        const offered = new Set();
        for (const {data} of this.props.list.selection) {
            const {first, rest = []} = data.step || {};
            for (const one of [first, ...rest].filter(Boolean)) {
                offered.add(one.verb);
            }
        }
        return VERBS.filter(([verb]) => offered.has(verb));
    }

    get shown() {
        return this.verbs.filter(([verb]) => SHOWN.includes(verb));
    }

    get others() {
        return this.verbs.filter(([verb]) => !SHOWN.includes(verb));
    }

    async act(verb) {
        const {list} = this.props;
        const ids = await list.getResIds(true);
        await this.backlog.act(ids, verb, async () => {
            await list.load();
            list.model.bus.trigger(ACTED);
        });
    }
}
