import {Component, onWillStart, onWillUpdateProps, useState} from "@odoo/owl";
import {useBus, useService} from "@web/core/utils/hooks";
import {user} from "@web/core/user";
import {ACTED} from "./act";

// Asked for on its own: what is paid takes longer to find than all other cards.
const SLOW = "paid";

/** Cards above the list: each counts its lines and shows them alone. Their figures are
 * not waited for: the list comes first. */
export class BacklogCards extends Component {
    static template = "inventory_backlog.BacklogCards";
    static props = {list: Object, role: String};

    setup() {
        this.orm = useService("orm");
        this.state = useState({cards: [], slow: []});
        onWillStart(() => {
            this.read();
        });
        onWillUpdateProps(() => {
            this.read();
        });
        useBus(this.props.list.model.bus, ACTED, () => this.read(true));
    }

    get searchModel() {
        return this.env.searchModel;
    }

    get cards() {
        return [...this.state.cards, ...this.state.slow];
    }

    /** The lines of the action, and of "My backlog" while that is on: what a card would
     * show is never narrowed by another card. */
    get domain() {
        const mine = this.isOn("my_backlog") ? [["user_id", "=", user.userId]] : [];
        return [...this.searchModel.globalDomain, ...mine];
    }

    async read(anew = false) {
        if (this.props.list.model.useSampleModel) {
            return;
        }
        const domain = this.domain;
        const key = JSON.stringify(domain);
        if (key === this.key && !anew) {
            return;
        }
        this.key = key;
        const ask = (role) =>
            this.orm.silent.call("backlog.line", "get_cards", [role, domain]);
        ask(this.props.role).then((cards) => {
            this.state.cards = cards;
        });
        if (this.props.role !== "stock" && this.props.role !== "purchase") {
            ask(SLOW).then((cards) => {
                this.state.slow = cards;
            });
        }
    }

    filter(name) {
        return Object.values(this.searchModel.searchItems).find(
            (item) => item.type === "filter" && item.name === name,
        );
    }

    isOn(name) {
        const filter = this.filter(name);
        return Boolean(
            filter &&
            this.searchModel.query.some((one) => one.searchItemId === filter.id),
        );
    }

    /** One card at a time: another one takes its place. */
    toggle(card) {
        const filter = this.filter(card.filter);
        if (!filter) {
            return;
        }
        const others = this.cards.filter(
            (one) => one !== card && this.isOn(one.filter),
        );
        for (const other of others) {
            this.searchModel.toggleSearchItem(this.filter(other.filter).id);
        }
        this.searchModel.toggleSearchItem(filter.id);
    }
}
