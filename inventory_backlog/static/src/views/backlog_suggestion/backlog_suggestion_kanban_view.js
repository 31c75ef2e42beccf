import {BacklogKanbanRenderer} from "../backlog_kanban/backlog_kanban_view";
import {SuggestionKanbanSearchModel} from "./backlog_suggestion_search_model";
import {kanbanView} from "@web/views/kanban/kanban_view";
import {registry} from "@web/core/registry";

registry.category("views").add("backlog_suggestion_kanban", {
    ...kanbanView,
    Renderer: BacklogKanbanRenderer,
    SearchModel: SuggestionKanbanSearchModel,
});
