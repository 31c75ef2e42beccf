import {Component, onWillStart, onWillUpdateProps, status, useState} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {BacklogDocument} from "./backlog_document";
import {useBacklogAct} from "./act";
import {useService} from "@web/core/utils/hooks";

/** What can be done about a line, one sentence a step, and below it why it is where it
 * is. It stands beside the list, and fills the form of a line. */
export class BacklogPanel extends Component {
    static template = "inventory_backlog.BacklogPanel";
    static components = {BacklogDocument};
    static props = {
        lineId: Number,
        acted: Function,
        move: {type: Function, optional: true},
        close: {type: Function, optional: true},
        // Changes when the line is to be read again.
        version: {type: Number, optional: true},
    };

    setup() {
        this.orm = useService("orm");
        this.backlog = useBacklogAct();
        this.state = useState({
            data: false,
            problem: "",
            open: {covers: true},
        });
        // Not waited for: the row is marked at once.
        onWillStart(() => {
            this.read(this.props.lineId);
        });
        onWillUpdateProps((next) => {
            const {lineId, version} = this.props;
            if (next.lineId !== lineId || next.version !== version) {
                this.read(next.lineId);
            }
        });
    }

    async read(lineId) {
        this.asked = lineId;
        let [data, problem] = [false, ""];
        try {
            data = await this.orm.silent.call("backlog.line", "get_panel", [lineId]);
        } catch (error) {
            // What the server says, as that the line is not open any more.
            problem = error.data?.message;
            if (!problem) {
                throw error;
            }
        }
        if (this.asked === lineId && status(this) !== "destroyed") {
            Object.assign(this.state, {data, problem});
        }
    }

    get sections() {
        const {why} = this.state.data;
        const ahead = why.queue.reduce(
            (count, queue) => count + queue.rows.length + queue.totals.length,
            0,
        );
        return [
            {
                key: "covers",
                title: _t("What covers it (%s)", why.sources.length),
            },
            {key: "ahead", title: _t("Ahead of it (%s)", ahead)},
            {
                key: "customer",
                title: _t(
                    "Also waiting (%s)",
                    `${why.customer.rows.length}${why.customer.more ? "+" : ""}`,
                ),
            },
            {key: "more", title: _t("In sentences")},
        ];
    }

    toggle(key) {
        this.state.open[key] = !this.state.open[key];
    }

    act(verb) {
        const {lineId} = this.props;
        return this.backlog.act([lineId], verb, () => this.props.acted());
    }
}
