import {QtyAtDateWidget, qtyAtDateWidget} from "@sale_stock/widgets/qty_at_date_widget";
import {_t} from "@web/core/l10n/translation";
import {BacklogSplit} from "../backlog_split/backlog_split";
import {registry} from "@web/core/registry";
import {saleOrderLineProductField} from "@sale/js/sale_product_field";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

/** What covers a line of an order, or would cover one of a quotation. It takes the
 * place of Odoo's forecast icon, and opens its window. */
export class BacklogSupplyField extends QtyAtDateWidget {
    static template = "inventory_backlog.BacklogSupplyField";
    static components = {...QtyAtDateWidget.components, BacklogSplit};
    static props = {...standardFieldProps};

    get split() {
        const {data} = this.props.record;
        if (["draft", "sent"].includes(data.state)) {
            return {
                ready: data.quote_ready_qty,
                incoming: data.quote_incoming_qty,
                toOrder: data.quote_to_source_qty,
                day: data.quote_expected_date,
                overdue: data.quote_overdue_since,
            };
        }
        return {
            shipped: data.open_qty ? data.qty_delivered : 0,
            ready: data.backlog_qty,
            incoming: data.incoming_qty,
            toOrder: data.to_source_qty,
            day: data.backlog_expected_date,
            overdue: data.backlog_overdue_since,
        };
    }
}

// Where there is no room names of products are cut before prices are pushed out.
saleOrderLineProductField.listViewWidth = [170, 400];

const dependency = (type) => (name) => ({name, type});

export const backlogSupplyField = {
    component: BacklogSupplyField,
    displayName: _t("Supply of an order line"),
    supportedTypes: ["selection"],
    // Where there is no room the bar alone stays; its words are its title.
    listViewWidth: [72, 140],
    fieldDependencies: [
        ...qtyAtDateWidget.fieldDependencies,
        ...[
            "backlog_qty",
            "incoming_qty",
            "open_qty",
            "qty_delivered",
            "quote_incoming_qty",
            "quote_ready_qty",
            "quote_to_source_qty",
            "to_source_qty",
        ].map(dependency("float")),
        ...[
            "backlog_expected_date",
            "backlog_overdue_since",
            "quote_expected_date",
            "quote_overdue_since",
        ].map(dependency("datetime")),
    ],
};

registry.category("fields").add("backlog_supply", backlogSupplyField);
