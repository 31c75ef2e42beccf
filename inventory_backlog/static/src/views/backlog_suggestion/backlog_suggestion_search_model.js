import {SearchModel} from "@web/search/search_model";

/** Has one filter stand for another in a view, so that the facet says what is shown. */
class SwappingSearchModel extends SearchModel {
    static swap = [];

    async load() {
        await super.load(...arguments);
        const [from, to] = this.constructor.swap.map((name) =>
            Object.values(this.searchItems).find((item) => item.name === name),
        );
        if (from && to) {
            this.query = this.query.map((element) =>
                element.searchItemId === from.id ? {searchItemId: to.id} : element,
            );
            this._reset();
        }
    }
}

/** The list is for what is to be decided. */
export class SuggestionListSearchModel extends SwappingSearchModel {
    static swap = ["open", "proposed"];
}

/** The board has a column for what is under way. */
export class SuggestionKanbanSearchModel extends SwappingSearchModel {
    static swap = ["proposed", "open"];
}
