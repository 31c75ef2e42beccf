import {Component} from "@odoo/owl";
import {useService} from "@web/core/utils/hooks";

/** A document by its name; a link for those who work with it. */
export class BacklogDocument extends Component {
    static template = "inventory_backlog.BacklogDocument";
    static props = {document: Object};

    setup() {
        this.action = useService("action");
    }

    open() {
        const {model, id} = this.props.document;
        this.action.doAction({
            type: "ir.actions.act_window",
            res_model: model,
            res_id: id,
            views: [[false, "form"]],
        });
    }
}
