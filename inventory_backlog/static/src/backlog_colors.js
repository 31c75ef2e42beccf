/** The colours of the supply states, as in backlog_colors.scss. */
export const STATE_COLORS = {
    ready: "#1e7d34",
    partial: "#ffc107",
    incoming: "#0b6fb8",
    to_source: "#c82333",
};
