import {Component} from "@odoo/owl";
import {DropdownItem} from "@web/core/dropdown/dropdown_item";
import {STATIC_ACTIONS_GROUP_NUMBER} from "@web/search/action_menus/action_menus";
import {registry} from "@web/core/registry";

/** *Update* in the menu of the gear: a scheduled action looks every day anyway. */
export class SuggestionUpdate extends Component {
    static template = "inventory_backlog.SuggestionUpdate";
    static components = {DropdownItem};
    static props = {};

    async update() {
        // The menu closes and takes this component along, and with it what its own
        // services still wait for.
        const {action, orm} = this.env.services;
        const done = await orm.call("backlog.suggestion", "action_update", [[]]);
        await action.doAction(done);
        await action.doAction("soft_reload");
    }
}

registry.category("cogMenu").add("backlog-suggestion-update", {
    Component: SuggestionUpdate,
    groupNumber: STATIC_ACTIONS_GROUP_NUMBER,
    isDisplayed: ({config, searchModel}) =>
        searchModel.resModel === "backlog.suggestion" &&
        ["kanban", "list"].includes(config.viewType),
});
