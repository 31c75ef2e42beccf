import {_t} from "@web/core/l10n/translation";
import {formatFloat} from "@web/views/fields/formatters";

const {DateTime} = luxon;

/** "Nov 23", with the year only if it is another one. */
export function shortDay(date) {
    const year = date.year === DateTime.now().year ? {} : {year: "numeric"};
    return date.toLocaleString({month: "short", day: "numeric", ...year});
}

/** A quantity without the zeros at its end. */
export function shortQuantity(quantity) {
    return formatFloat(quantity, {trailingZeros: false});
}

/** How late: "+8d". */
export function daysLate(days) {
    return days ? _t("+%sd", days) : "";
}
