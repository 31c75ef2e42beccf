import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";

/** What products, customers, vendors, orders and reasons are called. */
const NAME = '<img src="x" onerror="window.isHacked = 1">';
const NAMED = ":contains(onerror)";

/** The step succeeds when the name can be read there and nothing came of it. */
function shown(content, trigger) {
    return {
        content,
        trigger,
        run({anchor}) {
            if (!anchor.textContent.includes(NAME)) {
                throw new Error(`No name in ${anchor.textContent}`);
            }
            if (window.isHacked || document.querySelector("img[src=x]")) {
                throw new Error("A name was taken for markup");
            }
        },
    };
}

/** The step succeeds when the longest name takes no more room than others. */
function fits(content, trigger) {
    return {
        content,
        trigger: `${trigger}:contains(LLLLL)`,
        run({anchor}) {
            const {offsetHeight: height, offsetWidth: width} = anchor;
            if (height > 300 || width > 500) {
                throw new Error(`The name makes it ${height} high and ${width} wide`);
            }
        },
    };
}

registry.category("web_tour.tours").add("inventory_backlog_markup", {
    url: "/odoo",
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            content: "Open the backlog app",
            trigger: ".o_app[data-menu-xmlid='inventory_backlog.backlog_menu_root']",
            run: "click",
        },
        shown("The dashboard shows names", `.o_backlog_act${NAMED}`),
        {
            content: "Open the list",
            trigger: "[data-menu-xmlid='inventory_backlog.backlog_menu_line']",
            run: "click",
        },
        shown("The list shows them", `.o_list_view .o_data_row${NAMED}`),
        fits("The longest leaves room for others", ".o_data_row [name=product_id]"),
        {
            content: "Ask why",
            trigger: `.o_data_row${NAMED} button[name=action_why]`,
            run: "click",
        },
        shown("The answer shows them", `.modal:has(.o_backlog_why)${NAMED}`),
        {
            content: "I see",
            trigger: ".modal .btn-close",
            run: "click",
        },
        {
            content: "Switch to the kanban view",
            trigger: "body:not(:has(.modal)) .o_switch_view.o_kanban",
            run: "click",
        },
        shown("Cards show them", `.o_kanban_record${NAMED}`),
        fits("The longest fits a card", ".o_kanban_record"),
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
        shown("Suggestions show names", `.o_list_view .o_data_row${NAMED}`),
        {
            content: "Open one",
            trigger: `.o_data_row${NAMED} [name=product_id]`,
            run: "click",
        },
        shown("It says for whom", `.o_form_view [name=line_ids] .o_data_row${NAMED}`),
        shown("And from whom", `.o_form_view .o_backlog_options${NAMED}`),
        {
            content: "Dismiss it",
            trigger: ".o_form_view button[name=action_open_dismiss]",
            run: "click",
        },
        {
            content: "For such a reason",
            trigger: ".modal [name=reason] input",
            run: `edit ${NAME}`,
        },
        {
            content: "Confirm",
            trigger: ".modal button[name=action_dismiss]:visible",
            run: "click",
        },
        shown(
            "The reason is shown",
            `body:not(:has(.modal)) .o_form_view:contains(Dismissed: <img)${NAMED}`,
        ),
    ],
});
