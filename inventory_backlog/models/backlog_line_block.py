from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.bounds import money, money_of_json


class BacklogLine(models.Model):
    """What keeps goods here that are ready, or the whole order of a customer."""

    _inherit = "backlog.line"
    _depends = {
        "account.account": ["account_type"],
        "account.move.line": [
            "account_id",
            "amount_residual",
            "company_id",
            "parent_state",
            "partner_id",
            "reconciled",
        ],
        "res.company": ["account_use_credit_limit", "parent_path"],
        "res.partner": ["commercial_partner_id", "credit_limit"],
        "sale.order": ["picking_policy"],
    }

    block_cause = fields.Selection(
        [
            ("whole_order", "Ships all at once"),
            ("credit", "Over the credit limit"),
        ],
        "Blocked by",
        readonly=True,
        # Read when asked for: it looks at all lines of the order.
        prefetch=False,
        help="Why goods may not leave. Ships all at once: they are ready, but the "
        "order leaves in one piece and something of it is short. Over the credit "
        "limit: the customer owes more on invoices than the limit allows.",
    )

    @api.model
    def _block_cause(self):
        return SQL(
            """
            CASE WHEN %s THEN 'credit'
                 WHEN line.backlog_qty > 0 AND line.in_one_piece AND whole.is_short
                 THEN 'whole_order'
             END
            """,
            self._is_over_limit(),
        )

    @api.model
    def _is_over_limit(self):
        """Whether the customer of ``line`` owes more than Odoo's credit limit allows in
        that company."""
        companies = (
            self.env["res.company"]
            ._backlog_visible()
            .filtered("account_use_credit_limit")
        )
        if not companies:
            return SQL("FALSE")
        return SQL(
            """
            ((SELECT commercial_partner_id FROM res_partner WHERE id = line.partner_id),
             line.company_id) IN (%s)
            """,
            SQL(" UNION ALL ").join(map(self._customers_over_limit, companies)),
        )

    @api.model
    def _customers_over_limit(self, company):
        """The customers whose open invoices are above their limit in ``company``, as in
        Odoo's own ``res.partner.credit``. No limit is none, not zero."""
        partners = self.env["res.partner"].sudo().with_company(company)
        return SQL(
            """
            SELECT item.partner_id, %(company)s
              FROM account_move_line item
              JOIN account_account account ON account.id = item.account_id
              JOIN res_company owner ON owner.id = item.company_id
              JOIN res_partner partner ON partner.id = item.partner_id
        CROSS JOIN LATERAL (SELECT %(limit)s AS amount) credit
             WHERE item.parent_state = 'posted'
               AND item.reconciled IS NOT TRUE
               AND account.account_type = 'asset_receivable'
               AND owner.parent_path LIKE %(root)s
               AND credit.amount > 0
          GROUP BY item.partner_id, credit.amount
            HAVING SUM(%(residual)s) > credit.amount
            """,
            company=company.id,
            residual=money(SQL("item.amount_residual")),
            limit=SQL(
                "CASE WHEN partner.credit_limit ? %s THEN %s ELSE %s END",
                str(company.id),
                money_of_json(SQL("partner.credit_limit"), SQL("%s", str(company.id))),
                partners._field_to_sql("partner", "credit_limit"),
            ),
            root=f"{company.root_id.id}/%",
        )
