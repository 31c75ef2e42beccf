import {GraphRenderer} from "@web/views/graph/graph_renderer";
import {BACKLOG_COLORS} from "@inventory_backlog/backlog_colors";
import {graphView} from "@web/views/graph/graph_view";
import {registry} from "@web/core/registry";

/**
 * Bars of a supply state have its colour, so that red never means ready, and stand in
 * its order, whichever state comes first. Says above the graph how its measure is
 * counted.
 */
export class BacklogGraphRenderer extends GraphRenderer {
    static template = "inventory_backlog.GraphRenderer";

    get measure() {
        const {measure, measures} = this.model.metaData;
        return measures[measure];
    }

    getBarChartData() {
        const data = super.getBarChartData();
        const {backlog_state, kind} = this.model.metaData.fields;
        const states = (backlog_state || kind).selection;
        const place = ({label: shown}) =>
            states.findIndex(([, label]) => label === shown);
        data.datasets.sort((one, other) => place(one) - place(other));
        for (const [state, label] of states) {
            for (const dataset of data.datasets) {
                if (dataset.label === label) {
                    dataset.backgroundColor = BACKLOG_COLORS[state];
                }
            }
        }
        return data;
    }
}

registry.category("views").add("backlog_graph", {
    ...graphView,
    Renderer: BacklogGraphRenderer,
});
