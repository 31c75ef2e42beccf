import {CalendarModel} from "@web/views/calendar/calendar_model";
import {Domain} from "@web/core/domain";
import {calendarView} from "@web/views/calendar/calendar_view";
import {registry} from "@web/core/registry";
import {serializeDate} from "@web/core/l10n/dates";

/** What has no end lasts: it fills the calendar to the last day shown. */
export class BacklogCalendarModel extends CalendarModel {
    computeRangeDomain(data) {
        const {date_stop: stop} = this.meta.fieldMapping;
        const [start, end] = super.computeRangeDomain(data);
        return Domain.and([[start], Domain.or([[end], [[stop, "=", false]]])]).toList();
    }

    normalizeRecord(rawRecord) {
        const {date_stop: stop} = this.meta.fieldMapping;
        return super.normalizeRecord({
            ...rawRecord,
            [stop]: rawRecord[stop] || serializeDate(this.computeRange().end),
        });
    }
}

registry.category("views").add("backlog_calendar", {
    ...calendarView,
    Model: BacklogCalendarModel,
});
