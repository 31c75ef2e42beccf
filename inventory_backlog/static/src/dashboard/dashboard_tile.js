import {Component, useState} from "@odoo/owl";
import {formatFigure, formatPercent, formatShort} from "./dashboard_formats";
import {_t} from "@web/core/l10n/translation";

/** A sign beside the words, for who does not see the colour. */
const TONE_ICONS = {
    danger: "fa-exclamation-triangle",
    warning: "fa-clock-o",
    success: "fa-check",
};

/** One figure with its second figure. Both open the records behind them. */
export class DashboardTile extends Component {
    static template = "inventory_backlog.DashboardTile";
    static props = {
        tile: Object,
        currencyId: {type: [Number, Boolean], optional: true},
        onOpen: Function,
    };

    setup() {
        this.state = useState({isExplained: false});
    }

    get tile() {
        return this.props.tile;
    }

    get figure() {
        return formatShort(this.tile.value, this.tile.kind, this.props.currencyId);
    }

    get fullFigure() {
        return formatFigure(this.tile.value, this.tile.kind, this.props.currencyId);
    }

    /** What a screen reader says, and what the pointer shows. */
    get description() {
        return [this.tile.label, this.fullFigure, this.tile.count_label]
            .filter(Boolean)
            .join(", ");
    }

    get tooltip() {
        return _t("%(figure)s: %(definition)s", {
            figure: this.fullFigure,
            definition: this.tile.help,
        });
    }

    get subFigure() {
        const {value, kind} = this.tile.sub;
        return formatShort(value, kind, this.props.currencyId);
    }

    get subShare() {
        const {share} = this.tile.sub;
        return typeof share === "number" ? formatPercent(share) : "";
    }

    /** All of it, where the tile cuts it. */
    get subDescription() {
        const share = this.subShare && `(${this.subShare})`;
        return [this.subFigure, this.tile.sub.label, share].filter(Boolean).join(" ");
    }

    get subClass() {
        const {tone} = this.tile.sub;
        return (
            {
                danger: "text-danger",
                warning: "o_backlog_at_risk",
                success: "text-success",
            }[tone] || "text-muted"
        );
    }

    icon(tone) {
        return TONE_ICONS[tone];
    }

    toggleExplained() {
        this.state.isExplained = !this.state.isExplained;
    }
}
