import json
from unittest.mock import patch

import requests

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..common import BacklogCase


@tagged("post_install", "-at_install")
class TestEvents(BacklogCase):
    """Odoo's automation rules, with its own webhooks, on lines that change state."""

    def setUp(self):
        super().setUp()
        self.kept = self.env["backlog.kept"]
        self.events = self.env["backlog.event"]
        self.env["backlog.fold"]._fold()
        self.events.search([]).unlink()
        cron = self.env.registry["ir.cron"]
        self.patch(cron, "_commit_progress", lambda *_args, **_values: 1)

    def _rule(self, code="", domain="[]", **action):
        model = self.env["ir.model"]._get("backlog.event")
        return self.env["base.automation"].create(
            {
                "name": "Tell",
                "model_id": model.id,
                "trigger": "on_create",
                "filter_domain": domain,
                "action_server_ids": [
                    Command.create(
                        {
                            "name": "Tell",
                            "model_id": model.id,
                            "state": "code",
                            "code": code,
                            **action,
                        }
                    )
                ],
            }
        )

    def _run(self):
        self.env.flush_all()
        self.env["backlog.fold"]._fold()
        self.env.invalidate_all()
        self.events._cron_note()

    def _noted(self):
        self._run()
        events = self.events.search([], order="id")
        states = [(event.previous_state, event.backlog_state) for event in events]
        events.unlink()
        return states

    def test_nothing_is_noted_while_nobody_has_a_rule(self):
        self._order((self.product, 3))
        self.assertEqual(self._noted(), [])
        self.assertFalse(self.env["backlog.event.waiting"].search([]))

    def test_lines_that_come_back_to_an_emptied_table_have_not_changed(self):
        """Else customers would get a mail for each of them."""
        self._rule()
        order = self._order((self.product, 3))
        self._noted()
        self.env.cr.execute("TRUNCATE backlog_kept_line")
        self.env.invalidate_all()
        self.assertEqual(self._noted(), [])
        self.env.cr.execute("TRUNCATE backlog_kept_line")
        self.env.invalidate_all()
        with patch("odoo.addons.inventory_backlog.models.kept.backlog_fold.BATCH", 1):
            self.env["backlog.fold"]._fold(1)
            self.assertEqual(self._noted(), [])
        self._put_in_stock(self.product, 3)
        self.assertEqual(self._noted(), [("to_source", "ready")])
        order.with_env(self.env)._action_cancel()
        self._order((self.product, 3))
        self.assertEqual(self._noted(), [("ready", "closed"), (False, "ready")])

    def test_a_line_is_noted_when_it_comes_changes_state_and_is_shipped(self):
        self._rule()
        order = self._order((self.product, 3)).with_env(self.env)
        self.assertEqual(self._noted(), [(False, "to_source")])
        self._put_in_stock(self.product, 2)
        self.assertEqual(self._noted(), [("to_source", "partial")])
        self._put_in_stock(self.product, 5)
        self.assertEqual(self._noted(), [("partial", "ready")])
        order.order_line.price_unit = 7
        self.assertEqual(self._noted(), [])
        order.picking_ids.action_assign()
        order.picking_ids.button_validate()
        self.assertEqual(self._noted(), [("ready", "closed")])

    def test_an_event_says_what_a_mail_or_a_webhook_needs(self):
        self._rule()
        self._put_in_stock(self.product, 2)
        order = self._order((self.product, 3))
        self._run()
        event = self.events.search([])
        self.assertEqual(event.order_id, order.with_env(self.env))
        self.assertEqual(event.partner_id, self.customer)
        self.assertEqual(event.product_id, self.product)
        self.assertEqual(event.user_id, self.seller)
        self.assertEqual(event.company_id, self.company)
        self.assertEqual((event.open_qty, event.backlog_qty), (3, 2))
        self.assertFalse(event.expected_date)

    def test_an_event_says_when_the_goods_come_to_the_second(self):
        self._rule()
        purchase = self._purchase(self.product, 3, days=4)
        moment = self._after(4).replace(microsecond=873385)
        purchase.order_line.date_planned = moment
        self._order((self.product, 3))
        self._run()
        self.assertEqual(
            self.events.search([]).expected_date, moment.replace(microsecond=0)
        )

    def test_a_webhook_is_sent_once_when_a_line_becomes_ready(self):
        names = ("order_line_id", "previous_state", "backlog_state")
        model = self.env["ir.model"]._get("backlog.event")
        fields = self.env["ir.model.fields"].search(
            [("model_id", "=", model.id), ("name", "in", names)]
        )
        self._rule(
            domain="[('backlog_state', '=', 'ready')]",
            state="webhook",
            webhook_url="https://hook.example.com",
            webhook_field_ids=[Command.set(fields.ids)],
        )
        order = self._order((self.product, 3))
        self._run()
        self._put_in_stock(self.product, 5)
        with patch.object(requests, "post") as post:
            self._run()
            self._run()
            # Odoo sends when the transaction is done.
            self.env.cr.postcommit.run()
        [[[url], sent]] = post.call_args_list
        self.assertEqual(url, "https://hook.example.com")
        values = json.loads(sent["data"])
        self.assertEqual(
            {name: values[name] for name in names},
            {
                "order_line_id": order.order_line.id,
                "previous_state": "to_source",
                "backlog_state": "ready",
            },
        )

    def test_a_rule_that_fails_stops_no_other_line(self):
        orders = [self._order((self.product, 3)) for _n in range(3)]
        bad = orders[1].order_line.id
        self._rule(f"if record.order_line_id.id == {bad}:\n    raise UserError('No')")
        self.env["backlog.fold"]._fold()
        self._put_in_stock(self.product, 9)
        with self.assertLogs(
            "odoo.addons.inventory_backlog.models.kept.backlog_event", "ERROR"
        ) as logs:
            self._run()
        self.assertIn(f"order line {bad}", logs.output[0])
        noted = self.events.search([], order="id").order_line_id
        self.assertEqual(noted.ids, [orders[0].order_line.id, orders[2].order_line.id])
        self.assertFalse(self.env["backlog.event.waiting"].search([]))

    def test_an_event_and_what_waited_for_it_are_committed_together(self):
        """So whenever this is killed, none is lost and none is noted twice."""
        self._rule()
        orders = [self._order((self.product, 3)) for _n in range(3)]
        self.env.flush_all()
        self.env["backlog.fold"]._fold()
        waiting = self.env["backlog.event.waiting"]
        committed = []

        def commit(cron, *_args, **_values):
            self.env.flush_all()
            committed.append((self.events.search_count([]), waiting.search_count([])))
            return len(committed) != 2

        self.patch(self.env.registry["ir.cron"], "_commit_progress", commit)
        # Its time is up after the second one; the next run goes on.
        self.events._cron_note()
        self.events._cron_note()
        self.assertEqual(committed, [(1, 2), (2, 1), (3, 0)])
        noted = self.events.search([], order="id").order_line_id
        self.assertEqual(noted.ids, [order.order_line.id for order in orders])

    def test_what_a_rule_closes_is_told_as_it_was(self):
        """The rule of the first line ships the order, the second line with it."""
        chair = self._product("Second")
        self._rule(
            "if record.backlog_state == 'ready':\n"
            "    for picking in record.order_id.picking_ids:\n"
            "        if picking.state != 'done':\n"
            "            picking.move_ids.write({'picked': True})\n"
            "            picking.button_validate()"
        )
        self._put_in_stock(self.product, 3)
        self._put_in_stock(chair, 4)
        self._order((self.product, 3), (chair, 4))
        self._run()
        told = self.events.search([], order="id")
        self.assertEqual(told.mapped("backlog_state"), ["ready", "ready"])
        self.assertEqual(told.mapped("open_qty"), [3, 4])
        self.assertEqual(self._noted()[-2:], [("ready", "closed")] * 2)

    def test_what_a_failing_rule_was_about_to_send_is_not_sent(self):
        """A webhook of the same event would tell of an event that is not there."""
        model = self.env["ir.model"]._get("backlog.event")
        webhook = {
            "name": "Send",
            "model_id": model.id,
            "state": "webhook",
            "webhook_url": "https://hook.example.com",
        }
        rule = self._rule("raise UserError('No')", sequence=9)
        rule.action_server_ids = [Command.create({**webhook, "sequence": 1})]
        self._order((self.product, 3))
        with (
            patch.object(requests, "post") as post,
            mute_logger("odoo.addons.inventory_backlog.models.kept.backlog_event"),
        ):
            self._run()
            self.env.cr.postcommit.run()
        post.assert_not_called()
        self.assertFalse(self.events.search([]))

    def test_a_batch_of_events_asks_once_for_the_figures(self):
        self._rule()
        counts = []
        for size in (1, 2, 12):
            for _n in range(size):
                self._order((self.product, 1))
            self.env.flush_all()
            self.env["backlog.fold"]._fold()
            self.env.invalidate_all()
            waiting = self.env["backlog.event.waiting"].search([])
            self.assertEqual(len(waiting), size)
            before = self.env.cr.sql_log_count
            self.assertEqual(len(self.events._figures(waiting)), size)
            counts.append(self.env.cr.sql_log_count - before)
            self.events._cron_note()
        # Two or three, for what Odoo had not read yet of users and companies.
        self.assertLess(counts[-1] - counts[-2], 5)

    def test_a_line_that_is_gone_is_passed_over(self):
        self._rule()
        order = self._order((self.product, 3)).with_env(self.env)
        self.env.flush_all()
        self.env["backlog.fold"]._fold()
        order._action_cancel()
        order.unlink()
        self.assertEqual(self._noted(), [])

    def test_each_sees_the_changes_of_the_lines_they_see(self):
        self._rule()
        mine = self._order((self.product, 1))
        theirs = self._order((self.product, 1), user=self.env.user)
        self._run()
        seen = {
            user: self.events.with_user(user).search([]).sudo().order_line_id
            for user in (
                self.seller,
                new_test_user(
                    self.env, "all", "sales_team.group_sale_salesman_all_leads"
                ),
            )
        }
        self.assertEqual(
            [lines.ids for lines in seen.values()],
            [mine.order_line.ids, (theirs.order_line + mine.order_line).ids],
        )

    def test_old_events_are_cleaned_away(self):
        self._rule()
        for days in (-91, -89):
            self._order((self.product, 1))
            self._run()
            self.env.cr.execute(
                "UPDATE backlog_event SET create_date = %s WHERE id = %s",
                [self._after(days), self.events.search([], limit=1).id],
            )
        left = self.events.search([], limit=1)
        with patch(
            "odoo.addons.inventory_backlog.models.kept.backlog_event.GC_BATCH", 1
        ):
            self.assertEqual(self.events._gc_old(), (1, True))
            self.assertEqual(self.events._gc_old(), (0, False))
        self.assertEqual(self.events.search([]), left)

    def test_nobody_makes_or_changes_an_event_by_hand(self):
        self._rule()
        self._order((self.product, 1))
        self._run()
        event = self.events.search([])
        manager = new_test_user(
            self.env, "manager", "inventory_backlog.group_backlog_manager"
        )
        for call in (
            lambda: event.with_user(manager).write({"backlog_state": "ready"}),
            lambda: event.with_user(manager).copy(),
            lambda: event.with_user(manager).unlink(),
        ):
            with self.assertRaises(UserError):
                call()
