import {PivotRenderer} from "@web/views/pivot/pivot_renderer";
import {pivotView} from "@web/views/pivot/pivot_view";
import {registry} from "@web/core/registry";

/** Says below the table how its measures are counted: headers show no help. */
export class BacklogPivotRenderer extends PivotRenderer {
    static template = "inventory_backlog.PivotRenderer";

    get definitions() {
        const {activeMeasures, measures} = this.model.metaData;
        return activeMeasures
            .map((name) => measures[name])
            .filter((measure) => measure.help);
    }
}

registry.category("views").add("backlog_pivot", {
    ...pivotView,
    Renderer: BacklogPivotRenderer,
});
