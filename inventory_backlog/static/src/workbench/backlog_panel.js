import {Component, onWillStart, onWillUpdateProps, useState} from "@odoo/owl";
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
            gone: "",
            open: {covers: true},
        });
        onWillStart(() => this.read(this.props.lineId));
        onWillUpdateProps(async (next) => {
            const {lineId, version} = this.props;
            if (next.lineId !== lineId || next.version !== version) {
                await this.read(next.lineId);
            }
        });
    }

    async read(lineId) {
        this.asked = lineId;
        try {
            const data = await this.orm.silent.call("backlog.line", "get_panel", [
                lineId,
            ]);
            if (this.asked === lineId) {
                Object.assign(this.state, {data, gone: ""});
            }
        } catch {
            if (this.asked === lineId) {
                this.state.data = false;
                this.state.gone = _t("This line is not open any more.");
            }
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
        return this.backlog.act([lineId], verb, async () => {
            await this.props.acted();
            await this.read(lineId);
        });
    }
}
