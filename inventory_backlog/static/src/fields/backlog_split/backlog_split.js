import {shortDay, shortQuantity} from "../../backlog_formats";
import {_t} from "@web/core/l10n/translation";
import {Component} from "@odoo/owl";

const CLASSES = {
    shipped: "o_backlog_shipped",
    ready: "o_backlog_ready",
    incoming: "o_backlog_incoming",
    incomingLate: "o_backlog_incoming_late",
    toOrder: "o_backlog_to_source",
};

/** What is ready, on its way and to order: a bar, and below it in words. */
export class BacklogSplit extends Component {
    static template = "inventory_backlog.BacklogSplit";
    static props = {
        shipped: {type: Number, optional: true},
        ready: {type: Number, optional: true},
        incoming: {type: Number, optional: true},
        toOrder: {type: Number, optional: true},
        // When the last of what is on its way comes.
        day: {optional: true},
        // Since when a receipt is overdue.
        overdue: {optional: true},
        isLate: {type: Boolean, optional: true},
    };

    get parts() {
        const open = ["ready", "incoming", "toOrder"].filter(
            (key) => this.props[key] > 0,
        );
        return ["shipped", ...open]
            .filter((key) => this.props[key] > 0)
            .map((key) => ({
                key,
                quantity: this.props[key],
                className:
                    CLASSES[
                        key === "incoming" && this.props.isLate ? "incomingLate" : key
                    ],
                text: key === "shipped" ? "" : this.text(key, open.length > 2),
            }));
    }

    /** As short as it must be: all three have to fit. */
    text(key, isShort) {
        const quantity = shortQuantity(this.props[key]);
        if (key === "ready") {
            return _t("%s ready", quantity);
        }
        if (key === "toOrder") {
            return isShort ? _t("%s order", quantity) : _t("%s to order", quantity);
        }
        if (this.props.overdue) {
            return isShort ? _t("%s due", quantity) : _t("%s overdue", quantity);
        }
        return isShort || !this.props.day
            ? _t("%s coming", quantity)
            : `${quantity} → ${shortDay(this.props.day)}`;
    }

    get texts() {
        return this.parts.filter((part) => part.text);
    }

    get words() {
        return this.texts.map((part) => part.text).join(" · ");
    }

    width(part) {
        const total = this.parts.reduce((sum, one) => sum + one.quantity, 0);
        return `width: ${(100 * part.quantity) / total}%`;
    }
}
