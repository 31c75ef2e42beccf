import {deserializeDate, deserializeDateTime, formatDate} from "@web/core/l10n/dates";
import {
    formatFloat,
    formatMonetary,
    formatPercentage,
} from "@web/views/fields/formatters";
import {_t} from "@web/core/l10n/translation";

/** From here on the last digits no longer fit, and no longer matter at a glance. */
const LARGE = 100000;

/** What stands where there is no data: never a zero. */
const NO_DATA = "–";

const FIGURES = {
    monetary: (value, currencyId) => formatMonetary(value, {currencyId}),
    weeks: (value) => _t("%s weeks", formatFloat(value, {digits: [16, 1]})),
    ratio: (value) => formatFloat(value, {digits: [16, 2]}),
};

/** A figure in full, by its kind. */
export function formatFigure(value, kind, currencyId) {
    return value === false ? NO_DATA : FIGURES[kind](value, currencyId);
}

/** A figure at a glance: large amounts in thousands or millions. */
export function formatShort(value, kind, currencyId) {
    if (kind !== "monetary" || value === false || Math.abs(value) < LARGE) {
        return formatFigure(value, kind, currencyId);
    }
    return formatMonetary(value, {currencyId, humanReadable: true, digits: [16, 1]});
}

/** An amount on the axis of a chart, without digits that say nothing. */
export function formatAxis(value, currencyId) {
    const humanReadable = Math.abs(value) >= 1000;
    const unit = Math.abs(value) >= 1000000 ? 1000000 : 1000;
    const decimals = humanReadable && !Number.isInteger(value / unit) ? 1 : 0;
    return formatMonetary(value, {currencyId, humanReadable, digits: [16, decimals]});
}

/** A share from 0 to 100. */
export function formatPercent(value) {
    return formatPercentage(value / 100, {digits: [16, 1]});
}

/** The day of a date, or of a moment in the time zone of the user. */
export function formatDay(value) {
    if (!value) {
        return "";
    }
    return formatDate(
        value.length > 10 ? deserializeDateTime(value) : deserializeDate(value),
    );
}

/** A day without its year, for the axis of a chart. */
export function formatShortDay(value) {
    return deserializeDate(value).toLocaleString({day: "numeric", month: "short"});
}
