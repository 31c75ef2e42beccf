import {Component, markRaw, onWillDestroy, onWillStart, useState} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {browser} from "@web/core/browser/browser";
import {session} from "@web/session";
import {useService} from "@web/core/utils/hooks";

/** How often it looks whether the figures are prepared, in milliseconds. */
const PATIENCE = 15000;

const STATES = {
    ok: {icon: "fa-check-circle", label: _t("Right")},
    warn: {icon: "fa-exclamation-circle", label: _t("To put right")},
    ask: {icon: "fa-question-circle", label: _t("To decide")},
    off: {icon: "fa-circle-o", label: _t("Not set up")},
};

/**
 * What makes the figures right, above the open lines: for backlog administrators, until
 * they hide it. Everybody sees that figures are being prepared, and is offered the tour
 * of their work once. The list does not wait for it.
 */
export class FirstDay extends Component {
    static template = "inventory_backlog.FirstDay";
    static props = {
        // Whose list it is; by default that of the user.
        role: {type: String, optional: true},
        // Whether there is no line that a tour could point at.
        isEmpty: {type: Boolean, optional: true},
    };

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        this.tours = useService("tour_service");
        this.ui = useService("ui");
        // On a phone the lines come first.
        this.state = useState({data: null, isOpen: !this.ui.isSmall});
        onWillStart(() => {
            this.load();
        });
        onWillDestroy(() => browser.clearTimeout(this.timer));
    }

    async load() {
        const data = await this.orm.silent.call("backlog.checkup", "get_checks", [
            this.props.role || false,
        ]);
        this.state.data = markRaw(data);
        if (data.notice) {
            browser.clearTimeout(this.timer);
            this.timer = browser.setTimeout(() => this.load(), PATIENCE);
        }
    }

    get data() {
        return this.state.data;
    }

    get progress() {
        return _t("%(done)s of %(all)s done", {
            done: this.data.checks.filter(({state}) => state === "ok").length,
            all: this.data.checks.length,
        });
    }

    /** It shows the list with its panel, which a phone has not. */
    get hasTour() {
        return !this.props.isEmpty && !this.ui.isSmall;
    }

    /** Who has the checks finds the tour there. */
    get isTourOffered() {
        const {tour, shown, notice} = this.data;
        return this.hasTour && tour.is_new && !shown && !notice;
    }

    icon({state}) {
        return STATES[state].icon;
    }

    label({state}) {
        return STATES[state].label;
    }

    toggle() {
        this.state.isOpen = !this.state.isOpen;
    }

    open({action}) {
        return this.action.doAction(action);
    }

    async hide() {
        await this.orm.call("backlog.checkup", "hide");
        this.state.data = markRaw({...this.data, shown: false});
    }

    async takeTour() {
        const {name, message} = this.data.tour;
        const hadTours = session.tour_enabled;
        await this.tours.startTour(name, {
            mode: "manual",
            fromDB: true,
            redirect: false,
            rainbowManMessage: message,
        });
        if (!hadTours) {
            // Odoo switches tours on, and would go on with those of its other apps.
            await this.orm.call("res.users", "switch_tour_enabled", [false]);
        }
        this.leaveTour();
    }

    async declineTour() {
        await this.orm.call("web_tour.tour", "consume", [this.data.tour.name]);
        this.leaveTour();
    }

    leaveTour() {
        this.state.data = markRaw({
            ...this.data,
            tour: {...this.data.tour, is_new: false},
        });
    }
}
