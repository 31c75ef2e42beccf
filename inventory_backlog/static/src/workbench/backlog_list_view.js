import {onWillUnmount, useState} from "@odoo/owl";
import {readAgain, useBacklogAct} from "./act";
import {useBus, useService} from "@web/core/utils/hooks";
import {ACTED} from "./act";
import {BacklogBulk} from "./backlog_bulk";
import {BacklogCards} from "./backlog_cards";
import {BacklogPanel} from "./backlog_panel";
import {FirstDay} from "@inventory_backlog/first_day/first_day";
import {ListController} from "@web/views/list/list_controller";
import {ListRenderer} from "@web/views/list/list_renderer";
import {listView} from "@web/views/list/list_view";
import {registry} from "@web/core/registry";
import {useHotkey} from "@web/core/hotkeys/hotkey_hook";

// Narrower windows show the form of a line instead of the panel.
const WIDE = 1200;
// What gives way to the panel.
const GIVES_WAY = [
    "cause_text",
    "open_value",
    "backlog_value",
    "to_source_value",
    "prepaid_value",
    "supply_vendor",
];
// Of different products they are not added up.
const QUANTITIES = [
    "ordered_qty",
    "delivered_qty",
    "open_qty",
    "backlog_qty",
    "backorder_qty",
    "incoming_qty",
    "to_source_qty",
    "excess_qty",
];
// The verbs that a letter does for the row in focus, the first that it offers.
const KEYS = {
    s: ["ship", "reserve"],
    o: ["order", "confirm", "ask_purchase", "remind"],
    t: ["tell"],
    z: ["snooze", "unsnooze"],
    c: ["chase"],
    a: ["ask_warehouse", "ask_purchase", "remind"],
};
const ROLE = /o_backlog_role_(\w+)/;

export class BacklogListRenderer extends ListRenderer {
    static template = "inventory_backlog.BacklogListRenderer";
    static components = {
        ...ListRenderer.components,
        BacklogCards,
        BacklogPanel,
        FirstDay,
    };

    setup() {
        super.setup();
        this.ui = useService("ui");
        this.backlog = useBacklogAct();
        this.panel = useState({lineId: 0, version: 0});
        useBus(this.props.list.model.bus, ACTED, () => this.panel.version++);
        useHotkey("escape", () => this.closePanel(), {
            isAvailable: () => Boolean(this.panel.lineId),
        });
        useHotkey("u", () => this.backlog.undoLast());
        for (const [key, verbs] of Object.entries(KEYS)) {
            useHotkey(key, () => this.actOnFocus(verbs), {
                isAvailable: () => Boolean(this.focused),
            });
        }
        onWillUnmount(() => this.closePanel());
    }

    get role() {
        const [, role] = ROLE.exec(this.props.archInfo.className || "") || [];
        return role || "sale";
    }

    // The panel

    get hasRoom() {
        return window.innerWidth >= WIDE && !this.ui.isSmall;
    }

    openPanel(record) {
        this.panel.lineId = record.resId;
    }

    closePanel() {
        const {lineId} = this.panel;
        this.panel.lineId = 0;
        const record = this.records.find((one) => one.resId === lineId);
        const row =
            record &&
            this.rootRef.el &&
            this.rootRef.el.querySelector(`.o_data_row[data-id="${record.id}"] td`);
        if (row) {
            row.focus();
        }
    }

    get records() {
        return this.recordsOf(this.props.list);
    }

    recordsOf(list) {
        return list.isGrouped
            ? list.groups
                  .filter((group) => !group.isFolded)
                  .flatMap((group) => this.recordsOf(group.list))
            : list.records;
    }

    movePanel(step) {
        const {records} = this;
        const at = records.findIndex((one) => one.resId === this.panel.lineId);
        const next = records[at + step];
        if (next) {
            this.openPanel(next);
        }
    }

    /** What was done in the panel changes the row beside it. */
    async acted() {
        const record = this.records.find((one) => one.resId === this.panel.lineId);
        if (record) {
            await readAgain(record);
        }
    }

    async onCellClicked(record, column, ev, newWindow) {
        const opens = !newWindow && this.hasRoom && !this.props.list.selection.length;
        if (opens && !ev.target.special_click) {
            this.openPanel(record);
        } else {
            await super.onCellClicked(record, column, ev, newWindow);
        }
    }

    onCellKeydownReadOnlyMode(hotkey, cell, group, record) {
        if (hotkey === "enter" && record && this.hasRoom) {
            this.openPanel(record);
            return true;
        }
        const done = super.onCellKeydownReadOnlyMode(hotkey, cell, group, record);
        const {focused} = this;
        if (this.panel.lineId && focused && hotkey.startsWith("arrow")) {
            this.openPanel(focused);
        }
        return done;
    }

    // Keys

    get focused() {
        const row = document.activeElement?.closest(".o_data_row");
        return (
            row &&
            this.rootRef.el?.contains(row) &&
            this.records.find((one) => one.id === row.dataset.id)
        );
    }

    async actOnFocus(verbs) {
        const record = this.focused;
        const {first, rest = []} = (record && record.data.step) || {};
        const offered = [first, ...rest].filter(Boolean).map((one) => one.verb);
        const verb = verbs.find((one) => offered.includes(one));
        if (verb) {
            await this.backlog.act([record.resId], verb, () => readAgain(record));
        }
    }

    // Columns and rows

    /** A figure of the overview has the list show what it adds up. */
    computeOptionalActiveFields() {
        const active = super.computeOptionalActiveFields();
        const summed = this.props.list.context.summed_field;
        return summed ? {...active, [summed]: true} : active;
    }

    getActiveColumns() {
        const columns = super.getActiveColumns();
        return this.panel.lineId
            ? columns.filter((column) => !GIVES_WAY.includes(column.name))
            : columns;
    }

    getRowClass(record) {
        const current = record.resId === this.panel.lineId ? "o_backlog_current" : "";
        return `${super.getRowClass(record)} ${current}`;
    }

    /** The cells say on their own what they cut. */
    getCellTitle() {
        return false;
    }

    isOfOneProduct(list) {
        return list.groupBy?.length ? list.groupBy[0] === "product_id" : false;
    }

    computeAggregates() {
        const aggregates = super.computeAggregates();
        for (const name of QUANTITIES) {
            delete aggregates[name];
        }
        return aggregates;
    }

    formatGroupAggregate(group, column) {
        const isOne = this.isOfOneProduct(this.props.list);
        return QUANTITIES.includes(column.name) && !isOne
            ? {value: ""}
            : super.formatGroupAggregate(group, column);
    }
}

export class BacklogListController extends ListController {
    static template = "inventory_backlog.BacklogListView";
    static components = {...ListController.components, BacklogBulk};
}

registry.category("views").add("backlog_list", {
    ...listView,
    Controller: BacklogListController,
    Renderer: BacklogListRenderer,
});
