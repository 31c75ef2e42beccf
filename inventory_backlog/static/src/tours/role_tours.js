import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";

const LIST = ".o_list_view:not(.o_view_sample_data)";

/** Five steps for each role, from the panel above the list. Nothing is changed by them:
 * verbs are shown, not done. */
const open = (content) => ({
    trigger: `${LIST} .o_data_row td[name=product_id]`,
    content,
    tooltipPosition: "bottom",
    run: "click",
});

const close = (content) => ({
    trigger: ".o_backlog_panel .o_backlog_panel_close",
    content,
    tooltipPosition: "left",
    run: "click",
});

const more = (content) => ({
    trigger: `${LIST} .o_data_row .o_backlog_more`,
    content,
    tooltipPosition: "left",
    run: "click",
});

const select = (content) => ({
    trigger: `${LIST} .o_data_row .o_list_record_selector input`,
    content,
    tooltipPosition: "right",
    run: "click",
});

const card = (key, content) => ({
    trigger: `.o_backlog_card[data-card=${key}]`,
    content,
    tooltipPosition: "bottom",
    run: "click",
});

const TOURS = {
    sale: () => [
        open(
            _t(
                "Late lines come first, then those at risk. Click one to see what to do.",
            ),
        ),
        close(
            _t(
                "First comes what helps most, with its button; below it, why. The arrows go to the next line. Close it.",
            ),
        ),
        more(
            _t(
                "The button does the first thing. All else is here: tell the customer, open the order, put it aside.",
            ),
        ),
        select(
            _t("Choose several lines: the buttons above then do it for all of them."),
        ),
        card(
            "late",
            _t("Cards count lines and show them alone. A second click shows all."),
        ),
    ],
    manager: () => [
        open(
            _t(
                "Every line that is not shipped, late ones first. Click one to see what to do.",
            ),
        ),
        close(
            _t(
                "First comes what helps most; below it, what covers the line and who is ahead of it. Close it.",
            ),
        ),
        card(
            "late",
            _t("Cards count lines and show them alone. A second click shows all."),
        ),
        {
            trigger:
                ".o_menu_sections [data-menu-xmlid='inventory_backlog.backlog_menu_dashboard']",
            content: _t("Where the backlog is going, and whose it is: the overview."),
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            trigger: ".o_backlog_kpi[data-key=open] .o_backlog_figure",
            content: _t("Every figure opens the lines that it adds up."),
            tooltipPosition: "bottom",
            run: "click",
        },
    ],
    purchase: () => [
        open(
            _t(
                "What customers wait for and is not in stock. Click a line to see what to do.",
            ),
        ),
        close(
            _t(
                "First comes what helps most, with its button; below it, who else waits. Close it.",
            ),
        ),
        more(
            _t(
                "The button orders, confirms or chases. All else is here: open the supply, put it aside.",
            ),
        ),
        select(
            _t(
                "Choose several lines: what they need is ordered at once, one request per vendor.",
            ),
        ),
        card("to_order_soon", _t("Begin with these: they must be ordered this week.")),
    ],
    stock: () => [
        open(
            _t(
                "What is in stock for a customer, with its transfer. Click a line to see what to do.",
            ),
        ),
        close(
            _t(
                "First comes what helps most, with its button; below it, what covers the line. Close it.",
            ),
        ),
        more(
            _t(
                "The button ships. All else is here: open the transfer, put the line aside.",
            ),
        ),
        select(_t("Choose several lines: they are shipped transfer by transfer.")),
        card("ready_late", _t("Begin with these: they are ready, and late.")),
    ],
};

for (const [role, steps] of Object.entries(TOURS)) {
    registry.category("web_tour.tours").add(`inventory_backlog_tour_${role}`, {steps});
}
