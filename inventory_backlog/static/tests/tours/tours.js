import {registry} from "@web/core/registry";

/** Adds a tour whose steps wait as long as Odoo lets them: the machine may be busy. */
export function addTour(name, {steps, ...tour}) {
    registry.category("web_tour.tours").add(name, {
        ...tour,
        steps: () => steps().map((step) => ({timeout: 60000, ...step})),
    });
}
