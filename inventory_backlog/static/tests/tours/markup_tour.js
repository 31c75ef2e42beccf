import {addTour} from "@inventory_backlog/../tests/tours/tours";
import {stepUtils} from "@web_tour/tour_utils";

/** What everything is called, with a word for what it is. */
const NAME = '<img src="x" onerror="window.isHacked = 1">';
const NAMED = ":contains(onerror)";
const KINDS = {
    warehouse_id: "warehouse",
    team_id: "team",
    user_id: "salesperson",
    categ_id: "category",
    vendor_id: "vendor",
    partner_id: "customer",
    order_id: "order",
    product_id: "product",
};

/** The step succeeds when the names can be read there and nothing came of them. */
function shown(content, trigger, kinds = []) {
    return {
        content,
        trigger,
        run({anchor}) {
            const names = kinds.length
                ? kinds.map((kind) => `${NAME} ${kind}`)
                : [NAME];
            for (const name of names) {
                if (!anchor.textContent.includes(name)) {
                    throw new Error(`No ${name} in ${anchor.textContent}`);
                }
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

/** Opens a screen of ours by its action, in groups if there are any. */
function open(action, viewType, groups) {
    return {
        content: `Open ${action}, ${viewType}`,
        trigger: ".o_web_client:not(:has(.modal))",
        run: () =>
            odoo.__WOWL_DEBUG__.root.env.services.action.doAction(
                `inventory_backlog.${action}`,
                {
                    viewType,
                    clearBreadcrumbs: true,
                    additionalContext: groups ? {group_by: groups} : {},
                },
            ),
    };
}

addTour("inventory_backlog_markup", {
    url: "/odoo",
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            content: "Open the backlog app",
            trigger: ".o_app[data-menu-xmlid='inventory_backlog.backlog_menu_root']",
            run: "click",
        },
        shown("The list shows them", `.o_list_view .o_data_row${NAMED}`),
        fits("The longest leaves room for others", ".o_data_row [name=product_id]"),
        {
            content: "Ask why",
            trigger: `.o_data_row${NAMED} [name=open_qty]`,
            run: "click",
        },
        shown("The answer shows them", `.o_backlog_panel${NAMED}`),
        {
            content: "I see",
            trigger: ".o_backlog_panel_close",
            run: "click",
        },
        {
            content: "Switch to the kanban view",
            trigger: "body:not(:has(.o_backlog_panel)) .o_switch_view.o_kanban",
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
        {
            content: "Unfold what nobody sells",
            trigger: ".o_list_view .o_group_header:first",
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

addTour("inventory_backlog_markup_reports", {
    url: "/odoo",
    steps: () => [
        open("backlog_analysis_action", "pivot", Object.keys(KINDS)),
        shown(
            "The pivot of the analysis shows names",
            `.o_pivot table${NAMED}`,
            Object.values(KINDS),
        ),
        open("backlog_analysis_action", "graph", ["partner_id"]),
        {
            content: "Point at the bar, which grows",
            trigger: ".o_graph_renderer canvas",
            async run({hover, waitUntil}) {
                const pointed = () => {
                    hover();
                    return document.querySelector(".o_graph_custom_tooltip");
                };
                await waitUntil(pointed, {timeout: 50000});
            },
        },
        shown("The graph shows them", `.o_graph_custom_tooltip${NAMED}`, ["customer"]),
        open("backlog_analysis_action", "list", ["categ_id"]),
        shown("Groups show them", `.o_list_view .o_group_header${NAMED}`, ["category"]),
        open("backlog_dashboard_action"),
        shown("The overview shows them", `.o_backlog_people${NAMED}`, ["salesperson"]),
        open("backlog_cash_action", "pivot", ["warehouse_id", "team_id", "partner_id"]),
        shown("So does the pivot of cash", `.o_pivot table${NAMED}`, [
            "warehouse",
            "team",
            "customer",
        ]),
        open("backlog_cash_action", "list"),
        shown("And its list", ".o_list_view .o_data_row:contains(product)", [
            "customer",
            "order",
            "product",
        ]),
        open("backlog_snapshot_action", "pivot", ["warehouse_id"]),
        shown("The history shows them", `.o_pivot table${NAMED}`, ["warehouse"]),
        open("backlog_snapshot_action", "list"),
        shown("And its list", `.o_list_view .o_data_row${NAMED}`, ["warehouse"]),
        open("backlog_service_action", "pivot", ["categ_id", "user_id"]),
        shown("The delivery service shows them", `.o_pivot table${NAMED}`, [
            "category",
            "salesperson",
        ]),
        open("backlog_service_action", "list"),
        shown("And its list", ".o_list_view .o_data_row:contains(product)", [
            "order",
            "customer",
            "product",
        ]),
        open("backlog_event_action", "list"),
        shown("Changes of state show them", `.o_list_view .o_data_row${NAMED}`, [
            "order",
            "customer",
            "product",
            "unit",
        ]),
        open("backlog_disruption_action", "calendar"),
        shown("The calendar shows disruptions", `.o_calendar_view .fc-event${NAMED}`),
        open("backlog_disruption_action", "kanban"),
        shown("Cards of disruptions show them", `.o_kanban_record${NAMED}`, [
            "vendor",
            "reason",
            "product",
        ]),
        {
            content: "Open one",
            trigger: `.o_kanban_record${NAMED}`,
            run: "click",
        },
        shown(
            "It shows what hangs on it",
            `.o_form_view .o_backlog_impact tbody${NAMED}`,
            ["product", "unit", "backup"],
        ),
        open("vendor_risk_server_action", "kanban"),
        shown("The vendor risk shows them", `.o_kanban_record${NAMED}`, [
            "product",
            "vendor",
            "backup",
        ]),
        open("vendor_risk_server_action", "list"),
        shown("And its list", `.o_list_view .o_data_row${NAMED}`, [
            "product",
            "vendor",
            "backup",
            "unit",
        ]),
        {
            content: "Open the product",
            trigger: `.o_data_row${NAMED} [name=name]`,
            run: "click",
        },
        shown("It says who is out", `.o_form_view .alert${NAMED}`, [
            "vendor",
            "reason",
            "backup",
        ]),
        {
            content: "Open its vendors",
            trigger: ".o_form_view button[name=action_open_vendors]",
            run: "click",
        },
        shown(
            "Lights stand beside names",
            `.o_list_view .o_data_row:has(.o_backlog_lights)${NAMED}`,
            ["vendor"],
        ),
        open("backlog_report_action", "form"),
        ...["warehouse_id", "user_id", "partner_id"].flatMap((field) => [
            {
                content: `Look for a ${KINDS[field]}`,
                trigger: `.modal [name=${field}] input`,
                run: "edit onerror",
            },
            shown(
                "Those to choose from show them",
                `.o-autocomplete--dropdown-menu:contains(${KINDS[field]})`,
                [KINDS[field]],
            ),
            {
                content: `Choose the ${KINDS[field]}`,
                trigger: `.o-autocomplete--dropdown-item a:contains(${KINDS[field]})`,
                run: "click",
            },
        ]),
        {
            content: "Print nothing",
            trigger: ".modal button:contains(Cancel)",
            run: "click",
        },
        {
            content: "Nothing is left open",
            trigger: "body:not(:has(.modal))",
        },
    ],
});
