import {BatchDialog} from "./backlog_batches/backlog_batches";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";

// Of an undo: so many are a matter of a moment, more go in batches of this size.
const BATCH = 20;
const STAY = 10000;

/**
 * Shows what came of a button, with *Open* and *Undo*.
 *
 * @param {Object} env
 * @param {Object} toast
 * @param {String} toast.message
 * @param {String} [toast.type] of the notification
 * @param {Object|false} [toast.open] the action of *Open*
 * @param {Object|false} [toast.undo] `{model, method, ids}` of *Undo*
 */
export function showToast(env, {message, type = "success", open, undo}) {
    const buttons = [];
    if (open) {
        buttons.push({
            name: _t("Open"),
            onClick: () => {
                close();
                env.services.action.doAction(open);
            },
        });
    }
    if (undo) {
        buttons.push({
            name: _t("Undo"),
            onClick: async () => {
                close();
                const batches = [];
                for (let i = 0; i < undo.ids.length; i += BATCH) {
                    batches.push(undo.ids.slice(i, i + BATCH));
                }
                await runBatches(env, {...undo, batches, undo: false});
                await env.services.action.doAction("soft_reload");
            },
        });
    }
    const close = env.services.notification.add(message, {
        type,
        buttons,
        autocloseDelay: STAY,
    });
}

/**
 * Calls a method batch by batch and says how far it is, then what came of it.
 *
 * @param {Object} env
 * @param {Object} params
 * @param {String} params.model
 * @param {String} params.method it answers as `backlog.suggestion.order_now`
 * @param {Number[][]} params.batches
 * @param {String|false} [params.undo] the method that takes it back
 */
export async function runBatches(env, {model, method, batches, undo}) {
    const call = (ids) => env.services.orm.call(model, method, [ids]);
    const outcomes =
        batches.length > 1
            ? await new Promise((resolve) => {
                  env.services.dialog.add(BatchDialog, {batches, call, resolve});
              })
            : [await call(batches[0])];
    const done = outcomes.flatMap((outcome) => outcome.done);
    const skipped = outcomes.flatMap((outcome) => outcome.skipped);
    const requests = [...new Set(outcomes.flatMap((outcome) => outcome.requests))];
    const [only] = outcomes.length === 1 ? outcomes : [];
    showToast(env, {
        message: only ? only.message : summary(done, skipped, requests),
        type: skipped.length ? "warning" : "success",
        open: only ? only.open : requests.length > 0 && openRequests(requests),
        undo: undo && done.length > 0 && {model, method: undo, ids: done},
    });
}

function openRequests(ids) {
    return {
        type: "ir.actions.act_window",
        name: _t("Requests"),
        res_model: "purchase.order",
        views: [
            [false, "list"],
            [false, "form"],
        ],
        domain: [["id", "in", ids]],
    };
}

function summary(done, skipped, requests) {
    const parts = [_t("Done: %s.", done.length)];
    if (requests.length) {
        parts.push(_t("Requests: %s.", requests.length));
    }
    if (skipped.length) {
        const {name, reason} = skipped[0];
        parts.push(_t("Left as it was: %s.", skipped.length), `${name}: ${reason}.`);
    }
    return parts.join(" ");
}

const CLOSE = {type: "ir.actions.act_window_close"};

registry.category("actions").add("backlog_toast", (env, {params}) => {
    showToast(env, params);
    return CLOSE;
});

registry.category("actions").add("backlog_batches", async (env, {params}) => {
    await runBatches(env, params);
    return CLOSE;
});
