from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL, ormcache

from ...const import MANAGERS, MOVABLE_STATES
from ...tools.figures import search_figure
from ...tools.link import Link, check_readable
from ...tools.names import named
from ...tools.texts import short_day

STATES = [("coming", "Coming"), ("now", "Now"), ("past", "Past")]


class BacklogDisruption(models.Model):
    """A vendor is out: from a day to a day, both included, or until further notice.

    Days are those of the company's time zone. While the vendor is out, none of Odoo's
    ways to buy chooses it by itself; when it is back, nobody needs to do anything. A
    disruption holds for the vendor, its contacts and the companies below it.
    ``_out``, ``_of`` and ``_sentences`` tell who is out today; every change drops what
    Odoo has cached of that (``_clear_caches``).
    """

    _name = "backlog.disruption"
    _description = "Vendor Disruption"
    _inherit = ["mail.thread", "mail.activity.mixin", "backlog.bounds.mixin"]
    _order = "date_from desc, id desc"
    _check_company_auto = True

    partner_id = Link(
        "res.partner",
        "Vendor",
        required=True,
        check_company=True,
        index=True,
        ondelete="cascade",
        tracking=True,
        help="Who cannot deliver. Its contacts and the companies below it are out too.",
    )
    product_tmpl_ids = fields.Many2many(
        "product.template",
        string="Products",
        check_company=True,
        # An archived product stays in the list: without its last product the disruption
        # would mean everything the vendor sells.
        context={"active_test": False},
        help="The products it cannot deliver. Empty: all it sells.",
    )
    company_id = Link(
        "res.company",
        default=lambda self: self.env.company,
        help="Empty: for all companies, which is for backlog administrators who work "
        "in all of them. A branch is a company of its own.",
    )
    date_from = fields.Date(
        "From",
        required=True,
        default=lambda self: self.env.company._backlog_today(),
        tracking=True,
    )
    date_to = fields.Date(
        "To",
        tracking=True,
        help="The last day it is out. Empty: until further notice.",
    )
    reason = fields.Char(
        required=True,
        tracking=True,
        help="What happened, for everybody who has to explain the delay.",
    )
    reported_by_id = Link(
        "res.partner",
        "Said by",
        default=lambda self: self.env.user.partner_id,
        tracking=True,
        help="Who said so: somebody at the vendor, or a colleague.",
    )
    active = fields.Boolean(default=True)
    state = fields.Selection(
        STATES,
        compute="_compute_state",
        search=search_figure("state"),
        group_expand=True,
        help="Coming, now or past, by the day in the time zone of the company.",
    )
    impact = fields.Json(
        compute="_compute_impact",
        exportable=False,
        help="Purchases, customers and value that hang on this vendor, and for each "
        "product the best backup.",
    )

    _dates_in_order = models.Constraint(
        "CHECK (date_to IS NULL OR date_to >= date_from)",
        "A disruption ends on the day it begins or later.",
    )

    # Computed fields

    @api.depends("date_from", "date_to")
    @api.depends_context("company")
    def _compute_state(self):
        today = self.env.company._backlog_today()
        for disruption in self:
            if disruption.date_from and disruption.date_from > today:
                disruption.state = "coming"
            elif disruption.date_to and disruption.date_to < today:
                disruption.state = "past"
            else:
                disruption.state = "now"

    def _field_to_sql(self, alias, field_expr, query=None):
        if field_expr != "state":
            return super()._field_to_sql(alias, field_expr, query)
        table = SQL.identifier(alias)
        today = self.env.company._backlog_today()
        return SQL(
            """CASE WHEN %(table)s.date_from > %(today)s THEN 'coming'
                    WHEN %(table)s.date_to < %(today)s THEN 'past'
                    ELSE 'now' END""",
            table=table,
            today=today,
        )

    @api.depends("partner_id", "date_from", "date_to", "reason")
    def _compute_display_name(self):
        # The name of the vendor shows to all who read the disruption, also when the
        # contact was moved to another company meanwhile.
        for disruption in self:
            name = named(disruption.partner_id).display_name or ""
            disruption.display_name = (
                f"{name}: {disruption.reason}" if disruption.reason else name
            )

    @api.depends("partner_id", "product_tmpl_ids", "company_id")
    @api.depends_context("company", "lang", "uid")
    def _compute_impact(self):
        for disruption in self:
            # Odoo chooses vendors per company: take that of the disruption, if it has
            # one.
            company = disruption.company_id or self.env.company
            # The contact may have been moved to another company meanwhile.
            vendor = disruption.partner_id._origin
            impacts = self.env["backlog.impact"].with_company(company)
            disruption.impact = (
                bool(vendor)
                and vendor.has_access("read")
                and impacts._impact(disruption.with_company(company))
            )

    # Checks

    @api.constrains("product_tmpl_ids")
    def _check_readable(self):
        check_readable(self, "product_tmpl_ids")

    def _check_for_all(self):
        """Check that the user may set what holds in all companies: a backlog
        administrator who works in all of them.

        :raise AccessError: for others
        """
        for_all = self.filtered(lambda disruption: not disruption.company_id)
        if self.env.su or not for_all:
            return
        user = self.env.user
        # The user need not be able to read all companies.
        others = (
            self.env["res.company"]
            .sudo()
            .search_count([("id", "not in", user.company_ids.ids)], limit=1)
        )
        if others or not user.has_group(MANAGERS):
            raise AccessError(
                self.env._(
                    "%s: a disruption of all companies is for backlog administrators "
                    "who work in all of them. Choose a company.",
                    for_all[0].display_name,
                )
            )

    @api.onchange("partner_id")
    def _onchange_partner_id(self):
        # A disruption is about a vendor, not about one of its contacts.
        self.partner_id = self.partner_id.commercial_partner_id
        products = self.product_tmpl_ids._origin
        if not products:
            return None
        self.product_tmpl_ids = products & self._vendor_lines().product_tmpl_id
        if self.product_tmpl_ids:
            return None
        return {
            "warning": {
                "title": self.env._("All products"),
                "message": self.env._(
                    "%s sells none of the products on the list. Without a product it "
                    "is out for all it sells: add those it cannot deliver.",
                    named(self.partner_id).display_name,
                ),
            }
        }

    # Changes

    @api.model_create_multi
    def create(self, vals_list):
        """Create disruptions, and drop what Odoo has cached of who may be chosen."""
        disruptions = super().create(vals_list)
        disruptions._check_for_all()
        self._clear_caches()
        return disruptions

    def write(self, vals):
        """Change disruptions, and drop what Odoo has cached of who may be chosen."""
        self._check_for_all()
        result = super().write(vals)
        self._check_for_all()
        self._clear_caches()
        return result

    def unlink(self):
        """Delete disruptions, and drop what Odoo has cached of who may be chosen."""
        self._check_for_all()
        result = super().unlink()
        self._clear_caches()
        return result

    @api.model
    def _clear_caches(self):
        """Drop what Odoo has cached of who may be chosen, for all users."""
        self.env.registry.clear_cache()
        for name in ("product.supplierinfo", "product.product", "product.template"):
            model = self.env[name]
            model.invalidate_model(model._vendor_field_names(), flush=False)
        self.env["product.template"].invalidate_model(["vendor_alert"], flush=False)

    # Who is out

    @api.model
    def _out(self, company):
        """``{partner id: (template ids, …)}`` of who is out today for ``company``; no
        template ids mean all products."""
        return self._out_on(company.id, company._backlog_today())

    @api.model
    @ormcache("company_id", "today")
    def _out_on(self, company_id, today):
        """``_out``, cached per company and day."""
        # Every choice of a vendor reads it, and it seldom changes.
        out = {}
        for disruption in self._current(company_id, today):
            out.setdefault(disruption.partner_id.commercial_partner_id.id, []).append(
                tuple(disruption.product_tmpl_ids.ids)
            )
        return out

    @api.model
    def _of(self, template, partners):
        """The disruptions that hold today for ``partners`` and the product
        ``template``; an empty template means any product."""
        ancestors = partners._backlog_ancestors()
        company = self.env.company
        return self._current(company.id, company._backlog_today()).filtered(
            lambda disruption: (
                disruption.partner_id.commercial_partner_id in ancestors
                and (
                    not template
                    or not disruption.product_tmpl_ids
                    or template in disruption.product_tmpl_ids
                )
            )
        )

    @api.model
    def _current(self, company_id, today):
        """The disruptions that hold on the day ``today`` in the company."""
        # sudo: which vendor Odoo chooses must not depend on the current user.
        current = self.sudo().with_context(active_test=False)
        return current.search(
            [
                ("active", "=", True),
                ("date_from", "<=", today),
                "|",
                ("date_to", "=", False),
                ("date_to", ">=", today),
                ("company_id", "in", (False, company_id)),
            ]
        )

    def _vendor_lines(self):
        """The vendor lines of the vendor, in all companies the user works in."""
        if not self.partner_id:
            return self.env["product.supplierinfo"]
        return self.env["product.supplierinfo"].search(
            [("partner_id", "child_of", self.partner_id.commercial_partner_id.id)]
        )

    # In words

    @api.model
    def _sentences(self, template, partners):
        """Why ``partners`` do not deliver ``template``, a sentence each."""
        return [disruption._sentence() for disruption in self._of(template, partners)]

    def _sentence(self):
        """This disruption as a sentence."""
        name = named(self.partner_id).display_name
        if self.date_to:
            return self.env._(
                "%(vendor)s is out until %(date)s: %(reason)s.",
                vendor=name,
                date=short_day(self.env, self.date_to),
                reason=self.reason,
            )
        return self.env._(
            "%(vendor)s is out until further notice: %(reason)s.",
            vendor=name,
            reason=self.reason,
        )

    # On the form

    def action_move_requests(self):
        """Open the window that moves the requests of this vendor to its backups, with
        price and date of each."""
        lines = self.env["backlog.impact"]._purchase_lines(self)
        requests = lines.filtered(lambda line: line.state in MOVABLE_STATES)
        return self.env["backlog.vendor.switch"]._open_for(requests.sudo(False))
