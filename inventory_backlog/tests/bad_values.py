"""A world in which any value can go bad, and every door to look at it through."""

import json
from datetime import date, datetime
from unittest.mock import patch

from odoo.fields import Command
from odoo.models import BaseModel
from odoo.tests import new_test_user
from odoo.tools import SQL

from .cash import CashCase


def cells(text):
    """``[(table, column, row, value)]`` of a table of bad values: each line names a
    column, a row of the world, and what somebody wrote there."""
    return [
        (*place.split("."), row, value)
        for place, row, *values in map(str.split, text.strip().splitlines())
        for value in values
    ]


class BadValueCase(CashCase):
    """The customer and the vendor of ``BacklogCase``, served by ``self.seller``: their
    values are right. Those of another customer and another vendor, served by
    ``self.colleague``, go bad. ``self.reader`` looks at them in every way."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._second_company()
        cls.reader = new_test_user(
            cls.env,
            "reader",
            "sales_team.group_sale_salesman_all_leads,purchase.group_purchase_user,"
            "stock.group_stock_user,inventory_backlog.group_backlog_manager,"
            "base.group_allow_export",
            company_ids=[Command.set((cls.company + cls.other).ids)],
            tz="Asia/Jakarta",
        )
        cls.company.account_use_credit_limit = True
        cls.company.backlog_vendor_min_receipts = 1
        cls.table = cls._product("Table", list_price=50)
        cls.bad_customer = cls.env["res.partner"].create(
            {"name": "Bad", "is_company": True}
        )
        cls.bad_vendor = cls.env["res.partner"].create({"name": "Bad Vendor"})
        cls.colleague = new_test_user(
            cls.env, "colleague", "sales_team.group_sale_salesman", tz="UTC"
        )
        cls.bad_orders = cls.env["sale.order"]
        cls.bad_goods = cls.env["product.product"]

    def _good_world(self):
        self._put_in_stock(self.product, 5)
        self._sold_by(self.table, price=20, delay=5)
        self._receive(self._purchase((self.product, 2), days=-1))
        self.shipped = self._order(self.product, 2)
        self._ship(self.shipped)
        self.good = self._order(self.product, 3) + self._order(
            (self.product, 4), (self.table, 2), payment_term_id=self.split_term.id
        )
        self._purchase((self.product, 10), days=7)
        self.request = self._request((self.table, 1), days=9)
        self._pay(self.good[0], 100)
        self.good_products = self.product + self.table

    def _bad_order(self, *goods, skip=False, **values):
        order = self._quote(
            *goods,
            user=self.colleague,
            **{"partner_id": self.bad_customer.id, **values},
        )
        order.with_context(skip_procurement=skip).action_confirm()
        self.bad_orders |= order.sudo()
        return order.sudo()

    # Writing what nobody checks

    def _write_bad(self, table, column, records, value):
        """Write it as an import in SQL does."""
        self.env.flush_all()
        kind, company_id = self._type(table, column), self.company.id
        if kind == "jsonb":
            value = f'{{"{company_id}": {value}}}'
        self.env.cr.execute(
            SQL(
                "UPDATE %s SET %s = %s::%s WHERE id = ANY(%s)",
                SQL.identifier(table),
                SQL.identifier(column),
                None if value == "NULL" else value,
                SQL(kind),
                records.ids,
            )
        )
        self.assertTrue(self.env.cr.rowcount)
        self.env.invalidate_all()
        self.env.registry.clear_cache()

    def _type(self, table, column):
        [[kind]] = self.env.execute_query(
            SQL(
                """
                SELECT FORMAT_TYPE(atttypid, atttypmod)
                  FROM pg_attribute
                 WHERE attrelid = %s::regclass AND attname = %s
                """,
                table,
                column,
            )
        )
        return kind

    # Looking

    def _as(self, model, **context):
        records = self.env[model].with_user(self.reader)
        return records.with_context(
            allowed_company_ids=(self.company + self.other).ids, **context
        )

    def _plain(self, answer):
        """The answer as the web client gets it: JSON knows no NaN."""

        def default(value):
            if isinstance(value, date | datetime):
                return value.isoformat()
            return value.ids if isinstance(value, BaseModel) else str(value)

        return json.loads(json.dumps(answer, default=default, allow_nan=False))

    def _of_good(self, rows, name="id", ids=None):
        """The rows of the order lines, or of other records, whose values are right."""
        ids = set(ids or self.good.order_line.ids)
        return [
            row
            for row in self._plain(rows)
            if (row[name][0] if isinstance(row[name], list) else row[name]) in ids
        ]

    def _answer(self, door):
        """What the door gives, from an empty cache, leaving nothing behind; or an
        exception."""
        # What another door had cached is as far away as what it had written.
        self.env.registry.clear_cache()
        self.env.invalidate_all()
        try:
            with self.env.cr.savepoint() as savepoint:
                answer = getattr(self, f"door_{door}")()
                savepoint.rollback()
        except Exception as error:  # noqa: BLE001
            return error
        return answer

    def _answers(self, doors=None):
        """What each of the doors gives, or all of them."""
        doors = doors or [name[5:] for name in dir(self) if name.startswith("door_")]
        return {door: self._answer(door) for door in doors}

    def _wrong(self, right, answers):
        """``{door: what is wrong}``."""
        return {
            door: repr(answer)
            if isinstance(answer, Exception)
            else f"other figures: {self._difference(right[door], answer)}"
            for door, answer in answers.items()
            if isinstance(answer, Exception) or answer != right[door]
        }

    def _difference(self, one, other):
        """The first that differs of two answers."""
        if isinstance(one, dict) and isinstance(other, dict):
            pairs = [(one.get(key), other.get(key)) for key in one | other]
        elif isinstance(one, list | tuple) and len(one) == len(other):
            pairs = zip(one, other, strict=True)
        else:
            return f"{one} is {other}"
        return next(self._difference(*pair) for pair in pairs if pair[0] != pair[1])

    def _culprit(self, right, door, places):
        """One of the bad values with which the door goes wrong, by halves."""
        while len(places) > 1:
            half = places[: len(places) // 2]
            with self.env.cr.savepoint() as savepoint:
                for place in half:
                    self._write_bad(*place)
                wrong = self._wrong(right, {door: self._answer(door)})
                savepoint.rollback()
            places = half if wrong else places[len(half) :]
        return "{}.{} of {} = {}".format(*places[0])

    def _assert_same(self, places, doors=None):
        """With all bad values in their places every door gives what it gave before.

        :param places: ``[(table, column, records, value)]``
        """
        self.env["backlog.fold"]._fold()
        # PostgreSQL must not think of the tables as they were before this world.
        self.env.cr.execute("ANALYZE")
        right = self._answers(doors)
        self.assertEqual(self._wrong(right, right), {})
        with self.env.cr.savepoint() as savepoint:
            for place in places:
                self._write_bad(*place)
            wrong = self._wrong(right, self._answers(doors))
            savepoint.rollback()
        self.assertFalse(
            wrong,
            "\n".join(
                f"{door}: {text}: {self._culprit(right, door, places)}"
                for door, text in wrong.items()
            ),
        )

    # The doors

    def _all_fields(self, model):
        return [name for name in self._as(model).fields_get() if name != "why"]

    def _door_list(self, model, name="id", ids=None):
        rows = self._as(model).search([]).read(self._all_fields(model))
        return self._of_good(rows, name, ids)

    def door_lines(self):
        return self._door_list("backlog.line")

    def door_lines_on_screen(self):
        names = ("order_id", "open_value", "promise_date", "prepaid_value")
        answer = self._as("backlog.line").web_search_read(
            [], {name: {} for name in names}
        )
        return self._of_good(answer["records"])

    def door_lines_sorted(self):
        names = (
            "promise_date",
            "first_promise_date",
            "expected_date",
            "date_order",
            "open_value",
            "margin_value",
            "prepaid_value",
            "ordered_qty",
            "days_late",
        )
        lines = self._as("backlog.line")
        orders = (lines.search([], order=f"{name} desc, id") for name in names)
        return [
            [one for one in order.ids if one in self.good.order_line.ids]
            for order in orders
        ]

    def door_lines_searched(self):
        lines = self._as("backlog.line")
        good = self.good.order_line.ids
        return [
            [one for one in lines.search(domain).ids if one in good]
            for domain in (
                [("open_value", ">", 0)],
                [("ordered_qty", "<=", 4)],
                [("promise_date", ">", "2030-01-01")],
                [("expected_date", "<=", "2031-01-01")],
                [("is_at_risk", "=", True)],
                [("prepaid_value", "=", 0)],
                [("age_days", ">=", 0)],
            )
        ]

    def door_lines_grouped(self):
        lines = self._as("backlog.line")
        aggregates = [
            f"{name}:sum"
            for name, field in lines._fields.items()
            if field.type in ("float", "monetary")
        ]
        mine = []
        for group in (
            "backlog_state",
            "partner_id",
            "promise_date:year",
            "promise_date:week",
            "expected_date:quarter",
            "first_promise_date:month",
            "date_order:year",
            "age_bucket",
            "lateness_bucket",
            "user_id",
        ):
            self._plain(lines.formatted_read_group([], [group], aggregates))
            of_good = [("user_id", "=", self.seller.id)]
            mine.append(
                self._plain(lines.formatted_read_group(of_good, [group], aggregates))
            )
        return mine

    def door_lines_exported(self):
        lines = self._as("backlog.line").search([])
        names = ["order_id/name", "open_value", "promise_date", "expected_date"]
        rows = lines.with_context(import_compat=False).export_data(names)["datas"]
        return [
            row
            for row in self._plain(rows)
            if row[0] in self.good.sudo().mapped("name")
        ]

    def door_why(self):
        lines = self._as("backlog.line").browse(
            self.good.order_line.ids + self.bad_orders.order_line[::9].ids
        )
        rows = [{"id": line.id, "why": line.why} for line in lines.exists()]
        return self._of_good(rows)

    def door_slices(self):
        rows = self._as("backlog.allocation").search_read([("order_line_id", "!=", 0)])
        self._plain(rows)
        return self._of_good(rows, "order_line_id")

    def door_slices_grouped(self):
        slices = self._as("backlog.allocation")
        for group in ("date:year", "date:week", "source", "product_id"):
            self._plain(slices.formatted_read_group([], [group], ["qty:sum"]))
        return self._plain(
            slices.formatted_read_group(
                [("order_line_id", "in", self.good.order_line.ids)],
                ["date:month", "source"],
                ["qty:sum"],
            )
        )

    def door_cash(self):
        rows = self._as("backlog.cash").search_read([])
        return self._of_good(rows, "order_line_id")

    def door_cash_grouped(self):
        cash = self._as("backlog.cash")
        groups = ["flow", "kind", "date:year", "date:week", "ship_date:quarter"]
        sums = ["amount:sum", "amount:sum_currency", "amount_total:sum"]
        for group in groups:
            self._plain(cash.formatted_read_group([], [group], sums))
        of_good = [("user_id", "=", self.seller.id)]
        return self._plain(cash.formatted_read_group(of_good, groups[:3], sums))

    def door_dashboard(self):
        """All of it answers; of one's own the figures are the same."""
        whole = self._plain(self._as("backlog.dashboard").get_dashboard("all"))
        self.assertTrue(whole["tiles"])
        mine = (
            self.env["backlog.dashboard"].with_user(self.seller).get_dashboard("mine")
        )
        return self._plain(mine)

    def door_backlog_of_orders(self):
        orders = self._as("sale.order").browse((self.good + self.bad_orders).ids)
        rows = orders.get_backlog(orders.ids)
        return self._of_good(rows, "order_id", self.good.ids)

    def door_promises(self):
        products = self._as("product.product")
        goods = self.good_products + self.bad_goods
        answers = products.get_promises(
            [{"product_id": product.id, "qty": 50} for product in goods]
        )
        answers += [products.get_promise(product.id, 3) for product in goods]
        return self._of_good(answers, "product_id", self.good_products.ids)

    def door_quotation(self):
        goods = self.good_products + self.bad_goods
        quote = self._quote(*((product, 3) for product in goods))
        names = [name for name in quote.order_line._fields if name.startswith("quote_")]
        rows = quote.order_line.with_user(self.reader).read(["product_id", *names])
        for row in rows:
            del row["id"]
        return self._of_good(rows, "product_id", self.good_products.ids)

    def door_suggestions(self):
        suggestions = self._as("backlog.suggestion")
        suggestions.generate()
        every = suggestions.search([], order="order_by_date desc, id")
        rows = every.read(self._all_fields(every._name))
        lines = every.line_ids.read(["product_id", "qty", "need_date", "value"])
        for row in rows + lines:
            # Another run, other numbers.
            for name in ("id", "rank", "line_ids", "component_ids"):
                row.pop(name, None)
        window = self.env["backlog.suggestion.accept"].with_user(self.reader)
        opened = window._open_for(every)
        self._plain(window.browse(opened["res_id"]).line_ids.read())
        wanted = every.filtered(
            lambda one: one.product_id == self.table and one.action_type != "confirm"
        )
        wanted.action_create_rfq()
        ids = self.good_products.ids
        return (
            self._of_good(rows, "product_id", ids),
            self._of_good(lines, "product_id", ids),
            wanted.state,
        )

    def door_vendors(self):
        rows = self._as("product.supplierinfo").search_read(
            [],
            [
                "vendor_role",
                "is_disrupted",
                "receipt_count",
                "on_time_rate",
                "lead_time_median",
                "quality_score",
                "parity_state",
                "vendor_criteria",
                "vendor_lights",
                "price_spread",
            ],
        )
        return self._of_good(rows, ids=self.table.seller_ids.ids)

    def door_vendors_measured(self):
        """As the scheduled action leaves them."""
        cron = self.env.registry["ir.cron"]
        with patch.object(cron, "_commit_progress", lambda *_args, **_values: 1):
            self.env["backlog.vendor.measure"]._cron_refresh()
        return self.door_vendors()

    def door_vendor_receipts(self):
        receipts = self._as("backlog.vendor.receipt")
        for group in ("date:year", "partner_id", "product_id"):
            self._plain(
                receipts.formatted_read_group(
                    [], [group], ["on_time_rate:avg", "received_value:sum"]
                )
            )
        rows = receipts.search_read([])
        return self._of_good(rows, "product_id", self.product.ids)

    def door_service(self):
        service = self._as("backlog.service")
        rates = [
            f"{name}:avg"
            for name, field in service._fields.items()
            if getattr(field, "aggregator", None) == "avg"
        ]
        for group in ("date_order:year", "partner_id", "promise_date:month"):
            self._plain(service.formatted_read_group([], [group], rates))
        rows = service.search_read([])
        lines = (self.good + self.shipped).order_line
        of_good = service.formatted_read_group(
            [("user_id", "=", self.seller.id)], ["user_id"], rates
        )
        return self._of_good(rows, ids=lines.ids), self._plain(of_good)

    def door_snapshot(self):
        snapshot = self.env["backlog.snapshot"].with_context(tz="UTC")
        snapshot.env["backlog.history"]._take(self.company)
        rows = self._as("backlog.snapshot").search([]).read()
        self._plain(rows)
        groups = self._as("backlog.snapshot").formatted_read_group(
            [], ["day:year"], ["closing:sum", "closing:sum_currency"]
        )
        self._plain(groups)
        kept = self.env["backlog.snapshot.line"].search(
            [("order_line_id", "in", self.good.order_line.ids)]
        )
        return sorted((row.order_line_id, row.open_value, row.open_qty) for row in kept)

    def door_customer_summary(self):
        summary = self.customer.with_user(self.reader)._backlog_summary()
        bad = self.bad_customer.with_user(self.reader)._backlog_summary()
        self._plain(bad["totals"])
        reports = self.env["ir.actions.report"].with_user(self.reader)
        reports._render_qweb_html(
            "inventory_backlog.report_partner_backlog", self.bad_customer.ids
        )
        return self._plain([summary["orders"], summary["totals"]])

    def door_report(self):
        reports = self._as("backlog.report")
        whole = reports.create({"company_id": self.company.id})
        mine = reports.create(
            {"company_id": self.company.id, "user_id": self.seller.id}
        )
        self.env["ir.actions.report"].with_user(self.reader)._render_qweb_html(
            "inventory_backlog.report_backlog", whole.ids
        )
        data = mine._data()
        return self._plain([data["total"], data["states"], data["ages"], data["annex"]])

    def door_disruption(self):
        disruption = self._as("backlog.disruption").create(
            {
                "partner_id": self.vendor.id,
                "date_from": self._after(0).date(),
                "reason": "Fire",
            }
        )
        bad = disruption.copy({"partner_id": self.bad_vendor.id})
        self._plain(bad.impact)
        return self._plain(disruption.impact)

    def door_switching_vendor(self):
        window = self._as("backlog.vendor.switch")
        opened = window._open_for(self.request.order_line.with_user(self.reader))
        self._plain(window.browse(opened["res_id"]).line_ids.read())

    def _figures_of(self, records, good):
        names = [field.name for field in records._figure_fields()]
        rows = records.search([]).read(names)
        self._plain(rows)
        for name in names:
            records.search([], order=f"{name} desc, id", limit=1)
        return self._of_good(rows, ids=good.ids)

    def door_orders(self):
        return self._figures_of(self._as("sale.order"), self.good)

    def door_order_lines(self):
        return self._figures_of(self._as("sale.order.line"), self.good.order_line)

    def door_moves(self):
        moves = self.good.sudo().order_line.move_ids
        return self._figures_of(self._as("stock.move"), moves)

    def door_transfers(self):
        pickings = self.good.sudo().picking_ids
        return self._figures_of(self._as("stock.picking"), pickings)

    def door_products(self):
        goods = self.product + self.table
        return self._figures_of(self._as("product.product"), goods)

    def door_templates(self):
        goods = (self.product + self.table).product_tmpl_id
        return self._figures_of(self._as("product.template"), goods)

    def door_vendor_risk(self):
        names = ["main_vendor_id", "backup_vendor_count", "vendor_resilience"]
        goods = (self.product + self.table).product_tmpl_id
        rows = self._as("product.template").search([]).read(names)
        return self._of_good(rows, ids=goods.ids)

    def door_order_alert(self):
        orders = self._as("sale.order").browse((self.good + self.bad_orders).ids)
        rows = orders.read(["backlog_alert"])
        return self._of_good(rows, ids=self.good.ids)

    def door_check_availability(self):
        line = self._as("backlog.line").browse(self.good.order_line[0].id)
        return line.action_check_availability()["params"]

    def door_kept_lines(self):
        """As the fold keeps them, and it folds them once."""
        kept = self.env["backlog.kept"]
        kept.env["backlog.fold"]._fold()
        self.assertEqual(kept._touched(), [])
        self.assertEqual(kept.differences(), {"slices": [], "lines": []})
        return self.door_lines()

    def door_kept_changes(self):
        self.env["backlog.kept"].rebuild()
        answer = self._as("backlog.line").get_changes("")
        return self._of_good(answer["lines"])
