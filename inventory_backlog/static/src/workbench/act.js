import {_t} from "@web/core/l10n/translation";
import {SnoozeDialog} from "./snooze_dialog";
import {useService} from "@web/core/utils/hooks";

/** Told on the bus of a list when something was done, so that its cards and its panel
 * are read again. */
export const ACTED = "BACKLOG_ACTED";
const SECONDS = 10;
// What was done last, for the key U.
const last = {undo: false};

/** ``{act, undoLast}``: do something about lines, and say what came of it, with buttons
 * that open what was made and undo it. */
export function useBacklogAct() {
    const orm = useService("orm");
    const action = useService("action");
    const dialog = useService("dialog");
    const notification = useService("notification");

    function tell(outcome, after) {
        const buttons = [];
        if (outcome.open) {
            buttons.push({
                name: _t("Open"),
                onClick: () => action.doAction(outcome.open),
            });
        }
        let close = () => {};
        if (outcome.undo) {
            last.undo = async () => {
                last.undo = false;
                close();
                const {message} = await orm.call("backlog.line", "undo_act", [
                    outcome.undo,
                ]);
                notification.add(message, {type: "info"});
                await after();
            };
            buttons.push({name: _t("Undo"), onClick: last.undo});
        }
        close = notification.add(outcome.message, {
            type: outcome.done ? "success" : "warning",
            autocloseDelay: SECONDS * 1000,
            buttons,
        });
    }

    /**
     * @param {Number[]} ids of lines
     * @param {String} verb of ``backlog.line.act``
     * @param {Function} after reads again what is shown
     * @param {Object} [values] that the verb needs
     */
    async function act(ids, verb, after, values) {
        if (verb === "snooze" && !values) {
            dialog.add(SnoozeDialog, {
                count: ids.length,
                snooze: (until) => act(ids, verb, after, {until}),
            });
            return;
        }
        const outcome = await orm.call("backlog.line", "act", [
            ids,
            verb,
            values || false,
        ]);
        if (outcome.message) {
            tell(outcome, after);
        }
        if (outcome.action) {
            await action.doAction(outcome.action, {onClose: after});
        } else {
            await after();
        }
    }

    async function undoLast() {
        if (last.undo) {
            await last.undo();
        }
    }

    return {act, undoLast};
}

/** Read a row again where it stands; the whole list when the line is no longer open. */
export async function readAgain(record) {
    try {
        await record.load();
    } catch {
        await record.model.root.load();
    }
    record.model.bus.trigger(ACTED);
}
