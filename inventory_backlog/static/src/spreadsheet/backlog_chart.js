import {OdooChart} from "@spreadsheet/chart/odoo_chart/odoo_chart";
import {STATE_COLORS} from "@inventory_backlog/backlog_colors";
import {patch} from "@web/core/utils/patch";

/** The supply state that all groups of a series share, if they do. */
function stateOf(identifiers) {
    const states = new Set(
        [...identifiers].map((identifier) => {
            const group = Object.assign({}, ...JSON.parse(identifier));
            return group.backlog_state;
        }),
    );
    return states.size === 1 ? [...states][0] : undefined;
}

/**
 * A supply state has its colour in every chart. What a spreadsheet keeps are colours by
 * place, and a state that has no line moves all others up.
 */
patch(OdooChart.prototype, {
    get dataSets() {
        const dataSets = super.dataSets;
        if (!this.dataSource || this.metaData.resModel !== "backlog.line") {
            return dataSets;
        }
        const {datasets} = this.dataSource.getData();
        return dataSets.map((dataSet, index) => {
            const backgroundColor = STATE_COLORS[stateOf(datasets[index].identifiers)];
            return backgroundColor ? {...dataSet, backgroundColor} : dataSet;
        });
    },
});
