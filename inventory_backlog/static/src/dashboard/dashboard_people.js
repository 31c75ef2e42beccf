import {formatFigure, formatShort} from "./dashboard_formats";
import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";

/**
 * What each salesperson has open and late. Every figure opens its lines.
 *
 * The rows are those of `get_salespeople`: null until they are there, false when they
 * could not be read.
 */
export class DashboardPeople extends Component {
    static template = "inventory_backlog.DashboardPeople";
    static props = {
        rows: [Array, Boolean, {value: null}],
        currencyId: {type: [Number, Boolean], optional: true},
        onOpen: Function,
    };

    get columns() {
        return [
            {key: "open", label: _t("Open value")},
            {key: "late", label: _t("Late value"), tone: "o_backlog_late"},
            {
                key: "late",
                label: _t("Late lines"),
                tone: "o_backlog_late",
                isCount: true,
            },
            {key: "risk_all", label: _t("At risk"), tone: "o_backlog_at_risk"},
        ];
    }

    figure(row, column) {
        return row.figures[column.key];
    }

    isEmpty(row, column) {
        return !this.figure(row, column).count;
    }

    shown(row, column) {
        const {count, value} = this.figure(row, column);
        return column.isCount
            ? String(count)
            : formatShort(value, "monetary", this.props.currencyId);
    }

    /** What a screen reader says: which figure of whom, in full. */
    description(row, column) {
        const {count, value} = this.figure(row, column);
        const figure = column.isCount
            ? count
            : formatFigure(value, "monetary", this.props.currencyId);
        return `${row.name}, ${column.label}: ${figure}`;
    }
}
