import {deserializeDate, toLocaleDateString} from "@web/core/l10n/dates";
import {Domain} from "@web/core/domain";
import {ListRenderer} from "@web/views/list/list_renderer";
import {RelationalModel} from "@web/model/relational_model/relational_model";
import {SuggestionListSearchModel} from "./backlog_suggestion_search_model";
import {_t} from "@web/core/l10n/translation";
import {listView} from "@web/views/list/list_view";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";

const {DateTime} = luxon;

/** Takes into the groups by when to order the first of it, and how many can be. */
export class SuggestionListModel extends RelationalModel {
    async _postprocessReadGroup(config, response) {
        const result = await super._postprocessReadGroup(...arguments);
        response.groups.forEach((data, index) => {
            if ("__to_order" in data) {
                Object.assign(result.groups[index].aggregates, {
                    order_by_date: data["order_by_date:min"],
                    to_order: data.__to_order,
                });
            }
        });
        return result;
    }
}

/** Groups of suppliers say by when to order, and have a button to order all of it. */
export class SuggestionListRenderer extends ListRenderer {
    static groupRowTemplate = "inventory_backlog.SuggestionGroupRow";

    setup() {
        super.setup();
        this.action = useService("action");
        this.orm = useService("orm");
    }

    isSupplierGroup(group) {
        return group.groupByField.name === "supplier_id";
    }

    groupName(group) {
        return this.isSupplierGroup(group) && !group.value
            ? _t("No vendor")
            : group.displayName;
    }

    groupDay(group) {
        const day = group.aggregates.order_by_date;
        if (!this.isSupplierGroup(group) || !day) {
            return false;
        }
        const date = deserializeDate(day);
        return {
            label: _t("order by %s", toLocaleDateString(date)),
            isPast: date < DateTime.local().startOf("day"),
        };
    }

    /** Who may not order has no such button above the list either. */
    get canOrder() {
        return this.props.archInfo.headerButtons.some(
            ({clickParams}) => clickParams.name === "action_order",
        );
    }

    groupButton(group) {
        if (!this.isSupplierGroup(group) || this.props.list.model.useSampleModel) {
            return false;
        }
        if (!group.value) {
            return {name: "action_open_vendors", label: _t("Choose vendor")};
        }
        return (
            this.canOrder &&
            group.aggregates.to_order > 0 && {
                name: "action_order",
                label: _t("Order all"),
            }
        );
    }

    async onGroupButton(ev, group, name) {
        const button = ev.currentTarget;
        button.disabled = true;
        try {
            const {context, model, resModel} = this.props.list;
            // All of the group, also what is not loaded.
            const proposed = [["state", "=", "proposed"]];
            const resIds = await this.orm.search(
                resModel,
                Domain.and([group.list.domain, proposed]).toList(),
            );
            if (resIds.length) {
                await this.action.doActionButton({
                    type: "object",
                    name,
                    resModel,
                    resIds,
                    context,
                    onClose: () => model.load(),
                });
            }
        } finally {
            button.disabled = false;
        }
    }
}

registry.category("views").add("backlog_suggestion_list", {
    ...listView,
    Model: SuggestionListModel,
    Renderer: SuggestionListRenderer,
    SearchModel: SuggestionListSearchModel,
});
