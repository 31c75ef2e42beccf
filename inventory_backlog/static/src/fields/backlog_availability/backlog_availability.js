import {
    QtyAtDatePopover,
    QtyAtDateWidget,
    qtyAtDateWidget,
} from "@sale_stock/widgets/qty_at_date_widget";
import {_t} from "@web/core/l10n/translation";
import {formatDate} from "@web/core/l10n/dates";
import {formatFloat} from "@web/core/utils/numbers";
import {patch} from "@web/core/utils/patch";

const QUANTITIES = {
    sale: ["backlog_qty", "incoming_qty", "to_source_qty"],
    draft: ["quote_ready_qty", "quote_incoming_qty", "quote_to_source_qty"],
};
const DATES = {
    sale: ["backlog_expected_date", "backlog_overdue_since"],
    draft: ["quote_expected_date", "quote_overdue_since"],
};

qtyAtDateWidget.fieldDependencies.push(
    {name: "open_qty", type: "float"},
    ...Object.values(QUANTITIES).flatMap((names) =>
        names.map((name) => ({name, type: "float"})),
    ),
    ...Object.values(DATES).flatMap((names) =>
        names.map((name) => ({name, type: "datetime"})),
    ),
);

/**
 * What the backlog says of an order line. Odoo's own figures look at the day of the
 * delivery and at no queue, so the two would disagree on one screen.
 *
 * @param {Object} record the order line
 * @returns {Object|null} null where it says nothing: then Odoo's figures stand
 */
function backlogOf({data, fields}) {
    const state = data.state === "sent" ? "draft" : data.state;
    if (!(state in QUANTITIES) || (state === "sale" && !data.open_qty)) {
        return null;
    }
    const [ready, incoming, toSource] = QUANTITIES[state].map((name) => data[name]);
    if (!(ready || incoming || toSource)) {
        return null;
    }
    const [expected, overdue] = DATES[state].map((name) => data[name]);
    const {digits} = fields[QUANTITIES[state][0]];
    return {
        state,
        expected,
        overdue,
        rows: [
            [_t("Ready"), ready, "text-success"],
            [_t("Incoming"), incoming, ""],
            [_t("To source"), toSource, "text-danger"],
        ].map(([label, quantity, className]) => ({
            label,
            text: formatFloat(quantity, {digits, trailingZeros: false}),
            className: quantity ? className : "text-muted",
        })),
        isShort: toSource > 0,
        isLate: Boolean(
            expected &&
            data.scheduled_date &&
            expected.startOf("day") > data.scheduled_date.startOf("day"),
        ),
    };
}

patch(QtyAtDateWidget.prototype, {
    initCalcData() {
        super.initCalcData();
        const backlog = backlogOf(this.props.record);
        if (backlog) {
            this.calcData.forecasted_issue =
                backlog.isShort || backlog.isLate || Boolean(backlog.overdue);
        }
    },
});

patch(QtyAtDatePopover.prototype, {
    get backlog() {
        return backlogOf(this.props.record);
    },
    get backlogUnit() {
        return this.props.record.data.product_uom_id?.display_name;
    },
    get backlogDate() {
        const {state, expected, overdue} = this.backlog;
        if (overdue) {
            return _t("Receipt overdue since %s", formatDate(overdue));
        }
        if (!expected) {
            return _t("Nobody knows yet when all of it can leave");
        }
        const values = {date: formatDate(expected)};
        return state === "sale"
            ? _t("All of it expected on %(date)s", values)
            : _t("All of it could leave on %(date)s", values);
    },
});
