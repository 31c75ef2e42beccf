import {FirstDay} from "./first_day";
import {ListRenderer} from "@web/views/list/list_renderer";
import {listView} from "@web/views/list/list_view";
import {registry} from "@web/core/registry";

/** The list of open lines, below what makes its figures right. */
export class FirstDayListRenderer extends ListRenderer {
    static template = "inventory_backlog.FirstDayListRenderer";
    static components = {...ListRenderer.components, FirstDay};
}

registry.category("views").add("backlog_first_day_list", {
    ...listView,
    Renderer: FirstDayListRenderer,
});
