import {addTour} from "@inventory_backlog/../tests/tours/tours";

/** *Confirm* asks about a date that cannot be kept, and promises the one that can. */
addTour("inventory_backlog_confirm", {
    steps: () => [
        {
            content: "The banner says when all could leave",
            trigger: ".o_backlog_banner .o_backlog_promise",
        },
        {
            content: "Confirm with the date given",
            trigger: "button[name=action_confirm_or_ask]",
            run: "click",
        },
        {
            content: "The question names the line; go back",
            trigger: ".modal:contains(cannot be kept):contains(Tour Chair) .btn-close",
            run: "click",
        },
        {
            content: "It is a quotation still",
            trigger:
                "body:not(:has(.modal)) .o_statusbar_status .o_arrow_button_current:contains(Quotation)",
        },
        {
            content: "Confirm again",
            trigger: "button[name=action_confirm_or_ask]",
            run: "click",
        },
        {
            content: "Promise the day on which all can leave",
            trigger: ".modal footer button[name=action_promise]",
            run: "click",
        },
        {
            content: "It is an order, and in time: nothing to say",
            trigger:
                "body:not(:has(.o_backlog_banner)) .o_arrow_button_current:contains(Sales Order)",
        },
    ],
});

/** *Move date* shows each line before and after, and moves the purchase. */
addTour("inventory_backlog_move_date", {
    steps: () => [
        {
            content: "Somebody waits for it",
            trigger: ".o_backlog_banner [data-method=action_move_date]",
            run: "click",
        },
        {
            content: "The line that waits is in time as it is",
            trigger: ".modal .o_data_row:not(.text-danger)",
        },
        {
            content: "Open the date",
            trigger: ".modal .o_field_widget[name=date] .o_input",
            run: "click",
        },
        {
            content: "Choose a day too late",
            trigger: ".modal .o_field_widget[name=date] input",
            run: "edit 12/31/2099 && press Tab",
        },
        {
            content: "Its promise would break",
            trigger: ".modal .o_data_row.text-danger:contains(2099)",
        },
        {
            content: "Move it all the same",
            trigger: ".modal footer button[name=action_move]",
            run: "click",
        },
        {
            content: "The banner says so",
            trigger: "body:not(:has(.modal)) .o_backlog_banner.alert-warning",
        },
    ],
});

/** The form of a product says from when a quantity can be had. */
addTour("inventory_backlog_can_promise", {
    steps: () => [
        {
            content: "Some are there; ask for as many",
            trigger: ".o_backlog_can_promise:contains(3 now) input",
            run: "edit 3 && press Tab",
        },
        {
            content: "They can leave today",
            trigger: ".o_backlog_can_promise [role=status]:contains(→)",
        },
        {
            content: "Ask for more than anybody has",
            trigger: ".o_backlog_can_promise input",
            run: "edit 9000 && press Tab",
        },
        {
            content: "Nobody sells it",
            trigger: ".o_backlog_can_promise [role=status]:contains(no date)",
        },
    ],
});
