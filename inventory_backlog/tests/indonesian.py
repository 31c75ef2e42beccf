"""What a salesperson reads in Indonesian."""

import re

import polib

from odoo.tools.misc import file_path

# What to press to get there, what is there then, and what is read on it: texts of
# Python, of views and templates, and of JavaScript.
INDONESIAN_SCREENS = [
    (
        [],
        ".o_backlog_card b",
        ["Terlambat", "Perlu dipesan", "Janji", "Sebab", "Minta Pembelian"],
    ),
    (
        [
            "body:has(.o_data_row) .o_searchview_dropdown_toggler",
        ],
        ".o_filter_menu",
        ["Sebab", "Belum dipesan", "Ada yang Siap"],
    ),
    (
        [
            ".o_data_row:last-of-type [name=open_qty]",
            ".o_backlog_panel section:nth-of-type(2) button",
        ],
        ".o_backlog_panel section:nth-of-type(2) p",
        [
            "belum dipesan",
            "Nomor 1 dalam antrean untuk Tour Table.",
            "Apa yang mencukupinya",
            "2 pesan",
        ],
    ),
]
READ_SCREENS = r"""
const find = async (selector) => {
    while (!document.querySelector(selector)) {
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return document.querySelector(selector);
};
const read = () =>
    [...document.querySelectorAll("body *:not(script, style)")]
        .flatMap((element) => [
            ...["title", "aria-label", "placeholder", "data-tooltip"].map((name) =>
                element.getAttribute(name)
            ),
            ...[...element.childNodes].map(
                (node) => node.nodeType === Node.TEXT_NODE && node.data
            ),
        ])
        .filter(Boolean)
        .map((text) => text.replace(/\s+/g, " ").trim());
(async () => {
    const {screens, english} = await (await fetch("/web/content/%s")).json();
    const terms = english.map((term) => new RegExp(term));
    const wrong = [];
    for (const [presses, place, expected] of screens) {
        for (const press of presses) {
            (await find(press)).click();
        }
        await find(place);
        const texts = read();
        wrong.push(
            ...expected
                .filter((text) => !texts.some((one) => one.includes(text)))
                .map((text) => `Missing: ${text}`),
            ...texts
                .filter((text) => terms.some((term) => term.test(text)))
                .map((text) => `English: ${text}`)
        );
    }
    console[wrong.length ? "error" : "log"](
        wrong.length ? wrong.join("\n") : "test successful"
    );
})();
"""


def english_terms():
    """What of our English nobody reads in Indonesian, as patterns: single words alone,
    since names have them too; sentences wherever they stand."""
    terms = {"msgid": set(), "msgstr": set()}
    for entry in polib.pofile(file_path("inventory_backlog/i18n/id.po")):
        for side, found in terms.items():
            parts = re.split("<[^>]*>", getattr(entry, side) or entry.msgid)
            found.update(" ".join(part.split()) for part in parts)
    for term in terms["msgid"] - terms["msgstr"]:
        words = [re.escape(part) for part in re.split(r"%\(\w+\)\w|%\w", term)]
        if re.search("[A-Za-z]{2}", "".join(words)):
            before, after = (r"(?<!\w)", r"(?!\w)") if " " in term else "^$"
            yield before + ".+".join(words) + after
