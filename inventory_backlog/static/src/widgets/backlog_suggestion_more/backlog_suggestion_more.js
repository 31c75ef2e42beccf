import {Component} from "@odoo/owl";
import {Dropdown} from "@web/core/dropdown/dropdown";
import {DropdownItem} from "@web/core/dropdown/dropdown_item";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";
import {useService} from "@web/core/utils/hooks";

const OPEN = ["proposed", "snoozed", "dismissed"];

/** What is done more rarely with a suggestion, behind three dots. */
export class BacklogSuggestionMore extends Component {
    static template = "inventory_backlog.BacklogSuggestionMore";
    static components = {Dropdown, DropdownItem};
    static props = {...standardWidgetProps};

    setup() {
        this.action = useService("action");
    }

    get items() {
        const {
            action_type: kind,
            can_accept: canAccept,
            state,
        } = this.props.record.data;
        const isOpen = OPEN.includes(state);
        const isBought = ["buy", "dropship"].includes(kind);
        const items = [];
        if (isOpen && canAccept && !["confirm", "expedite"].includes(kind)) {
            items.push({name: "action_open_accept", label: _t("Change or split…")});
        }
        if (isOpen && isBought) {
            items.push({name: "action_open_vendors", label: _t("Choose vendor")});
        }
        if (
            kind === "expedite" &&
            canAccept &&
            !["done", "dismissed"].includes(state)
        ) {
            items.push({name: "action_write_vendor", label: _t("Write to vendor")});
        }
        if (["proposed", "snoozed"].includes(state)) {
            items.push({name: "action_open_dismiss", label: _t("Dismiss")});
        }
        if (["snoozed", "dismissed"].includes(state)) {
            items.push({name: "action_propose", label: _t("Propose again")});
        }
        return items;
    }

    async onSelected(name) {
        const {record} = this.props;
        await this.action.doActionButton({
            type: "object",
            name,
            resModel: record.resModel,
            resId: record.resId,
            resIds: [record.resId],
            context: record.context,
            onClose: () => record.model.load(),
        });
    }
}

registry.category("view_widgets").add("backlog_suggestion_more", {
    component: BacklogSuggestionMore,
    listViewWidth: 20,
});
