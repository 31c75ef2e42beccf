import {addTour} from "@inventory_backlog/../tests/tours/tours";
import {stepUtils} from "@web_tour/tour_utils";

const group = (name) => `.o_group_header:contains(${name})`;
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
            content: "Open the menu of the gear",
            trigger:
                ".o_control_panel:has(.o_breadcrumb:contains(Reorder Suggestions)) .o_cp_action_menus button",
            run: "click",
        },
        {
            content: "Look at everything again",
            trigger: ".o_backlog_update",
            run: "click",
        },
        {
            content: "It says what it found",
            trigger: ".o_notification:contains(New:)",
        },
        {
            content: "What nobody sells comes first, with a button to choose who does",
            trigger:
                ".o_group_header:first:contains(No vendor) button[name=action_open_vendors]",
        },
        {
            content: "Unfold the vendor",
            trigger: `${group("Tour Main Vendor")}:contains(order by)`,
            run: "click",
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
            trigger: group("Tour Backup"),
        },
        {
            content: "Order all of the other vendor",
            trigger: `${group("Tour Main Vendor")} button[name=action_order]`,
            run: "click",
        },
        {
            content: "Undo it",
            trigger: ".o_notification:contains(written) button:contains(Undo)",
            run: "click",
        },
        {
            content: "It says so",
            trigger: ".o_notification:contains(Undone: 1)",
        },
        {
            content: "Unfold the backup",
            trigger: group("Tour Backup"),
            run: "click",
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
            content: "Edit the quantity of both",
            trigger: `${card("Tour Shade")} [name=suggested_qty]`,
            run: "click",
        },
        {
            content: "Write another one, with the keyboard",
            trigger: `${card("Tour Shade")} [name=suggested_qty] input`,
            run: "edit 6 && press Enter",
        },
        {
            content: "Of both",
            trigger: ".modal .btn-primary",
            run: "click",
        },
        {
            content: "Both have it, order them",
            trigger: `.o_list_view:has(${card("Tour Lamp")}:contains(6)):has(${card("Tour Shade")}:contains(6)) .o_control_panel button[name=action_order]`,
            run: "click",
        },
        {
            content: "Requests came out",
            trigger: ".o_notification:contains(written)",
        },
        {
            content: "Look for what was ordered",
            trigger: ".o_searchview_facet:contains(Proposed) .o_facet_remove",
            run: "click",
        },
        {
            content: "Open the menu of the filters",
            trigger: ".o_searchview_dropdown_toggler",
            run: "click",
        },
        {
            content: "Ordered today",
            trigger: ".o_filter_menu .o_menu_item:contains(Ordered Today)",
            run: "click",
        },
        {
            content: "Look at the list again",
            trigger:
                ".o_searchview_facet:contains(Ordered Today) ~ .o_searchview_input_container input, .o_searchview_input",
            run: "press Escape",
        },
        {
            content: "Open the lamp, which has an undo of its own",
            trigger: `${card("Tour Lamp")}:has(button[name=action_take_back]) [name=product_id]`,
            run: "click",
        },
        {
            content: "The request is there",
            trigger:
                ".o_field_widget[name=purchase_line_ids] .o_data_row:contains(Tour Backup)",
        },
        {
            content: "Undo it with the keyboard",
            trigger: ".o_form_view button[name=action_take_back]:visible",
            run: "press alt+u",
        },
        {
            content: "It is proposed again",
            trigger: ".o_form_view button[name=action_order]:visible",
        },
    ],
});
