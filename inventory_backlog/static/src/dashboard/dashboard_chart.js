/* global Chart */
import {Component, onWillStart, useEffect, useRef, useState} from "@odoo/owl";
import {formatAxis, formatFigure} from "./dashboard_formats";
import {hexToRGBA} from "@web/core/colors/colors";
import {loadBundle} from "@web/core/assets";

/** Seen on white and on black. */
const GRID_COLOR = "rgba(128, 128, 128, .25)";

/** From here on bars are too thin, and areas show the way things go. */
const AREA_FROM = 15;

/**
 * Amounts over time as a chart, or as a table for who cannot see or point at one.
 *
 * The chart is `{note, pace, labels, series}`: null until it is there, false when it could
 * not be read. A series is `{label, values, color, isLine, actions}`. Series are
 * stacked but for lines, which have the colour of the text. `actions` are what its
 * values open.
 */
export class DashboardChart extends Component {
    static template = "inventory_backlog.DashboardChart";
    static props = {
        title: String,
        chart: [Object, Boolean, {value: null}],
        empty: String,
        asAreas: {type: Boolean, optional: true},
        currencyId: {type: [Number, Boolean], optional: true},
        onOpen: Function,
    };

    setup() {
        this.canvasRef = useRef("canvas");
        this.state = useState({isTable: false});
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            (canvas) => {
                const chart = canvas && new Chart(canvas, this.getConfig(canvas));
                return () => chart?.destroy();
            },
            () => [this.canvasRef.el, this.props.chart],
        );
    }

    get isEmpty() {
        return !this.props.chart.series.some(({values}) => values.some(Boolean));
    }

    /** The weeks of backlog and book-to-bill, beside the history that they are of. */
    get paceText() {
        const {value, kind, count_label: since, sub} = this.props.chart.pace;
        return [
            formatFigure(value, kind),
            `${sub.label} ${formatFigure(sub.value, sub.kind)}`,
            since,
        ].join(" · ");
    }

    toggleTable() {
        this.state.isTable = !this.state.isTable;
    }

    format(value) {
        return formatFigure(value, "monetary", this.props.currencyId);
    }

    open(series, index) {
        const action = series.actions?.[index];
        if (action) {
            this.props.onOpen(action);
        }
    }

    getConfig(canvas) {
        // As the page has it: right in every theme, light or dark.
        const {color, fontFamily} = getComputedStyle(canvas);
        const isArea =
            this.props.asAreas && this.props.chart.labels.length >= AREA_FROM;
        return {
            type: isArea ? "line" : "bar",
            data: {
                labels: this.props.chart.labels,
                datasets: this.props.chart.series.map((series, index) => ({
                    label: series.label,
                    // What nobody knows leaves a gap, not a zero.
                    data: series.values.map((value) =>
                        value === false ? null : value,
                    ),
                    ...this.getStyle(series, index, isArea, color),
                })),
            },
            options: {...this.getOptions(color, fontFamily), ...this.getHandlers()},
        };
    }

    getStyle({color, isLine}, index, isArea, textColor) {
        if (isLine) {
            return {
                type: "line",
                stack: "line",
                order: -1,
                borderColor: textColor,
                backgroundColor: textColor,
                borderWidth: 2,
                pointRadius: isArea ? 0 : 3,
                pointStyle: isArea ? "line" : "circle",
            };
        }
        return {
            stack: "all",
            borderColor: color,
            backgroundColor: isArea ? hexToRGBA(color, 0.75) : color,
            borderWidth: isArea ? 1 : 0,
            fill: isArea && (index ? "-1" : "origin"),
            pointRadius: 0,
            maxBarThickness: 48,
        };
    }

    getOptions(color, family) {
        const axis = (value) => formatAxis(value, this.props.currencyId);
        return {
            animation: false,
            maintainAspectRatio: false,
            interaction: {mode: "index", intersect: false},
            color,
            font: {family},
            scales: {
                x: {
                    stacked: true,
                    grid: {display: false},
                    ticks: {color, maxRotation: 0},
                },
                y: {
                    stacked: true,
                    border: {display: false},
                    grid: {color: GRID_COLOR},
                    ticks: {color, callback: axis, maxTicksLimit: 6},
                },
            },
            plugins: {
                legend: {
                    position: "bottom",
                    labels: {
                        color,
                        usePointStyle: true,
                        boxHeight: 8,
                        sort: (one, other) => one.datasetIndex - other.datasetIndex,
                    },
                },
                tooltip: {
                    usePointStyle: true,
                    filter: ({raw}) => Boolean(raw),
                    callbacks: {
                        label: ({dataset, raw}) =>
                            `${dataset.label}: ${this.format(raw)}`,
                    },
                },
            },
        };
    }

    getHandlers() {
        const hit = (event, {chart}) =>
            chart.getElementsAtEventForMode(
                event,
                "nearest",
                {intersect: true},
                false,
            )[0];
        const action = (element) =>
            this.props.chart.series[element?.datasetIndex]?.actions?.[element.index];
        return {
            onClick: (event, _elements, chart) => {
                const element = hit(event, {chart});
                if (action(element)) {
                    this.props.onOpen(action(element));
                }
            },
            onHover: (event, _elements, chart) => {
                const target = action(hit(event, {chart}));
                chart.canvas.style.cursor = target ? "pointer" : "default";
            },
        };
    }
}
