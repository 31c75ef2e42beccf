import {Component} from "@odoo/owl";
import {DropdownItem} from "@web/core/dropdown/dropdown_item";
import {STATIC_ACTIONS_GROUP_NUMBER} from "@web/search/action_menus/action_menus";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";

/** *Update* in the menu of the gear: a scheduled action looks every day anyway. */
export class SuggestionUpdate extends Component {
    static template = "inventory_backlog.SuggestionUpdate";
    static components = {DropdownItem};
    static props = {};

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
    }

    async update() {
        const done = await this.orm.call("backlog.suggestion", "action_update", [[]]);
        await this.action.doAction(done);
        await this.action.doAction("soft_reload");
    }
}

registry.category("cogMenu").add("backlog-suggestion-update", {
    Component: SuggestionUpdate,
    groupNumber: STATIC_ACTIONS_GROUP_NUMBER,
    isDisplayed: ({config, searchModel}) =>
        searchModel.resModel === "backlog.suggestion" &&
        ["kanban", "list"].includes(config.viewType),
});
