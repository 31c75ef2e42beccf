/** The colours of the supply states, as in backlog_colors.scss; the printed report has
 * its own in static/report/backlog_report.scss. */
export const STATE_COLORS = {
    ready: "#1e7d34",
    partial: "#ffc107",
    incoming: "#0b6fb8",
    to_source: "#c82333",
};

/** The same on the dashboard, with what has no supply state: goods that may not leave,
 * and money that goes to vendors. */
export const BACKLOG_COLORS = {
    ...STATE_COLORS,
    blocked: "#868e96",
    pay: "#6f42c1",
};
