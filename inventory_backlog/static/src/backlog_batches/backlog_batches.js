import {Component, onMounted, useState} from "@odoo/owl";
import {Dialog} from "@web/core/dialog/dialog";

/** Calls the server batch by batch, says how far it is, and can be stopped: what is done
 * is done. */
export class BatchDialog extends Component {
    static template = "inventory_backlog.BatchDialog";
    static components = {Dialog};
    static props = {
        batches: {type: Array, element: Array},
        call: Function,
        close: Function,
        resolve: Function,
    };

    setup() {
        this.all = this.props.batches.flat().length;
        this.state = useState({done: 0, isStopped: false});
        onMounted(() => this.run());
    }

    get percent() {
        return Math.round((100 * this.state.done) / this.all);
    }

    async run() {
        const outcomes = [];
        try {
            for (const ids of this.props.batches) {
                if (this.state.isStopped) {
                    break;
                }
                outcomes.push(await this.props.call(ids));
                this.state.done += ids.length;
            }
        } catch (error) {
            // Odoo shows it; what was done before is told as well.
            Promise.reject(error);
        }
        this.props.resolve(outcomes);
        this.props.close();
    }

    stop() {
        this.state.isStopped = true;
    }
}
