import {addTour} from "@inventory_backlog/../tests/tours/tours";

function says(content, trigger, ...texts) {
    return {
        content,
        trigger,
        run({anchor}) {
            for (const text of texts) {
                if (!anchor.textContent.includes(text)) {
                    throw new Error(`No ${text} in ${anchor.textContent}`);
                }
            }
        },
    };
}

/** Odoo's popover of a line says what the backlog says, and nothing else. */
addTour("inventory_backlog_availability", {
    steps: () => [
        {
            content: "Ask for the first line",
            trigger: ".o_field_one2many .o_data_row:first .o_backlog_supply",
            run: "click",
        },
        says(
            "The queue is told",
            ".o_popover .o_backlog_availability",
            "Ready2",
            "All of it expected on",
            "After everyone ahead in the queue",
        ),
        {
            content: "Odoo's own words are gone",
            trigger: ".o_popover:not(:contains(Reserved))",
        },
        {
            content: "Close it",
            trigger: ".o_form_sheet h1",
            run: "click",
        },
        {
            content: "Ask for the line that nobody has supply for",
            trigger:
                "body:not(:has(.o_popover)) .o_field_one2many .o_data_row:eq(1) .o_backlog_supply",
            run: "click",
        },
        says(
            "What is to order is told",
            ".o_popover .o_backlog_availability",
            "To order2",
            "Nobody knows yet",
        ),
    ],
});
