import {addTour} from "@inventory_backlog/../tests/tours/tours";
import {stepUtils} from "@web_tour/tour_utils";

const TILE = ".o_backlog_kpi[data-key=open]";

/** The figure of the tile that was clicked. */
let total = "";

addTour("inventory_backlog_dashboard", {
    url: "/odoo",
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            content: "Open the backlog app: it starts with the dashboard",
            trigger: ".o_app[data-menu-xmlid='inventory_backlog.backlog_menu_root']",
            run: "click",
        },
        {
            content: "Of one's own order: two lines, and nobody else's",
            trigger: `.o_backlog_dashboard:has([data-scope=mine].active) ${TILE}:contains(2 lines)`,
        },
        {
            content: "The other order is nobody's: choose to see it as well",
            trigger: ".o_backlog_scopes [data-scope=all]",
            run: "click",
        },
        {
            content: "It is counted",
            trigger: `${TILE}:contains(4 lines)`,
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
        {
            content: "Open what is behind the figure",
            trigger: `${TILE} button.o_backlog_figure`,
            run({anchor}) {
                total = anchor.textContent;
                anchor.click();
            },
        },
        {
            content: "Exactly these lines",
            trigger: ".o_list_view:has(.o_data_row:eq(3)):not(:has(.o_data_row:eq(4)))",
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
        {
            content: "Back to the dashboard",
            trigger: ".o_back_button a, .breadcrumb-item a:contains(Backlog Dashboard)",
            run: "click",
        },
        {
            content: "It shows what one left",
            trigger: `.o_backlog_dashboard:has([data-scope=all].active) ${TILE}:contains(4 lines)`,
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
        {
            content: "Back again",
            trigger: ".o_back_button a, .breadcrumb-item a:contains(Backlog Dashboard)",
            run: "click",
        },
        {
            content: "Look closer",
            trigger: ".o_backlog_analyse",
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
            content: "And back",
            trigger: ".o_back_button a, .breadcrumb-item a:contains(Backlog Dashboard)",
            run: "click",
        },
        {
            content: "Why is this one late?",
            trigger: ".o_backlog_act:contains(Tour Table) button",
            run: "click",
        },
        {
            content: "Nobody has ordered it",
            trigger: ".modal .o_backlog_why:contains(nobody has ordered supply yet)",
        },
        {
            content: "I see",
            trigger: ".modal .btn-close, .modal button[special=cancel]",
            run: "click",
        },
        {
            content: "Print it",
            trigger: "body:not(:has(.modal)) .o_backlog_print",
            run: "click",
        },
        {
            content: "As it is proposed",
            trigger: ".modal button[name=action_print]",
            run: "click",
        },
        {
            content: "The wizard closes when the report is there",
            trigger:
                "body:not(:has(.modal)):not(:has(.o_blockUI)) .o_backlog_dashboard",
        },
    ],
});
