import {_t} from "@web/core/l10n/translation";
import {Component, useState} from "@odoo/owl";
import {DateTimeInput} from "@web/core/datetime/datetime_input";
import {Dialog} from "@web/core/dialog/dialog";
import {serializeDate} from "@web/core/l10n/dates";
import {shortDay} from "../backlog_formats";

const {DateTime} = luxon;
const MONDAY = 1;

/** The days that are offered: tomorrow, the next Monday, in a week. */
export function daysToSnooze(today = DateTime.now().startOf("day")) {
    const monday = today.plus({days: ((MONDAY + 6 - today.weekday) % 7) + 1});
    return [
        {key: "tomorrow", label: _t("Tomorrow"), day: today.plus({days: 1})},
        {key: "monday", label: _t("Monday"), day: monday},
        {key: "week", label: _t("In a week"), day: today.plus({days: 7})},
    ];
}

/** Until when lines are put aside. */
export class SnoozeDialog extends Component {
    static template = "inventory_backlog.SnoozeDialog";
    static components = {DateTimeInput, Dialog};
    static props = {close: Function, count: Number, snooze: Function};

    setup() {
        this.days = daysToSnooze();
        this.state = useState({day: false});
        this.shortDay = shortDay;
    }

    get title() {
        return this.props.count === 1
            ? _t("Snooze this line")
            : _t("Snooze %s lines", this.props.count);
    }

    get tomorrow() {
        return this.days[0].day;
    }

    async snooze(day) {
        this.props.close();
        await this.props.snooze(serializeDate(day));
    }
}
