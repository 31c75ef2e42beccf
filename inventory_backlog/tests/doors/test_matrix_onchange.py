import json
import re

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..common import NOW
from ..matrix import ADDONS, MatrixCase

# What is only in records that the roles may not read. An id that was sent comes back,
# nothing else.
SECRET = re.compile("Hidden|8675|2041-")
# Every model of Odoo has them.
OF_ODOO = {"create_uid", "write_uid"}
DEPTH = 2


@tagged("post_install", "-at_install")
class TestMatrixOnchange(MatrixCase):
    """What a form asks before it is saved: any id may be sent in any link, as a value
    or by a default of the context, and nothing of a record that one may not read comes
    back. Of Odoo's own models our fields are held to it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = dict(cls.users)
        cls.users["maker"] = new_test_user(
            cls.env,
            "matrix maker",
            "purchase.group_purchase_user,sales_team.group_sale_salesman,"
            "inventory_backlog.group_backlog_manager,stock.group_stock_manager,"
            "base.group_partner_manager,product.group_product_manager",
        )
        if cls.env.ref("mrp.group_mrp_user", raise_if_not_found=False):
            cls.users["maker"].group_ids += cls.env.ref("mrp.group_mrp_user")
        cls.hidden = {}
        # Nobody of them works there.
        cls._hide(cls.env["res.company"].create({"name": "Hidden Company"}))
        cls.env.flush_all()

    @classmethod
    def _hide(cls, company):
        """One record of each kind in ``company``, with secrets in its texts, amounts
        and days."""
        there = cls.env(
            context={
                "allowed_company_ids": company.ids,
                "tracking_disable": True,
            }
        )
        partner = there["res.partner"].create(
            {"name": "Hidden Contact", "company_id": company.id}
        )
        product = cls._product("Hidden Goods", company_id=company.id).with_env(there)
        offer = there["product.supplierinfo"].create(
            {
                "partner_id": partner.id,
                "product_tmpl_id": product.product_tmpl_id.id,
                "company_id": company.id,
                "price": 86753,
                "product_name": "Hidden Offer",
            }
        )
        goods = {"product_id": product.id, "name": "Hidden Line", "price_unit": 86753}
        order = there["sale.order"].create(
            {
                "partner_id": partner.id,
                "name": "Hidden Order",
                "order_line": [Command.create({**goods, "product_uom_qty": 3})],
            }
        )
        order.action_confirm()
        purchase = there["purchase.order"].create(
            {
                "partner_id": partner.id,
                "name": "Hidden Request",
                "order_line": [Command.create({**goods, "product_qty": 86753})],
            }
        )
        purchase.order_line.date_planned = "2041-05-06"
        warehouse = there["stock.warehouse"].search(
            [("company_id", "=", company.id)], limit=1
        )
        warehouse.name = "Hidden Warehouse"
        suggestion = there["backlog.suggestion"].create(
            {
                "product_id": product.id,
                "warehouse_id": warehouse.id,
                "company_id": company.id,
                "action_type": "buy",
                "supplierinfo_id": offer.id,
                "partner_id": partner.id,
                "suggested_qty": 86753,
                "need_date": "2041-05-06",
                "line_ids": [
                    Command.create(
                        {
                            "company_id": company.id,
                            "order_line_id": order.order_line.id,
                            "document": f"purchase.order,{purchase.id}",
                            "qty": 86753,
                        }
                    )
                ],
            }
        )
        purchase.order_line.backlog_suggestion_id = suggestion
        disruption = there["backlog.disruption"].create(
            {
                "partner_id": partner.id,
                "reason": "Hidden Reason",
                "company_id": company.id,
                "date_from": NOW.date(),
            }
        )
        user = new_test_user(
            there,
            "hidden",
            "purchase.group_purchase_user,inventory_backlog.group_backlog_manager",
            name="Hidden User",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        recipient = there["backlog.report.recipient"].create({"user_id": user.id})
        accept = (
            there["backlog.suggestion.accept"]
            .with_user(user)
            ._open_for(suggestion.with_user(user))
        )
        accept = there["backlog.suggestion.accept"].browse(accept["res_id"])
        switch = (
            there["backlog.vendor.switch"]
            .with_user(user)
            ._open_for(purchase.order_line.with_user(user))
        )
        switch = there["backlog.vendor.switch"].browse(switch["res_id"])
        moves = order.picking_ids.move_ids
        for record in (
            company,
            partner,
            product,
            product.product_tmpl_id,
            offer,
            order,
            order.order_line,
            purchase,
            purchase.order_line,
            warehouse,
            warehouse.lot_stock_id,
            warehouse.in_type_id,
            suggestion,
            suggestion.line_ids,
            disruption,
            user,
            recipient,
            accept,
            accept.line_ids,
            switch,
            switch.line_ids,
            order.picking_ids,
            moves,
        ):
            cls.hidden[record._name] = record[:1]

    # The doors

    def _models(self):
        """Ours, and those of Odoo with fields of ours."""
        for name, model in sorted(self.env.items()):
            if not model._abstract and (
                model._original_module in ADDONS
                or any(self._is_ours(field) for field in model._fields.values())
            ):
                yield name

    def _is_ours(self, field):
        return bool(field._modules) and set(field._modules) <= ADDONS

    def _spec(self, records, depth=DEPTH):
        """What a form of all fields asks for: of Odoo's models our fields."""
        whole = records._original_module in ADDONS
        spec = {}
        for name, field in records._fields.items():
            if name in OF_ODOO or not (
                whole and not self._is_of_mail(field) or self._is_ours(field)
            ):
                continue
            if not records._has_field_access(field, "read"):
                continue
            spec[name] = {}
            if field.type == "many2one":
                spec[name] = {"fields": {"display_name": {}}}
            elif field.relational and depth:
                comodel = records.env[field.comodel_name]
                spec[name] = {"fields": self._spec(comodel, depth - 1)}
            elif field.type == "reference":
                spec[name] = {"fields": {"display_name": {}}}
        spec.pop("id", None)
        return spec

    def _spec_with(self, records, name):
        """With the list that is sent."""
        spec = self._spec(records)
        field = records._fields[name]
        if name not in spec and field.type in ("one2many", "many2many"):
            inner = self._spec(records.env[field.comodel_name], 1)
            spec[name] = {"fields": inner}
        return spec

    def _is_of_mail(self, field):
        return field.name in self.env["mail.thread"]._fields | (
            self.env["mail.activity.mixin"]._fields
        )

    def _values(self, records, depth=DEPTH):
        """``{field: [values]}`` that name what is hidden."""
        values = {}
        for name, field in records._fields.items():
            if name in OF_ODOO or self._is_of_mail(field):
                continue
            if field.type == "reference" and self._is_ours(field):
                secret = self.hidden["purchase.order"]
                values[name] = [f"{secret._name},{secret.id}"]
            if not field.relational:
                continue
            secret = self.hidden.get(field.comodel_name)
            if secret and secret.with_env(records.env).has_access("read"):
                # Employees of all companies may be read, as in Odoo.
                self.assertEqual(secret._name, "res.users")
                secret = None
            if field.type == "many2one":
                if secret:
                    values[name] = [secret.id, {"id": secret.id}]
                continue
            values[name] = []
            if secret:
                values[name] += [
                    [Command.link(secret.id)],
                    [Command.set(secret.ids)],
                    [Command.update(secret.id, {})],
                ]
            comodel = records.env[field.comodel_name]
            if depth and self._spec(comodel, 0):
                nested = {
                    inner: some[0]
                    for inner, some in self._values(comodel, depth - 1).items()
                    if some and comodel._fields[inner].type != "one2many"
                }
                values[name] += [
                    [Command.create({inner: value})] for inner, value in nested.items()
                ]
        return {name: some for name, some in values.items() if some}

    def _own(self, records):
        """A record that the role may change, if there is one."""
        if not records.has_access("write") or records._transient:
            return records.browse()
        return records.search([], limit=1)

    def _doors(self, records, name, value):
        """``(door, call)`` of every way in which a form may name ``value``."""
        spec = self._spec_with(records, name)
        default = {f"default_{name}": value}
        ours = records._original_module in ADDONS
        for on in {records, self._own(records)}:
            if not on and not on.has_access("create"):
                continue
            yield "first", lambda on=on: on.onchange({name: value}, [], spec)
            if ours:
                yield "onchange", lambda on=on: on.onchange({name: value}, [name], spec)
            if not on and (ours or self._is_ours(records._fields[name])):
                yield (
                    "default",
                    lambda: records.with_context(**default).onchange({}, [], spec),
                )
                yield (
                    "default_get",
                    lambda: records.with_context(**default).default_get(list(spec)),
                )

    def _answer(self, call):
        """What comes back, or None when it is refused."""
        self.env.invalidate_all()
        try:
            with self.env.cr.savepoint(flush=False):
                answer = call()
        except (AccessError, ValidationError, IntegrityError):
            return None
        finally:
            self.env.clear()
        return answer

    @mute_logger("odoo.sql_db")
    def test_onchange_gives_nothing_of_what_one_may_not_read(self):
        asked = set()
        for model in self._models():
            for role in self.users:
                records = self._as(role, model)
                if not records.has_access("create") and not self._own(records):
                    with self.assertRaises(AccessError):
                        records.onchange({}, [], {})
                    continue
                for name, some in self._values(records).items():
                    field = records._fields[name]
                    if not records._has_field_access(field, "read") or (
                        # Who has all rights asks for all of Odoo's own fields.
                        role != "maker"
                        and records._original_module not in ADDONS
                        and not self._is_ours(field)
                    ):
                        continue
                    for value in some:
                        for door, call in self._doors(records, name, value):
                            asked.add((model, role))
                            where = f"{model}.{name}={value} by {door} as {role}"
                            with self.subTest(where):
                                text = json.dumps(self._answer(call), default=str)
                                self.assertNotRegex(text, SECRET)
        self.assertIn(("backlog.suggestion.accept.line", "purchase"), asked)
        self.assertIn(("backlog.vendor.switch.line", "manager"), asked)
        self.assertIn(("purchase.order.line", "purchase"), asked)

    @mute_logger("odoo.sql_db")
    def test_saving_gives_nothing_of_what_one_may_not_read(self):
        for model in self._models():
            if self.env[model]._original_module not in ADDONS:
                continue
            for role in ("purchase", "manager", "maker"):
                records = self._as(role, model)
                if not records.has_access("create"):
                    continue
                for name, some in self._values(records).items():
                    for value in some:
                        for door, call in self._saving_doors(records, name, value):
                            with self.subTest(f"{model}.{name}={value} by {door}"):
                                text = json.dumps(self._answer(call), default=str)
                                self.assertNotRegex(text, SECRET)

    def _saving_doors(self, records, name, value):
        """``(door, call)`` of the ways in which a form is saved."""
        spec = self._spec_with(records, name)
        default = records.with_context(**{f"default_{name}": value})
        yield "web_save", lambda: records.web_save({name: value}, spec)
        yield "default", lambda: default.web_save({}, spec)
        yield "name_create", lambda: default.name_create("New")

    def test_links_to_what_one_may_not_read_are_refused_when_saved(self):
        partner, template = (
            self.hidden[name] for name in ("res.partner", "product.template")
        )
        suggestion, bought = (
            self.hidden[name] for name in ("backlog.suggestion", "purchase.order.line")
        )
        for model, values in (
            ("backlog.disruption", {"partner_id": partner.id, "reason": "Fire"}),
            (
                "backlog.disruption",
                {
                    "partner_id": self.vendor.id,
                    "reason": "Fire",
                    "product_tmpl_ids": [Command.set(template.ids)],
                },
            ),
            ("backlog.report", {"partner_id": partner.id}),
            (
                "backlog.suggestion.accept",
                {
                    "company_id": self.company.id,
                    "line_ids": [Command.create({"suggestion_id": suggestion.id})],
                },
            ),
            (
                "backlog.suggestion.defer",
                {"suggestion_ids": [Command.set(suggestion.ids)]},
            ),
            (
                "backlog.vendor.switch",
                {"line_ids": [Command.create({"purchase_line_id": bought.id})]},
            ),
        ):
            with self.subTest(model=model), self.assertRaises(AccessError):
                self._as("maker", model).create(values)

    def test_a_window_of_somebody_else_cannot_be_read_or_copied(self):
        for model, name in (
            ("backlog.suggestion.accept", "total_cost"),
            ("backlog.suggestion.accept.line", "product_id"),
            ("backlog.vendor.switch", "extra_cost"),
            ("backlog.vendor.switch.line", "order_id"),
        ):
            window = self.hidden[model].with_env(self._as("maker", model).env)
            for call in (
                lambda window=window, name=name: window.read([name]),
                lambda window=window, name=name: window.web_read({name: {}}),
                lambda window=window: window.copy(),
                lambda window=window, name=name: window.onchange({}, [], {name: {}}),
            ):
                with self.subTest(model=model), self.assertRaises(AccessError):
                    call()

    def test_settings_are_read_with_the_rights_of_the_reader(self):
        """Only administrators of Odoo open them, and these may read all companies."""
        settings = self.env["res.config.settings"]
        names = [name for name in settings._fields if name.startswith("backlog_")]
        self.assertTrue(names)
        for name in names:
            with self.subTest(field=name):
                field = settings._fields[name]
                self.assertFalse(field.related and field.compute_sudo)
