from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import freeze_time, new_test_user, tagged

from ..common import NOW
from ..matrix import ADDONS
from ..suggestions import SuggestionCase

FAR = "2099-01-01 00:00:00"
# Every field that only the addon sets. One that is new fails here until it is tried.
HISTORY = {
    "backlog.kept": {
        *("clean_at", "day", "feed_from", "folds"),
        *("has_lines", "has_slices", "is_refilling", "signature"),
    },
    "backlog.report.recipient": {"failure", "sent_on"},
    "mrp.production": {"backlog_suggestion_id"},
    "purchase.order.line": {"backlog_suggestion_id", "first_promise_date"},
    "sale.order.line": {
        *("cancelled_purchase", "first_open_qty", "first_promise_date"),
        *("first_ready_at", "first_ready_qty"),
    },
    "stock.move": {"backlog_date_by", "backlog_suggestion_id"},
    "stock.scrap": {"receipt_move_ids"},
}
# Rows that come about by themselves.
ROWS = (
    "backlog.allocation",
    "backlog.ask",
    "backlog.cash",
    "backlog.change",
    "backlog.event",
    "backlog.event.waiting",
    "backlog.fault",
    "backlog.health",
    "backlog.kept.line",
    "backlog.kept.seen",
    "backlog.kept.slice",
    "backlog.line",
    "backlog.restore",
    "backlog.service",
    "backlog.snapshot",
    "backlog.snapshot.line",
    "backlog.snooze",
    "backlog.suggestion.check",
    "backlog.suggestion.component",
    "backlog.suggestion.line",
    "backlog.told",
    "backlog.touched",
    "backlog.vendor.measure",
    "backlog.vendor.receipt",
    "backlog.vendor.touch",
)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestHistory(SuggestionCase):
    """What was promised first, what was ready and what a document was made from is set
    by the addon alone, whatever the door."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.forged = {
            "first_promise_date": FAR,
            "first_open_qty": 9,
            "first_ready_qty": 9,
            "first_ready_at": FAR,
            "cancelled_purchase": "P00007",
        }

    def _kept(self, lines):
        """What is history on these lines, fresh, once the next refresh noted it."""
        lines = lines.sudo()
        self.env["backlog.fold"].sudo()._fold()
        self.env.flush_all()
        lines.invalidate_recordset()
        names = sorted(HISTORY[lines._name] & lines._fields.keys())
        return [[line[name] for name in names] for line in lines]

    def _true(self, **values):
        """What a line of three, confirmed today, has."""
        return [[False, 3, self._after(5), fields.Datetime.now(), 0]]

    def _bought(self, **context):
        """A confirmed purchase line of the buyer, made with forged values."""
        forged = {"first_promise_date": FAR, "backlog_suggestion_id": self.other.id}
        purchase = (
            self.env["purchase.order"]
            .with_user(self.buyer)
            .with_context(**context)
            .create(
                {
                    "partner_id": self.first.id,
                    "order_line": [
                        Command.create(
                            {
                                "product_id": self.product.id,
                                "product_qty": 3,
                                "date_planned": self._after(2),
                                **({} if context else forged),
                            }
                        )
                    ],
                }
            )
        )
        purchase.button_confirm()
        return purchase.order_line

    def setUp(self):
        super().setUp()
        self._wanted(self._table(), 2)
        self._generate()
        self.other = self.suggestions.search([], limit=1)
        self.assertTrue(self.other)

    def test_the_fields_that_are_history_are_known(self):
        found = {
            name: set(model._history_names())
            for name, model in self.env.items()
            if "backlog.history.mixin" in model._inherit_module
            or hasattr(model, "_history_names")
            and not model._abstract
        }
        expected = {
            name: fields for name, fields in HISTORY.items() if name in self.env
        }
        if "backlog_suggestion_id" not in self.env.get("mrp.production", ()):
            expected.pop("mrp.production", None)
        self.assertEqual(found, expected)

    # Made

    def test_an_order_is_made_without_what_was_forged(self):
        order = self._quote(
            (self.product, 3, self.forged), commitment_date=self._after(5)
        )
        order.action_confirm()

        self.assertEqual(self._kept(order.order_line), self._true())

    def test_no_default_of_the_context_is_history(self):
        context = {f"default_{name}": value for name, value in self.forged.items()}
        order = (
            self.env["sale.order"]
            .with_user(self.seller)
            .with_context(**context)
            .create(
                {
                    "partner_id": self.customer.id,
                    "commitment_date": self._after(5),
                    "order_line": [
                        Command.create(
                            {"product_id": self.product.id, "product_uom_qty": 3}
                        )
                    ],
                }
            )
        )
        order.action_confirm()
        self.assertEqual(self._kept(order.order_line), self._true())
        lines = self._bought(
            default_first_promise_date=FAR, default_backlog_suggestion_id=self.other.id
        )
        self.assertEqual(self._kept(lines), [[self.other.browse(), self._after(2)]])

    def test_no_default_of_the_user_is_history(self):
        for name, value in self.forged.items():
            self.env["ir.default"].set(
                "sale.order.line", name, value, user_id=self.seller.id
            )
        order = self._wanted(self.product, 3)

        self.assertEqual(self._kept(order.order_line), self._true())

    def test_a_line_that_is_added_later_has_its_own(self):
        order = self._wanted(self.product, 3)
        self.env["sale.order.line"].with_user(self.seller).create(
            {
                "order_id": order.id,
                "product_id": self.product.id,
                "product_uom_qty": 3,
                **self.forged,
            }
        )
        self.assertEqual(self._kept(order.order_line), 2 * self._true())

    def test_an_import_leaves_the_columns_out(self):
        columns = {
            "partner_id/.id": self.customer.id,
            "commitment_date": "2030-01-20 09:00:00",
            "order_line/product_id/.id": self.product.id,
            "order_line/product_uom_qty": 3,
            "order_line/first_promise_date": FAR,
            "order_line/first_open_qty": 9,
            "order_line/first_ready_qty": 9,
            "order_line/first_ready_at": FAR,
            "order_line/cancelled_purchase": "P00007",
        }
        result = (
            self.env["sale.order"]
            .with_user(self.seller)
            .load(list(columns), [list(map(str, columns.values()))])
        )
        self.assertEqual(result["messages"], [])
        order = self.env["sale.order"].browse(result["ids"])
        order.with_user(self.seller).action_confirm()

        self.assertEqual(self._kept(order.order_line), self._true())

    def test_a_copy_has_none(self):
        line = self._wanted(self.product, 3).order_line
        copied = line.copy({"order_id": line.order_id.copy().id, **self.forged})

        self.assertEqual(self._kept(copied), [[False] * 5])

    def test_a_purchase_is_made_without_what_was_forged(self):
        self.assertEqual(
            self._kept(self._bought()), [[self.other.browse(), self._after(2)]]
        )

    def test_other_documents_are_made_without_what_was_forged(self):
        user = new_test_user(self.env, "stock", "stock.group_stock_user")
        move = self._wanted(self.product, 3).picking_ids.move_ids
        made = (
            self.env["stock.move"]
            .with_user(user)
            .create(
                {
                    "product_id": self.product.id,
                    "location_id": self.stock.id,
                    "location_dest_id": move.location_dest_id.id,
                    "product_uom_qty": 1,
                    "backlog_suggestion_id": self.other.id,
                }
            )
        )
        scrap = (
            self.env["stock.scrap"]
            .with_user(user)
            .create(
                {
                    "product_id": self.product.id,
                    "receipt_move_ids": [Command.set(move.ids)],
                }
            )
        )
        self.assertFalse(self._kept(made)[0][0])
        self.assertFalse(self._kept(scrap)[0][0])

    def test_who_accepts_brings_no_defaults_along(self):
        self.other.with_context(
            default_first_promise_date=FAR,
            default_name="Forged",
            default_price_unit=1,
            default_partner_ref="Forged",
        ).action_accept()

        line = self.other.sudo().purchase_line_ids
        line.order_id.button_confirm()
        self.assertNotEqual(str(line.first_promise_date), FAR)
        self.assertFalse(line.order_id.partner_ref)
        self.assertEqual(line.backlog_suggestion_id, self.other)

    def test_who_updates_brings_no_defaults_along(self):
        self._wanted(self._table("Lamp"), 2)
        run = self.suggestions.with_context(
            default_state="dismissed", default_is_told=True, default_snooze_until=FAR
        )
        run.generate()
        found = self.suggestions.search([("product_id.name", "=", "Lamp")])

        self.assertRecordValues(
            found, [{"state": "proposed", "is_told": False, "snooze_until": False}]
        )

    # Changed

    def test_it_is_refused_when_a_record_is_changed(self):
        sold = self._wanted(self.product, 3).order_line
        bought = self._bought()
        manager = new_test_user(
            self.env,
            "manager",
            "inventory_backlog.group_backlog_manager,stock.group_stock_manager",
        )
        values = {
            "backlog.kept": {"folds": 0},
            "backlog.report.recipient": {"sent_on": FAR[:10], "failure": "No"},
            "sale.order.line": self.forged,
            "purchase.order.line": {
                "first_promise_date": FAR,
                "backlog_suggestion_id": self.other.id,
            },
            "stock.move": {"backlog_suggestion_id": self.other.id},
            "stock.scrap": {"receipt_move_ids": [Command.set([])]},
        }
        scrap = self.env["stock.scrap"].create({"product_id": self.product.id})
        recipient = self.env["backlog.report.recipient"].create(
            {"user_id": manager.id, "company_id": self.company.id}
        )
        self.env["backlog.fold"]._fold()
        records = (
            self.env["backlog.kept"].search([]).with_user(manager),
            recipient.with_user(manager),
            sold.with_user(self.seller),
            bought,
            sold.move_ids.with_user(manager),
            scrap.with_user(manager),
        )
        for record in records:
            self.assertTrue(record.has_access("write"), record)
            for name, value in values[record._name].items():
                with (
                    self.subTest(model=record._name, field=name),
                    self.assertRaisesRegex(UserError, "kept as it was"),
                ):
                    record.write({name: value})

    def test_it_is_refused_through_the_commands_of_its_order(self):
        sold = self._wanted(self.product, 3)
        bought = self._bought().order_id
        for order, name, value in (
            (sold, "first_promise_date", FAR),
            (sold, "first_ready_qty", 9),
            (sold, "first_ready_at", FAR),
            (sold, "cancelled_purchase", "P00007"),
            (bought, "first_promise_date", FAR),
        ):
            line = order.order_line[0]
            before = self._kept(line)
            with self.assertRaisesRegex(UserError, "kept as it was"):
                order.write({"order_line": [Command.update(line.id, {name: value})]})
            self.assertEqual(self._kept(line), before)
            more = {"product_id": self.product.id, name: value}
            order.write({"order_line": [Command.create(more)]})
            self.assertNotIn(value, map(str, self._kept(order.order_line[-1])[0]))
        with self.assertRaisesRegex(UserError, "kept as it was"):
            sold.order_line[0].web_resequence({}, "first_open_qty")

    def test_an_import_over_a_line_is_told(self):
        line = self._wanted(self.product, 3).order_line
        result = (
            self.env["sale.order.line"]
            .with_user(self.seller)
            .load([".id", "first_promise_date"], [[str(line.id), FAR]])
        )
        self.assertIn("kept as it was", result["messages"][0]["message"])
        self.assertEqual(self._kept(line), self._true())

    def test_not_even_the_administrator_writes_rows_that_come_by_themselves(self):
        admin = new_test_user(
            self.env,
            "administrator",
            "base.group_system,inventory_backlog.group_backlog_manager,"
            "purchase.group_purchase_manager,stock.group_stock_manager,"
            "sales_team.group_sale_manager",
        )
        for model in ROWS:
            if model not in self.env:
                continue
            records = self.env[model].with_user(admin)
            for operation in ("create", "write", "unlink"):
                with self.subTest(model=model, operation=operation):
                    self.assertFalse(records.has_access(operation))
        decided = {
            name
            for name, model in self.env.items()
            if model._original_module in ADDONS
            and not model._abstract
            and not model._transient
            and name not in ROWS
        }
        self.assertEqual(
            decided,
            {
                "backlog.disruption",
                "backlog.kept",
                "backlog.report.recipient",
                "backlog.suggestion",
            },
        )
        with self.assertRaises(AccessError):
            self.env["backlog.suggestion"].with_user(admin).create({})

    # What Odoo's own code makes of it

    def test_the_rest_of_a_transfer_was_made_from_the_same_suggestion(self):
        depot = self._second_warehouse()
        shelf = self._product("Shelf", route_ids=self.buy.ids)
        self._put_in_stock(shelf, 9, depot.lot_stock_id)
        self._wanted(shelf, 5)
        self._generate()
        suggestion = self._suggested(shelf, action="transfer")
        suggestion.action_accept()
        worker = new_test_user(self.env, "worker", "stock.group_stock_user")
        picking = suggestion.sudo().move_ids.picking_id.with_user(worker)
        picking.action_confirm()
        picking.action_assign()
        picking.move_ids.quantity = 2
        picking.move_ids.picked = True
        picking.with_context(skip_backorder=True).button_validate()

        moves = suggestion.sudo().move_ids
        self.assertEqual(sorted(moves.mapped("state")), ["assigned", "done"])
