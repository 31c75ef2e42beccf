from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..common import NOW
from ..matrix import ADDONS, ROWS, MatrixCase, table

# What belongs to a company as a whole: its own (c), another one's (x), of none (n).
COMPANY_ROWS = """
                         portal internal seller all  stock purchase manager other both
    backlog.disruption   !      !        c-n    c-n  c-n   c-n      c-n     -xn   cxn
    backlog.fault        !      !        !      !    !     !        c-n     !     !
    backlog.report.recipient
                         !      !        !      !    !     !        c--     !     !
    backlog.snapshot     !      !        ---    c--  c--   !        c--     -x-   cx-
    backlog.snooze       !      !        ---    ---  ---   ---      ---     ---   ---
    backlog.suggestion   !      !        !      !    !     c--      c--     !     !
    backlog.suggestion.component
                         !      !        !      !    !     c--      c--     !     !
    backlog.suggestion.line
                         !      !        !      !    !     c--      c--     !     !
    backlog.vendor.receipt
                         !      !        !      !    !     c--      c--     !     !
"""
# The same for the company rule of what only buyers read.
BUYER_ROWS = """
                             there both
    backlog.suggestion       -x-   cx-
    backlog.suggestion.component
                             -x-   cx-
    backlog.suggestion.line  -x-   cx-
    backlog.vendor.receipt   -x-   cx-
"""
# Those of them that can be of all companies.
FOR_ALL = ("backlog.disruption", "backlog.fault")
WITH_BRIDGE = "backlog.suggestion.component"
# Our fields on documents of others: who may not read them there although they read the
# document, by attribute as well.
COMPUTED = {
    "sale.order": ("backlog_state", "open_value", "backlog_expected_date"),
    "sale.order.line": ("backlog_state", "open_qty", "backlog_value"),
}
# As Odoo's own: the currency of a company.
SAYS_NOTHING = "backlog_currency_id"


@tagged("post_install", "-at_install")
class TestMatrixRows(MatrixCase):
    """Which rows each sees, in every way in which rows are read."""

    def _documents(self):
        """``{letter: order}``: the seller's own, a colleague's, and one of another
        company; with an event of each."""
        self.patch(type(self.env["backlog.event"]), "_has_rules", lambda self: True)
        self.patch(
            self.env.registry["ir.cron"], "_commit_progress", lambda *a, **k: True
        )
        company = self.other_company
        there = self.env["sale.order"].with_company(company).sudo()
        values = {"product_id": self.product.id, "product_uom_qty": 1}
        foreign = there.create(
            {
                "partner_id": self.customer.id,
                "company_id": company.id,
                "order_line": [Command.create(values)],
            }
        )
        foreign.action_confirm()
        orders = {
            "o": self._order((self.product, 3), user=self.users["seller"]),
            "t": self._order((self.product, 3)),
            "x": foreign,
        }
        self.env.flush_all()
        self.env["backlog.fold"]._fold()
        self.env["backlog.event"]._cron_note()
        return orders

    def _ways(self, records, domain, name):
        """``{way: ids found in the field name}``, as the client and programs read."""
        rows = records.search(domain)
        ids = rows.sudo().mapped(lambda row: row[name].id)
        groups = records.formatted_read_group(domain, [name], ["__count"])
        [whole, pivot] = records.formatted_read_grouping_sets(
            domain, [[], [name]], ["__count"]
        )
        self.assertEqual(sum(row["__count"] for row in whole), len(rows))
        exported = rows._export_rows([[name, ".id"]])
        named = [one for one, _label in records.name_search(domain=domain, limit=None)]
        page = records.web_search_read(domain, {name: {}})
        return {
            "search": ids,
            "search_read": [
                row[name] and row[name][0]
                for row in records.search_read(domain, [name])
            ],
            "web_search_read": [row[name] for row in page["records"]],
            "_read_group": [
                value.id for (value,) in records._read_group(domain, [name])
            ],
            "formatted_read_group": [row[name] and row[name][0] for row in groups],
            "pivot": [row[name] and row[name][0] for row in pivot],
            "export": [int(value) if value else False for [value] in exported],
            "name_search": records.browse(named).sudo().mapped(lambda r: r[name].id),
            "web_read": [
                row[name] for row in rows.web_read({name: {}, "display_name": {}})
            ],
        }

    def _assert_refused(self, records):
        for call in (
            lambda: records.search([]),
            lambda: records.search_count([]),
            lambda: records.search_read([], ["id"]),
            lambda: records.name_search(""),
            lambda: records._read_group([], [], ["__count"]),
            lambda: records.web_search_read([], {"display_name": {}}),
            lambda: records.formatted_read_group([], [], ["__count"]),
            lambda: records.sudo().search([], limit=1).sudo(False).read(["id"]),
        ):
            with self.assertRaises(AccessError):
                call()

    def _hold(self, rows, ids, name):
        """Every way against the table ``rows``; ``ids`` is what stands for a letter in
        the field ``name``."""
        for model, cells in table(rows).items():
            if model not in self.env:
                continue
            everything = self.env[model].sudo().with_context(active_test=False)
            domain = [(name, "in", list(ids.values()))]
            for role, cell in cells.items():
                records = self._as(role, model)
                if cell == "!":
                    with self.subTest(model=model, role=role):
                        self._assert_refused(records)
                    continue
                expected = {ids[letter] for letter in cell if letter != "-"}
                for way, found in self._ways(records, domain, name).items():
                    with self.subTest(model=model, role=role, way=way):
                        self.assertEqual({one or False for one in found}, expected)
                hidden = everything.search(domain) - records.search(domain).sudo()
                with self.subTest(model=model, role=role, way="read of the hidden"):
                    self.assertEqual(bool(hidden), len(expected) < len(ids))
                    for row in hidden.with_env(records.env):
                        with self.assertRaises(AccessError):
                            row.read([name])
                        row.invalidate_recordset()
                        with self.assertRaises(AccessError):
                            row[name]

    def test_every_model_with_rows_of_companies_is_in_a_table(self):
        """Of those that somebody may read: windows are their users' own."""
        readable = {
            name
            for name, model in self.env.items()
            if model._original_module in ADDONS
            and not model._abstract
            and not model._transient
            and "company_id" in model._fields
            and any(self._as(role, name).has_access("read") for role in self.users)
        }
        known = table(ROWS).keys() | table(COMPANY_ROWS).keys()
        self.assertEqual(readable, known & set(self.env))

    def test_windows_are_their_users_own(self):
        """They hold prices, and what is to be printed or ordered."""
        self._company_records()
        of_company = [("company_id", "=", self.company.id)]
        suggestion = self.env["backlog.suggestion"].search(of_company, limit=1)
        bought = self.env["purchase.order.line"].search(of_company, limit=1)
        moved = self.env["stock.move"].search(of_company, limit=1)
        ordered = self.env["sale.order"].search(of_company, limit=1)
        windows = {
            "backlog.confirm.order": {"order_id": ordered.id},
            "backlog.purchase.change": {
                "purchase_id": bought.order_id.id,
                "kind": "move",
                "line_ids": [Command.create({"order": "S1"})],
            },
            "backlog.confirm.request": {
                "line_ids": [
                    Command.create({"document": f"purchase.order,{bought.order_id.id}"})
                ]
            },
            "backlog.report": {},
            "backlog.ship": {"line_ids": [Command.create({"move_id": moved.id})]},
            "backlog.suggestion.accept": {
                "company_id": self.company.id,
                "line_ids": [Command.create({"suggestion_id": suggestion.id})],
            },
            "backlog.suggestion.defer": {},
            "backlog.suggestion.order": {
                "line_ids": [Command.create({"company_id": self.company.id})],
            },
            "backlog.suggestion.vendor": {
                "line_ids": [Command.create({"suggestion_id": suggestion.id})],
            },
            "backlog.vendor.switch": {
                "currency_id": self.company.currency_id.id,
                "line_ids": [Command.create({"purchase_line_id": bought.id})],
            },
        }
        rights = (
            "purchase.group_purchase_user,stock.group_stock_user,"
            "sales_team.group_sale_salesman_all_leads,"
            "inventory_backlog.group_backlog_manager"
        )
        mine, other = (new_test_user(self.env, n, rights) for n in ("mine", "other"))
        seen = set()
        for model, values in windows.items():
            window = self.env[model].with_user(mine).create(values)
            lines = window.line_ids if "line_ids" in values else ()
            for record in (window, *lines):
                seen.add(record._name)
                with self.subTest(model=record._name):
                    record.check_access("read")
                    self.assertFalse(record.with_user(other).has_access("read"))
        ours = {
            name
            for name, model in self.env.items()
            if model._original_module in ADDONS
            and model._transient
            and model.with_user(mine).has_access("read")
        }
        self.assertEqual(seen, ours)

    def test_rows_of_orders(self):
        orders = self._documents()
        lines = {letter: order.order_line.id for letter, order in orders.items()}
        self._hold(ROWS, lines, "order_line_id")

    def _company_records(self):
        goods = {"product_id": self.product.id, "product_qty": 2}
        # What one has put aside nobody else sees.
        self.env["backlog.snooze"].create(
            {
                "user_id": self.env.uid,
                "company_id": self.company.id,
                "order_line_id": self._order((self.product, 1)).order_line.id,
                "until": NOW.date(),
            }
        )
        for company in (self.company, self.other_company):
            own = self.env(context={"allowed_company_ids": company.ids})
            own["backlog.snapshot"].sudo().create(
                {
                    "day": NOW.date(),
                    "day_from": NOW.date(),
                    "company_id": company.id,
                    "backlog_state": "ready",
                }
            )
            suggestions = own["backlog.suggestion"].sudo()
            suggestion = suggestions.create(
                {
                    "product_id": self.product.id,
                    "warehouse_id": own["stock.warehouse"]
                    .search([("company_id", "=", company.id)], limit=1)
                    .id,
                    "company_id": company.id,
                    "action_type": "buy",
                }
            )
            part = {"suggestion_id": suggestion.id, "company_id": company.id}
            suggestion.line_ids.create(part)
            if WITH_BRIDGE in own:
                own[WITH_BRIDGE].sudo().create({**part, "product_id": self.product.id})
            user = self.users["manager" if company == self.company else "other"]
            own["backlog.report.recipient"].create({"user_id": user.id})
            purchase = own["purchase.order"].create(
                {
                    "partner_id": self.vendor.id,
                    "company_id": company.id,
                    "order_line": [Command.create(goods)],
                }
            )
            purchase.button_confirm()
            purchase.picking_ids.move_ids.picked = True
            purchase.picking_ids.button_validate()
        for company in (self.company, self.other_company, self.env["res.company"]):
            self.env["backlog.disruption"].create(
                {
                    "partner_id": self.vendor.id,
                    "date_from": NOW.date(),
                    "reason": "Fire",
                    "company_id": company.id,
                }
            )
            with mute_logger("odoo.addons.inventory_backlog"):
                self.env["backlog.fault"]._report(
                    "other", f"one of {company.name}", "Broken", company.id
                )
        self.env.flush_all()
        return {"c": self.company.id, "x": self.other_company.id}

    def test_rows_of_companies(self):
        ids = self._company_records()
        for_all, others = {}, {}
        for model, cells in table(COMPANY_ROWS).items():
            into = for_all if model in FOR_ALL else others
            into[model] = cells
        self._hold(self._as_text(others), ids, "company_id")
        self._hold(self._as_text(for_all), {**ids, "n": False}, "company_id")

    def test_rows_of_companies_for_buyers(self):
        ids = self._company_records()
        self.users = dict(self.users)
        for role, companies in (
            ("there", self.other_company),
            ("both", self.other_company + self.company),
        ):
            self.users[role] = new_test_user(
                self.env,
                f"buyer {role}",
                "purchase.group_purchase_user",
                company_id=companies[0].id,
                company_ids=[Command.set(companies.ids)],
            )
        self._hold(BUYER_ROWS, ids, "company_id")

    def _as_text(self, rows):
        columns = list(next(iter(rows.values())))
        lines = [
            " ".join([name, *(cells[column] for column in columns)])
            for name, cells in rows.items()
        ]
        return "\n".join([" ".join(columns), *lines])

    def test_computed_fields_of_hidden_documents_are_refused_by_attribute(self):
        """Odoo does not check access when a field that is not stored is computed."""
        orders = self._documents()
        for role, cell in table(ROWS)["backlog.line"].items():
            # Buyers and managers see what is wanted; orders are read by who sells them.
            seen = cell if role not in ("purchase", "manager") else "!"
            for letter, order in orders.items():
                for model, names in COMPUTED.items():
                    record = order if model == "sale.order" else order.order_line
                    record = self._as(role, model).browse(record.id)
                    for name in names:
                        record.invalidate_recordset()
                        with self.subTest(role=role, order=letter, field=name):
                            if letter in seen:
                                record.read([name])
                                self.assertIsNotNone(record[name])
                                continue
                            with self.assertRaises(AccessError):
                                record.read([name])
                            record.invalidate_recordset()
                            with self.assertRaises(AccessError):
                                record[name]

    def test_computed_fields_are_for_who_may_read_the_document(self):
        """All of ours on documents of others, of either company."""
        for company in (self.company, self.other_company):
            seen = set()
            for record in self._documents_of(company):
                for role in self.users:
                    readable = self._as(role, record._name).browse(record.id)
                    may = readable.has_access("read")
                    if may:
                        seen.add(role)
                    for name in self._our_computed_fields(record):
                        with self.subTest(company=company.name, role=role, field=name):
                            self._assert_read(readable, name, may)
            here = company == self.company
            self.assertEqual("other" in seen, not here)
            self.assertEqual("stock" in seen, here)

    def _assert_read(self, record, name, may):
        """By attribute and over the wire, or neither."""
        self.env.invalidate_all()
        if may and record._has_field_access(record._fields[name], "read"):
            # Neither raises.
            shown = record._fields[name].convert_to_read(record[name], record)
            self.assertEqual(record.read([name])[0][name], shown)
            return
        with self.assertRaises(AccessError):
            record[name]
        with self.assertRaises(AccessError):
            record.read([name])

    def _our_computed_fields(self, record):
        names = [
            name
            for name, field in record._fields.items()
            if set(field._modules)
            and set(field._modules) <= ADDONS
            and field.compute
            and not field.store
            and name != SAYS_NOTHING
        ]
        self.assertTrue(names, record)
        return names

    def _documents_of(self, company):
        """One of each kind. The vendor of the product is out, and sells it to all."""
        there = self.env(context={"allowed_company_ids": company.ids})
        product = self._product("There", company_id=company.id)
        offers = [{"company_id": company.id}, {"company_id": False}]
        product.seller_ids = [
            Command.create({"partner_id": self.vendor.id, **offer}) for offer in offers
        ]
        goods = [Command.create({"product_id": product.id})]
        order = there["sale.order"].create(
            {"partner_id": self.customer.id, "order_line": goods}
        )
        order.action_confirm()
        purchase = there["purchase.order"].create(
            {"partner_id": self.vendor.id, "order_line": goods}
        )
        self.env["backlog.disruption"].create(
            {"partner_id": self.vendor.id, "date_from": NOW.date(), "reason": "Fire"}
        )
        self.env.flush_all()
        return (
            order,
            order.order_line,
            order.picking_ids,
            order.picking_ids.move_ids,
            purchase,
            purchase.order_line,
            product,
            product.product_tmpl_id,
            product.seller_ids[0],
        )
