import {formatDay, formatFigure} from "./dashboard_formats";
import {Component} from "@odoo/owl";
import {SIZES} from "@web/core/ui/ui_service";
import {_t} from "@web/core/l10n/translation";
import {useService} from "@web/core/utils/hooks";

/** The lines to act on first: a table, or cards where it has no room. */
export class DashboardLines extends Component {
    static template = "inventory_backlog.DashboardLines";
    static props = {
        lines: {type: Array, element: Object},
        onOpen: Function,
        onOpenAll: {type: Function, optional: true},
    };

    setup() {
        this.ui = useService("ui");
    }

    get areCards() {
        return this.ui.size < SIZES.LG;
    }

    value(line) {
        return formatFigure(line.value, "monetary", line.currency_id);
    }

    promise(line) {
        return formatDay(line.promise);
    }

    expected(line) {
        if (line.overdue_since) {
            return _t("Overdue since %s", formatDay(line.overdue_since));
        }
        return formatDay(line.expected) || _t("Not known");
    }

    daysLate({days_late: days, days_passed: passed}) {
        if (passed > 0 && days > passed) {
            return _t("%(passed)s days late, %(days)s when it leaves", {passed, days});
        }
        return days === 1 ? _t("1 day late") : _t("%s days late", days);
    }

    /** As in the lists: what comes after the promise is orange. */
    stateClass(line) {
        return line.state === "incoming" && (line.late || line.at_risk)
            ? "o_backlog_incoming_late"
            : `o_backlog_${line.state}`;
    }

    lateClass(line) {
        return {"text-danger": line.late, "text-warning": line.at_risk};
    }
}
