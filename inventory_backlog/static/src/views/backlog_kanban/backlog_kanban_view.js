import {FirstDay} from "@inventory_backlog/first_day/first_day";
import {KanbanHeader} from "@web/views/kanban/kanban_header";
import {KanbanRenderer} from "@web/views/kanban/kanban_renderer";
import {kanbanView} from "@web/views/kanban/kanban_view";
import {registry} from "@web/core/registry";

/** Odoo shows the count of a column or the sum of its values: here it is both. */
export class BacklogKanbanHeader extends KanbanHeader {
    static template = "inventory_backlog.KanbanHeader";
}

export class BacklogKanbanRenderer extends KanbanRenderer {
    static template = "inventory_backlog.KanbanRenderer";
    static components = {
        ...KanbanRenderer.components,
        FirstDay,
        KanbanHeader: BacklogKanbanHeader,
    };
}

registry.category("views").add("backlog_kanban", {
    ...kanbanView,
    Renderer: BacklogKanbanRenderer,
});
