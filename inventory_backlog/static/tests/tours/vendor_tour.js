import {addTour} from "@inventory_backlog/../tests/tours/tours";
import {stepUtils} from "@web_tour/tour_utils";

addTour("inventory_backlog_buyer", {
    url: "/odoo",
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            content: "Open the purchase app",
            trigger: ".o_app[data-menu-xmlid='purchase.menu_purchase_root']",
            run: "click",
        },
        {
            content: "Open the menu of orders",
            trigger: "[data-menu-xmlid='purchase.menu_procurement_management']",
            run: "click",
        },
        {
            content: "Open the disruptions",
            trigger: "[data-menu-xmlid='inventory_backlog.backlog_disruption_menu']",
            run: "click",
        },
        {
            content: "Register one",
            trigger: ".o_control_panel:contains(Disruptions) .o-kanban-button-new",
            run: "click",
        },
        {
            content: "Nothing hangs on nobody",
            trigger: ".o_field_backlog_impact:contains(Choose a vendor)",
        },
        {
            content: "Name the vendor",
            trigger: ".o_field_widget[name=partner_id] input",
            run: "edit Tour Main Vendor",
        },
        {
            content: "Choose it",
            trigger: ".o-autocomplete--dropdown-item a:contains(Tour Main Vendor)",
            run: "click",
        },
        {
            content: "Before it is saved: a purchase hangs on it",
            trigger:
                ".o_backlog_tile:contains(open purchase lines):contains(1 not confirmed)",
        },
        {
            content: "A customer waits for the lamp, and there is a backup",
            trigger:
                ".o_backlog_impact tr:contains(Tour Lamp):contains(Tour Backup):contains(Unproven):contains(+4)",
        },
        {
            content: "Nobody else sells the shade",
            trigger: ".o_backlog_impact tr:contains(Tour Shade):contains(No backup)",
        },
        {
            content: "Say why",
            trigger: ".o_field_widget[name=reason] input",
            run: "edit Fire in the warehouse",
        },
        {
            content: "Move what was requested",
            trigger: "button[name=action_move_requests]",
            run: "click",
        },
        {
            content: "The line goes to the backup, at ten more",
            trigger:
                ".modal .o_data_row:contains(Tour Lamp):contains(Tour Backup):contains(10.00)",
        },
        {
            content: "Move it",
            trigger: ".modal button[name=action_move]",
            run: "click",
        },
        {
            content: "The request is with the backup now",
            trigger:
                ".o_form_view .o_field_widget[name=partner_id]:has(input:value(Tour Backup))",
        },
        {
            content: "With the price of the backup",
            trigger:
                ".o_data_row:contains(Tour Lamp) [name=price_unit]:contains(11.00)",
        },
        {
            content: "Nothing is wrong with this vendor",
            trigger: ".o_form_view:not(:has(.alert:contains(is out)))",
        },
    ],
});
