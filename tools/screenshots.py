"""The pictures of the documents and of the app, of the demo data: ./dev screenshots.

Everything happens in the transaction of a test, so the database stays as it is.
"""

from base64 import b64decode
from pathlib import Path
from unittest.mock import patch

from odoo.tests import HttpCase, tagged
from odoo.tests.common import ChromeBrowser

from odoo.addons.inventory_backlog.models.kept.backlog_event import BacklogEvent

PLACE = Path(__file__).parents[1] / "inventory_backlog/static/description"
# What must be on the page, then what to press on it, and what must come of that.
PICTURES = {
    "dashboard": (
        "admin",
        (1500, 950),
        "action-inventory_backlog.backlog_dashboard_action",
        [".o_backlog_dashboard canvas"],
    ),
    "list": (
        "admin",
        (1680, 900),
        "action-inventory_backlog.backlog_line_action",
        [".o_data_row"],
    ),
    "kanban": (
        "admin",
        (1680, 900),
        "action-inventory_backlog.backlog_line_action?view_type=kanban",
        [".o_kanban_record"],
    ),
    "why": (
        "admin",
        (1500, 900),
        "action-inventory_backlog.backlog_line_action",
        [
            ".o_data_row:has(.o_backlog_split_incoming) [name=open_qty]",
            ".o_backlog_panel section",
        ],
    ),
    "suggestions": (
        "admin",
        (1500, 700),
        "action-inventory_backlog.backlog_suggestion_action",
        [".o_group_header:nth-child(2)", ".o_data_row"],
    ),
    "risk": (
        "admin",
        (1400, 800),
        "action-inventory_backlog.vendor_risk_server_action",
        [".o_data_row"],
    ),
    "disruption": (
        "backlog_budi",
        (1400, 1000),
        "action-inventory_backlog.backlog_disruption_action",
        [
            ".o_kanban_group:nth-child(2) .o_kanban_record:last-of-type",
            ".o_backlog_tile",
        ],
    ),
    "events": (
        "admin",
        (1400, 560),
        "action-inventory_backlog.backlog_event_action",
        [".o_data_row"],
    ),
}


@tagged("post_install", "-at_install")
class Screenshots(HttpCase):
    def test_pictures(self):
        self._make_events()
        for name, (login, size, page, steps) in PICTURES.items():
            with self.subTest(name):
                self._take(name, login, size, page, steps)

    def _make_events(self):
        """What the next delivery of the vendors changes."""
        self.patch(self.env.registry["ir.cron"], "_commit_progress", lambda *_, **__: 1)
        lines = self.env["backlog.line"].search([("backlog_state", "=", "incoming")])
        slices = self.env["backlog.allocation"].search(
            [("order_line_id", "in", lines.order_line_id.ids)]
        )
        receipts = slices.receipt_move_id.picking_id.filtered(
            lambda picking: (
                picking.picking_type_code == "incoming"
                and set(picking.move_ids.mapped("has_tracking")) == {"none"}
            )
        )
        with patch.object(BacklogEvent, "_has_rules", lambda self: True):
            self.env["backlog.fold"]._fold()
            for receipt in receipts[:3]:
                receipt.button_validate()
            self.env.flush_all()
            self.env["backlog.fold"]._fold()
            self.env["backlog.event"]._cron_note()

    def _take(self, name, login, size, page, steps):
        self.browser_size = "x".join(map(str, size))
        browser = ChromeBrowser(self)
        self.addCleanup(browser.stop)
        with self.allow_requests(browser=browser):
            self.authenticate(login, login, browser=browser)
            self.env.flush_all()
            self.cr.clear()
            browser.navigate_to(f"{self.base_url()}/odoo/{page}")
            for number, step in enumerate(steps):
                found = f"document.querySelector({step!r})"
                self.assertTrue(browser._wait_ready(f"!!{found}"), step)
                if number < len(steps) - 1:
                    self._evaluate(browser, f"{found}.click()")
            # Fonts, pictures of people, and charts that grow.
            self._evaluate(
                browser,
                "document.activeElement.blur(); document.fonts.ready.then("
                "() => new Promise(resolve => setTimeout(resolve, 2500)))",
            )
            picture = browser._websocket_request("Page.captureScreenshot")["data"]
            (PLACE / f"screenshot-{name}.png").write_bytes(b64decode(picture))
            self._wait_remaining_requests()

    def _evaluate(self, browser, code):
        browser._websocket_request(
            "Runtime.evaluate", params={"expression": code, "awaitPromise": True}
        )
