import {Component, markRaw, onWillStart, useRef, useState} from "@odoo/owl";
import {deserializeDateTime, toLocaleDateTimeString} from "@web/core/l10n/dates";
import {BACKLOG_COLORS} from "@inventory_backlog/backlog_colors";
import {DashboardChart} from "./dashboard_chart";
import {DashboardPeople} from "./dashboard_people";
import {DashboardTile} from "./dashboard_tile";
import {KeepLast} from "@web/core/utils/concurrency";
import {Layout} from "@web/search/layout";
import {_t} from "@web/core/l10n/translation";
import {browser} from "@web/core/browser/browser";
import {formatShortDay} from "./dashboard_formats";
import {registry} from "@web/core/registry";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";
import {useService} from "@web/core/utils/hooks";
import {useSetupAction} from "@web/search/action_hook";
import {user} from "@web/core/user";

/** The backlog at a glance. The server sends figures with what they open; this draws. */
export class BacklogDashboard extends Component {
    static template = "inventory_backlog.Dashboard";
    static components = {DashboardChart, DashboardPeople, DashboardTile, Layout};
    static props = {...standardActionServiceProps};

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        this.keepLast = {
            get_dashboard: new KeepLast(),
            get_trend: new KeepLast(),
            get_cash: new KeepLast(),
            get_salespeople: new KeepLast(),
        };
        // Of this user alone: several people may share a browser.
        this.scopeKey = `inventory_backlog.dashboard.scope.${user.userId}`;
        this.state = useState({
            data: null,
            // Each is asked for apart, after the tiles: null until it is there, false
            // when it could not be read.
            trend: null,
            cash: null,
            salespeople: null,
            isLoading: false,
            hasFailed: false,
        });
        this.scope =
            this.props.state?.scope || browser.localStorage.getItem(this.scopeKey);
        useSetupAction({
            rootRef: useRef("root"),
            getLocalState: () => ({scope: this.scope}),
        });
        onWillStart(() => {
            const loaded = this.load();
            // Who comes back finds the place they left; who comes new sees at once
            // that something happens.
            return this.props.state && loaded;
        });
    }

    /** Asks again for everything. What is shown stays until the answer is there. */
    async load() {
        this.state.isLoading = true;
        this.state.hasFailed = false;
        try {
            const data = await this.loadPage();
            if (data.scope !== this.data?.scope) {
                this.state.trend = this.state.cash = this.state.salespeople = null;
            }
            this.scope = data.scope;
            this.state.data = markRaw(data);
            await Promise.all([
                !data.no_trend && this.loadChart("trend", this.getTrend),
                data.line_count && this.loadChart("cash", this.getCash),
                this.hasPeople && this.loadChart("salespeople", (rows) => rows),
            ]);
        } finally {
            this.state.isLoading = false;
        }
    }

    async loadPage() {
        try {
            return await this.ask("get_dashboard", {charts: false});
        } catch (error) {
            this.state.hasFailed = true;
            throw error;
        }
    }

    /** A part that cannot be read says so in its place; the page stays. */
    async loadChart(name, draw) {
        try {
            const answer = await this.ask(`get_${name}`);
            this.state[name] = markRaw(draw.call(this, answer));
        } catch (error) {
            this.state[name] = false;
            throw error;
        }
    }

    /** The answer that counts is that to the last question. */
    ask(method, kwargs = {}) {
        const args = [this.scope || false];
        return this.keepLast[method].add(
            this.orm.call("backlog.dashboard", method, args, kwargs),
        );
    }

    getTrend({days, series, late, note, action, pace}) {
        const opens = (state) =>
            days.map((day) => action && this.getDayAction(action, day, state));
        return {
            note,
            pace,
            labels: days.map(formatShortDay),
            series: [
                ...series.map((one) => ({
                    ...one,
                    actions: opens([["backlog_state", "=", one.key]]),
                    color: BACKLOG_COLORS[one.key],
                })),
                {...late, actions: opens([]), isLine: true},
            ],
        };
    }

    /** The rows of the history behind one figure of the trend. */
    getDayAction(action, day, state) {
        return {...action, domain: [...action.domain, ["day", "=", day], ...state]};
    }

    getCash({weeks, series, pay, note, actions}) {
        return {
            note,
            labels: weeks.map(({label}) => label),
            series: [
                ...series.map((one, index) => ({
                    ...one,
                    actions: actions?.[index],
                    color: BACKLOG_COLORS[one.key],
                })),
                ...(pay ? [{...pay, color: BACKLOG_COLORS.pay}] : []),
            ],
        };
    }

    get data() {
        return this.state.data;
    }

    get asOf() {
        return toLocaleDateTimeString(deserializeDateTime(this.data.as_of), {
            showSeconds: false,
        });
    }

    /** Others whose lines one can look at, where there are none of one's own. */
    get otherScopes() {
        return this.data.scopes.filter(([scope]) => scope !== this.data.scope);
    }

    selectScope(scope) {
        this.scope = scope;
        browser.localStorage.setItem(this.scopeKey, scope);
        return this.load();
    }

    open(action) {
        return this.action.doAction(action);
    }

    /** Of one's own orders it would be a row of what the tiles say. */
    get hasPeople() {
        return Boolean(this.data.line_count) && this.data.scope !== "mine";
    }

    get texts() {
        return {
            trend: _t("Backlog over time"),
            noTrend: _t("There is no history yet."),
            cash: _t("Cash expected, by week"),
            noCash: _t("No payment is expected from what is open."),
        };
    }
}

registry.category("actions").add("backlog_dashboard", BacklogDashboard);
