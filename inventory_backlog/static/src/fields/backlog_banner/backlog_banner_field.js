import {deserializeDateTime} from "@web/core/l10n/dates";
import {_t} from "@web/core/l10n/translation";
import {Component} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";
import {useBacklogAct} from "../../workbench/act";
import {useService} from "@web/core/utils/hooks";

/** What a document says of its backlog, with what can be done about it. The server
 * sends ``{tone, sentences, verbs: [{verb, label, hint, ids}], promise, open, call}``. */
export class BacklogBannerField extends Component {
    static template = "inventory_backlog.BacklogBannerField";
    static props = {...standardFieldProps};

    setup() {
        this.backlog = useBacklogAct();
        this.action = useService("action");
        this.orm = useService("orm");
    }

    open() {
        return this.action.doAction(this.banner.open.action);
    }

    get banner() {
        return this.props.record.data[this.props.name];
    }

    act({verb, ids}) {
        return this.backlog.act(ids, verb, () => this.props.record.load());
    }

    /** Call a method of the saved document, and read it again after its window. */
    async call() {
        const {record} = this.props;
        if (!(await record.save())) {
            return;
        }
        const action = await this.orm.call(record.resModel, this.banner.call.method, [
            [record.resId],
        ]);
        await this.action.doAction(action, {onClose: () => record.load()});
    }

    /** Fill in the day on which all could leave. */
    promise() {
        return this.props.record.update({
            commitment_date: deserializeDateTime(this.banner.promise.date),
        });
    }
}

export const backlogBannerField = {
    component: BacklogBannerField,
    displayName: _t("What the backlog says, and what to do"),
    supportedTypes: ["json"],
};

registry.category("fields").add("backlog_banner", backlogBannerField);
