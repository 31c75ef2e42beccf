import {addTour} from "@inventory_backlog/../tests/tours/tours";
import {stepUtils} from "@web_tour/tour_utils";

const card = (name) => `.o_data_row:contains(${name})`;

addTour("inventory_backlog_suggestions", {
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
            content: "Open the reorder suggestions",
            trigger:
                "[data-menu-xmlid='inventory_backlog.backlog_suggestion_menu_purchase']",
            run: "click",
        },
        {
            content: "Look at everything again",
            trigger: ".o_control_panel button[name=action_update]",
            run: "click",
        },
        {
            content: "It says what it found",
            trigger: ".o_notification:contains(New:)",
        },
        {
            content: "Open one",
            trigger: `${card("Tour Lamp")} [name=product_id]`,
            run: "click",
        },
        {
            content: "It says why",
            trigger: ".o_form_view .alert:contains(Short 4):contains(Tour Main Vendor)",
        },
        {
            content: "And for whom",
            trigger: ".o_field_widget[name=line_ids] .o_data_row:contains(Tour)",
        },
        {
            content: "The main vendor is chosen",
            trigger:
                ".o_backlog_options tr:contains(Tour Main Vendor):contains(Chosen)",
        },
        {
            content: "Compare, and choose the other one",
            trigger: ".o_backlog_options tr:contains(Tour Backup) button",
            run: "click",
        },
        {
            content: "It is bought from there",
            trigger: ".o_backlog_options tr:contains(Tour Backup):contains(Chosen)",
        },
        {
            content: "Go back",
            trigger: ".o_breadcrumb .o_back_button",
            run: "click",
        },
        {
            content: "The list says so",
            trigger: `${card("Tour Lamp")}:contains(Tour Backup)`,
        },
        {
            content: "Select the lamp",
            trigger: `${card("Tour Lamp")} .o_list_record_selector input`,
            run: "click",
        },
        {
            content: "Select the shade",
            trigger: `${card("Tour Shade")} .o_list_record_selector input`,
            run: "click",
        },
        {
            content: "Create requests of both",
            trigger: ".o_control_panel button[name=action_open_requests]",
            run: "click",
        },
        {
            content: "Both are there, from their vendors",
            trigger:
                ".modal .o_data_row:contains(Tour Shade):contains(Tour Main Vendor)",
        },
        {
            content: "Confirm",
            trigger:
                ".modal:has(.o_data_row:contains(Tour Lamp):contains(Tour Backup)) button[name=action_confirm]:visible",
            run: "click",
        },
        {
            content: "A request for each vendor came out",
            trigger:
                ".o_list_view:has(.o_data_row:contains(Tour Backup)) .o_data_row:contains(Tour Main Vendor)",
        },
        {
            content: "Go back to the suggestions",
            trigger: ".o_breadcrumb a:contains(Reorder Suggestions)",
            run: "click",
        },
        {
            content: "The request waits to be confirmed, nothing is left to buy",
            trigger: `.o_list_view:not(:has(${card("Tour Lamp")}:contains(Buy))) ${card("Tour Lamp")}:contains(Confirm)`,
        },
        {
            content: "Look for what is under way",
            trigger: ".o_searchview_facet:contains(Proposed) .o_facet_remove",
            run: "click",
        },
        {
            content: "Open the lamp",
            trigger: `${card("Tour Lamp")}:contains(Under way) [name=product_id]`,
            run: "click",
        },
        {
            content: "The request is there",
            trigger:
                ".o_field_widget[name=purchase_line_ids] .o_data_row:contains(Tour Backup)",
        },
        {
            content: "Undo it",
            trigger: "button[name=action_undo]",
            run: "click",
        },
        {
            content: "It is proposed again",
            trigger: ".o_form_view button[name=action_open_accept]:visible",
        },
    ],
});
