from odoo.tests import new_test_user

from .suggestions import SuggestionCase


class ActCase(SuggestionCase):
    """Lines in every state, and people of every role who do something about them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.packer = new_test_user(
            cls.env, "packer", "stock.group_stock_user", tz="UTC"
        )
        cls.manager = new_test_user(
            cls.env, "manager", "inventory_backlog.group_backlog_manager", tz="UTC"
        )
        cls.everything = new_test_user(
            cls.env,
            "everything",
            "stock.group_stock_user,sales_team.group_sale_salesman_all_leads,"
            "purchase.group_purchase_user",
            tz="UTC",
        )
        cls.roles = {
            "warehouse": cls.packer,
            "salesperson": cls.seller,
            "buyer": cls.buyer,
            "manager": cls.manager,
            "all": cls.everything,
        }

    # Lines

    def _of(self, order, user=None):
        """The backlog lines of an order as a user sees them, freshly read."""
        self.env.flush_all()
        self.env.invalidate_all()
        lines = self.env["backlog.line"].with_user(user or self.everything)
        return lines.search([("order_id", "=", order.id)])

    def _unreserved(self, product, quantity, **values):
        """An order whose goods came after it: nothing is reserved yet."""
        order = self._wanted(product, quantity, **values)
        self._put_in_stock(product, quantity)
        return order

    def _overdrawn(self, order):
        """The customer of ``order`` owes more than is allowed."""
        owing = self._wanted(self._product("Owed"), 5, partner_id=order.partner_id.id)
        owing.sudo()._create_invoices().action_post()
        self.company.account_use_credit_limit = True
        order.partner_id.sudo().credit_limit = 1

    # Acting

    def _act(self, lines, verb, user=None, **values):
        """Act on lines as a user, or as the one who sees them."""
        model = self.env["backlog.line"].with_user(user or lines.env.user)
        result = model.act(lines.ids, verb, values or None)
        self.env.flush_all()
        self.env.invalidate_all()
        return result

    def _undo(self, result, user):
        told = self.env["backlog.line"].with_user(user).undo_act(result["undo"])
        self.env.flush_all()
        self.env.invalidate_all()
        return told["message"]

    def _window(self, result, user):
        """The record of the window that an action opens, as its user sees it."""
        action = result["action"]
        return self.env[action["res_model"]].with_user(user).browse(action["res_id"])
