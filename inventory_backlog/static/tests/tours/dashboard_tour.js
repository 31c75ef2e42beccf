import {addTour} from "@inventory_backlog/../tests/tours/tours";
import {stepUtils} from "@web_tour/tour_utils";

const TILE = ".o_backlog_kpi[data-key=open]";
const BACK = {
    content: "Back to the overview",
    trigger: ".o_back_button a, .breadcrumb-item a:contains(Overview)",
    run: "click",
};

/** The figure that was clicked. */
let total = "";

/** Opens what is behind a figure: so many lines, which add up to it. */
function opens(content, trigger, count) {
    return [
        {
            content,
            trigger,
            run({anchor}) {
                total = anchor.textContent;
                anchor.click();
            },
        },
        {
            content: `Exactly ${count} lines, in the list where one acts on them`,
            trigger: `.o_list_view:has(.o_backlog_verb):has(.o_data_row:eq(${
                count - 1
            })):not(:has(.o_data_row:eq(${count})))`,
        },
        {
            content: "They add up to the figure",
            trigger: ".o_list_view .o_list_footer",
            run({anchor}) {
                if (!anchor.textContent.includes(total)) {
                    throw new Error(`${anchor.textContent} is not ${total}`);
                }
            },
        },
        BACK,
    ];
}

addTour("inventory_backlog_dashboard", {
    url: "/odoo",
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            content: "Open the backlog app: it starts with the open lines",
            trigger: ".o_app[data-menu-xmlid='inventory_backlog.backlog_menu_root']",
            run: "click",
        },
        {
            content: "All of them: whoever sold",
            trigger: ".o_list_view:has(.o_data_row:eq(5))",
        },
        {
            content: "Open the overview",
            trigger: "[data-menu-xmlid='inventory_backlog.backlog_menu_dashboard']",
            run: "click",
        },
        {
            content: "Of all orders",
            trigger: `.o_backlog_dashboard:has([data-scope=all].active) ${TILE}:contains(6 lines)`,
        },
        {
            content: "What does the figure mean?",
            trigger: `${TILE} .o_backlog_explain`,
            run: "click",
        },
        {
            content: "The definition is on screen",
            trigger: `${TILE} .o_backlog_explained:contains(not yet shipped)`,
        },
        ...opens("Open what is open", `${TILE} button.o_backlog_figure`, 6),
        ...opens(
            "Open what is ready",
            ".o_backlog_kpi[data-key=ready] button.o_backlog_figure",
            3,
        ),
        ...opens(
            "Open what a salesperson has open",
            ".o_backlog_people tr:contains(tour_seller) td:eq(0) button",
            2,
        ),
        {
            content: "Of one's own orders there are none",
            trigger: ".o_backlog_scopes [data-scope=mine]",
            run: "click",
        },
        {
            content: "The page says so, and offers the others",
            trigger: ".o_backlog_empty button:contains(All)",
            run: "click",
        },
        {
            content: "The cash as a table",
            trigger: ".o_backlog_charts .o_backlog_as_table",
            run: "click",
        },
        {
            content: "What is ready is paid this week: open it",
            trigger:
                ".o_backlog_charts:has(th:contains(Ready)) tbody tr:first td:eq(0) button",
            run: "click",
        },
        {
            content: "The payments behind the figure",
            trigger: ".o_list_view .o_data_row:contains(Tour Chair)",
        },
        BACK,
        {
            content: "The overview is there again",
            trigger: TILE,
        },
        {
            content: "Reports are under Reporting",
            trigger: "[data-menu-xmlid='inventory_backlog.backlog_menu_reporting']",
            run: "click",
        },
        {
            content: "Look closer",
            trigger: "[data-menu-xmlid='inventory_backlog.backlog_menu_analysis']",
            run: "click",
        },
        {
            content: "The table says how its figures are counted",
            trigger:
                ".o_pivot_view .o_backlog_definitions:contains(net of discount, in the currency)",
        },
        {
            content: "As bars",
            trigger: ".o_switch_view.o_graph",
            run: "click",
        },
        {
            content: "So does the graph",
            trigger:
                ".o_graph_view .o_backlog_definitions:contains(net of discount, in the currency)",
        },
        {
            content: "Open the menu again",
            trigger: "[data-menu-xmlid='inventory_backlog.backlog_menu_reporting']",
            run: "click",
        },
        {
            content: "Print it",
            trigger: "[data-menu-xmlid='inventory_backlog.backlog_menu_report']",
            run: "click",
        },
        {
            content: "As it is proposed",
            trigger: ".modal button[name=action_print]",
            run: "click",
        },
        {
            content: "The wizard closes when the report is there",
            trigger: "body:not(:has(.modal)):not(:has(.o_blockUI)) .o_graph_view",
        },
    ],
});

addTour("inventory_backlog_first_day", {
    url: "/odoo",
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            content: "Open the backlog app",
            trigger: ".o_app[data-menu-xmlid='inventory_backlog.backlog_menu_root']",
            run: "click",
        },
        {
            content: "A product has no vendor",
            trigger:
                ".o_backlog_first_day .o_backlog_check_warn[data-key=no_vendor] button",
            run: "click",
        },
        {
            content: "It is this one",
            trigger: ".o_list_view .o_data_row:contains(Tour Table)",
        },
        {
            content: "Back to the lines",
            trigger: ".o_back_button a, .breadcrumb-item a:contains(Backlog)",
            run: "click",
        },
        {
            content: "Hide the checks",
            trigger: ".o_backlog_first_day .o_backlog_hide",
            run: "click",
        },
        {
            content: "They are gone, the lines are there: show the checks again",
            trigger:
                "body:not(:has(.o_backlog_first_day)):has(.o_data_row) [data-menu-xmlid='inventory_backlog.backlog_menu_configuration']",
            run: "click",
        },
        {
            content: "By the menu",
            trigger: "[data-menu-xmlid='inventory_backlog.backlog_menu_checkup']",
            run: "click",
        },
        {
            content: "They are there, and can be folded",
            trigger: ".o_backlog_first_day .o_backlog_fold[aria-expanded=true]",
            run: "click",
        },
        {
            content: "Only the progress is left",
            trigger:
                ".o_backlog_first_day:not(:has(.o_backlog_checks)) .o_backlog_fold:contains(done)",
        },
    ],
});
