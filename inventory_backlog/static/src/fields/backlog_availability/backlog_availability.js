import {
    QtyAtDatePopover,
    QtyAtDateWidget,
    qtyAtDateWidget,
} from "@sale_stock/widgets/qty_at_date_widget";
import {patch} from "@web/core/utils/patch";

// What the server says of the line, in finished texts; where it says nothing, Odoo's
// figures stand.
qtyAtDateWidget.fieldDependencies.push({name: "backlog_availability", type: "json"});

patch(QtyAtDateWidget.prototype, {
    initCalcData() {
        super.initCalcData();
        const backlog = this.props.record.data.backlog_availability;
        if (backlog) {
            this.calcData.forecasted_issue = backlog.is_alarming;
        }
    },
});

patch(QtyAtDatePopover.prototype, {
    get backlog() {
        return this.props.record.data.backlog_availability;
    },
});
