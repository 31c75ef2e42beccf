import subprocess
import sys

from odoo.tests import BaseCase, tagged
from odoo.tools import config

from ..copies import DatabaseCopy, OwnDatabase, postgres

ADDONS = ("inventory_backlog_mrp", "inventory_backlog")
LEFTOVERS = """
    SELECT name FROM ir_model_fields
     WHERE name LIKE '%%backlog%%' OR name IN ('first_promise_date', 'to_source_qty')
     UNION ALL
    SELECT model FROM ir_model WHERE model LIKE 'backlog.%%'
     UNION ALL
    SELECT module || '.' || name FROM ir_model_data
     WHERE module LIKE 'inventory_backlog%%'
     UNION ALL
    SELECT key FROM ir_config_parameter WHERE key LIKE '%%backlog%%'
     UNION ALL
    SELECT column_name FROM information_schema.columns
     WHERE column_name LIKE '%%backlog%%' OR column_name = 'first_promise_date'
     UNION ALL
    SELECT table_name FROM information_schema.tables
     WHERE table_schema = 'public' AND table_name LIKE 'backlog%%'
     UNION ALL
    SELECT tgname::text FROM pg_trigger WHERE tgname LIKE 'backlog%%'
     UNION ALL
    SELECT proname::text FROM pg_proc WHERE proname LIKE 'backlog%%'
     UNION ALL
    SELECT indexname::text FROM pg_indexes WHERE indexname LIKE '%%backlog%%'
"""


class OdooOnDatabase:
    """Odoo's command line on the database ``self.copy``."""

    def _odoo(self, *args, typed=None):
        """Run Odoo's command line and return the warnings and errors of its log."""
        command = [sys.executable, "-m", "odoo", *args]
        run = subprocess.run(
            command + ["-c", config["config"], "-d", self.copy],
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(run.returncode, 0, run.stderr)
        return [
            line
            for line in run.stderr.splitlines()
            if any(level in line for level in (" WARNING ", " ERROR ", " CRITICAL "))
        ]

    def _check(self):
        """Hold what is kept against the live statement."""
        self._backlog("check")

    def _backlog(self, command):
        path = f"--addons-path={','.join(config['addons_path'])}"
        self.assertEqual(self._odoo(path, "backlog", command), [])

    def _ask(self, query):
        return postgres(
            "psql", "--tuples-only", "--dbname", self.copy, "--command", query
        ).decode()

    def _installed(self):
        query = (
            "SELECT name FROM ir_module_module WHERE state = 'installed' "
            "AND name LIKE 'inventory_backlog%'"
        )
        return set(self._ask(query).split())

    def _assert_nothing_left(self):
        self.assertEqual(self._ask(LEFTOVERS).split(), [])


@tagged("post_install", "-at_install")
class TestLifecycle(OdooOnDatabase, DatabaseCopy, BaseCase):
    """The addons are upgraded and uninstalled by Odoo itself, on a copy of the database
    that the suite runs on, which they were installed in."""

    def test_upgrade_twice_rebuild_check_and_uninstall_leave_odoo_working(self):
        for _time in range(2):
            self.assertEqual(self._odoo("module", "upgrade", ADDONS[1]), [])
        self._ask("INSERT INTO backlog_kept_slice (id, asked_id) VALUES (-1, 1)")
        self._backlog("rebuild")
        self._check()
        # What sells manufactured goods goes, and ours with it; both come again.
        self.assertEqual(self._odoo("module", "uninstall", "sale_mrp"), [])
        self.assertEqual(self._installed(), {"inventory_backlog"})
        self._check()
        self.assertEqual(self._odoo("module", "install", "sale_mrp"), [])
        self.assertEqual(self._installed(), set(ADDONS))
        self._check()
        for addon in ADDONS:
            self.assertEqual(self._odoo("module", "uninstall", addon), [])
        self._assert_nothing_left()
        self.assertEqual(self._odoo("module", "upgrade", "sale_stock"), [])


@tagged("post_install", "-at_install")
class TestInstallation(OdooOnDatabase, OwnDatabase, BaseCase):
    """The addons are installed by Odoo itself, where Odoo's demo data already is."""

    def _install(self, addons):
        return self._odoo("-i", addons, "--with-demo", "--stop-after-init", "--no-http")

    def _open_lines(self):
        return int(self._ask("SELECT COUNT(*) FROM backlog_kept_line"))

    def _unexplained(self):
        """What the history does not explain, from its first day to its last."""
        return float(
            self._ask(
                """
                SELECT SUM(opening) FILTER (WHERE day = first)
                       + SUM(booked - shipped - cancelled + changed)
                       - SUM(closing) FILTER (WHERE day = last)
                  FROM backlog_snapshot
            CROSS JOIN (
                        SELECT MIN(day) AS first, MAX(day) AS last
                          FROM backlog_snapshot
                       ) days
                """
            )
        )

    def test_on_demo_data_without_manufacturing_with_it_and_without_again(self):
        self._install("sale_management,sale_purchase_stock")
        self.assertEqual(self._install("inventory_backlog"), [])
        self.assertEqual(self._installed(), {"inventory_backlog"})
        self._check()
        before = self._open_lines()
        self.assertGreater(before, 20)
        self.assertAlmostEqual(self._unexplained(), 0)
        # Manufacturing comes, and with it our bridge and the demo data of both.
        self.assertEqual(self._install("sale_mrp"), [])
        self.assertEqual(self._installed(), set(ADDONS))
        self._check()
        # As the scheduled action would.
        self._backlog("rebuild")
        self.assertGreater(self._open_lines(), before)
        # Odoo itself fails to delete the kinds of transfers of manufacturing that its
        # demo data uses. None of it is about us.
        said = self._odoo("module", "uninstall", "mrp")
        said = [line.replace(self.copy, "") for line in said]
        self.assertEqual([line for line in said if "backlog" in line], [])
        self.assertEqual(self._installed(), {"inventory_backlog"})
        # Odoo deletes the components of open orders and leaves their goods reserved:
        # our nightly check sees it and runs Odoo's own repair.
        nightly = "env['backlog.health']._cron_check()"
        said = self._odoo("shell", "--no-http", typed=f"{nightly}; env.cr.commit()")
        self.assertEqual(
            [line for line in said if " ERROR " in line and "reservation" not in line],
            [],
        )
        self._check()
        self.assertEqual(self._odoo("module", "uninstall", "inventory_backlog"), [])
        self._assert_nothing_left()
        self.assertEqual(self._odoo("module", "upgrade", "sale_stock"), [])
