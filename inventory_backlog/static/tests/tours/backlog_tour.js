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
            content: "Ask why",
            trigger: ".o_data_row:contains(Tour Table) button[name=action_why]",
            run: "click",
        },
        {
            content: "Nobody has ordered it",
            trigger: ".modal .o_backlog_why:contains(nobody has ordered supply yet)",
        },
        {
            content: "Open the order",
            trigger: ".modal button[name=action_open_order]",
            run: "click",
        },
        {
            content: "The order says it too",
            trigger: ".o_form_view .alert:contains(Nobody has ordered supply yet)",
        },
        {
            content: "Go back",
            trigger: ".breadcrumb-item:contains(Backlog), .o_back_button",
            run: "click",
        },
        {
            content: "Switch to the kanban view",
            trigger: ".o_switch_view.o_kanban",
            run: "click",
        },
        {
            content: "The column to order holds the line",
            trigger:
                ".o_kanban_group:contains(to order) .o_kanban_record:contains(Tour Table)",
        },
        {
            content: "Empty columns are there too",
            trigger: ".o_kanban_group:contains(Partly ready)",
        },
    ],
});
