import {addTour} from "@inventory_backlog/../tests/tours/tours";
import {stepUtils} from "@web_tour/tour_utils";

addTour("inventory_backlog_salesperson", {
    url: "/odoo",
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            content: "Open the sales app",
            trigger: ".o_app[data-menu-xmlid='sale.sale_menu_root']",
            run: "click",
        },
        {
            content: "Open the menu of orders",
            trigger: "[data-menu-xmlid='sale.sale_order_menu']",
            run: "click",
        },
        {
            content: "Open the backlog",
            trigger: "[data-menu-xmlid='inventory_backlog.backlog_menu_sale']",
            run: "click",
        },
        {
            content: "The line that is ready is there",
            trigger: ".o_list_view .o_data_row:contains(Tour Chair)",
        },
        {
            content: "Open the filters",
            trigger: ".o_searchview_dropdown_toggler",
            run: "click",
        },
        {
            content: "Filter what is to order",
            trigger: ".o_filter_menu .dropdown-item:contains(To Order)",
            run: "click",
        },
        {
            content: "Only the line to order is left",
            trigger: ".o_list_view:not(:has(.o_data_row:contains(Tour Chair)))",
        },
        {
            content: "Open the line",
            trigger: ".o_data_row:contains(Tour Table) [name=product_id]",
            run: "click",
        },
        {
            content: "Nobody has ordered it: ask those who buy",
            trigger: ".o_backlog_panel:contains(Tour Table) [data-verb=ask_purchase]",
            run: "click",
        },
        {
            content: "It was asked",
            trigger: ".o_backlog_panel:contains(Asked just now)",
        },
        {
            content: "Take it back by the key",
            trigger: ".o_notification button:contains(Undo)",
            run: "press u",
        },
        {
            content: "Nobody was asked",
            trigger: ".o_backlog_panel:contains(Tour Table) [data-verb=ask_purchase]",
        },
        {
            content: "Close the panel",
            trigger: ".o_backlog_panel_close",
            run: "click",
        },
        {
            content: "Put the line aside by its menu",
            trigger:
                ".o_list_view:not(:has(.o_backlog_panel)) .o_data_row .o_backlog_more",
            run: "click",
        },
        {
            content: "Snooze",
            trigger: ".o-dropdown-item[data-verb=snooze]",
            run: "click",
        },
        {
            content: "Until Monday",
            trigger: ".modal [data-until=monday]",
            run: "click",
        },
        {
            content: "It was put aside",
            trigger: ".o_notification:has(button:contains(Undo))",
        },
        {
            content: "Open the order",
            trigger: "body:not(:has(.modal)) .o_data_row .o_backlog_more",
            run: "click",
        },
        {
            content: "By the menu",
            trigger: ".o-dropdown-item[data-verb=open_order]",
            run: "click",
        },
        {
            content: "The order says it too",
            trigger: ".o_form_view .o_backlog_supply:contains(2 to order)",
        },
        {
            content: "Go back",
            trigger: ".breadcrumb-item:contains(Backlog), .o_back_button",
            run: "click",
        },
        {
            content: "Show what is ready by its card",
            trigger: ".o_backlog_card[data-card=some_ready]",
            run: "click",
        },
        {
            content: "The chair is there again",
            trigger: ".o_data_row:contains(Tour Chair)",
        },
        {
            content: "Switch to the kanban view",
            trigger: ".o_switch_view.o_kanban",
            run: "click",
        },
        {
            content: "A card has what can be done",
            trigger: ".o_kanban_record:contains(Tour Chair) .o_backlog_verb",
        },
    ],
});
