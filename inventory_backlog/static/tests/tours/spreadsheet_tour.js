import {addTour} from "@inventory_backlog/../tests/tours/tours";

/** Of each chart: ``{label: colour}``. */
function chartColors() {
    return [...document.querySelectorAll(".o-figure canvas")]
        .map((canvas) => window.Chart?.getChart(canvas)?.data.datasets)
        .filter((datasets) => datasets?.length)
        .map((datasets) =>
            Object.fromEntries(
                datasets.map(({label, backgroundColor}) => [label, backgroundColor]),
            ),
        );
}

addTour("inventory_backlog_spreadsheet", {
    steps: () => [
        {
            content: "A state has its colour where it is a series, not on an axis",
            trigger: ".o-figure canvas",
            async run({waitUntil}) {
                await waitUntil(() => chartColors().length === 3, {timeout: 50000});
                const [byWeek, byDelay, byState] = chartColors();
                for (const colors of [byWeek, byDelay]) {
                    if (
                        colors["Ready to ship"] !== "#1e7d34" ||
                        colors["Backorder, to order"] !== "#c82333"
                    ) {
                        throw new Error(JSON.stringify(colors));
                    }
                }
                if (["#1e7d34", "#c82333"].includes(Object.values(byState)[0])) {
                    throw new Error(JSON.stringify(byState));
                }
            },
        },
    ],
});
