import subprocess
import sys

from odoo.tests import BaseCase, tagged
from odoo.tools import config

from .copies import DatabaseCopy

ADDONS = ("inventory_backlog_mrp", "inventory_backlog")
LEFTOVERS = """
    SELECT name FROM ir_model_fields
     WHERE name LIKE '%%backlog%%' OR name IN ('first_promise_date', 'to_source_qty')
     UNION ALL
    SELECT model FROM ir_model WHERE model LIKE 'backlog.%%'
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


@tagged("post_install", "-at_install")
class TestLifecycle(DatabaseCopy, BaseCase):
    """The addons are upgraded and uninstalled by Odoo itself, on a copy of the database
    that the suite runs on, which they were installed in."""

    def _odoo(self, *args):
        """Run Odoo's command line and return the warnings and errors of its log."""
        command = [sys.executable, "-m", "odoo", *args]
        run = subprocess.run(
            command + ["-c", config["config"], "-d", self.copy],
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

    def _installed(self):
        query = (
            "SELECT name FROM ir_module_module WHERE state = 'installed' "
            "AND name LIKE 'inventory_backlog%'"
        )
        names = self._pg(
            "psql", "--tuples-only", "--dbname", self.copy, "--command", query
        )
        return set(names.decode().split())

    def test_upgrade_twice_rebuild_check_and_uninstall_leave_odoo_working(self):
        for _time in range(2):
            self.assertEqual(self._odoo("module", "upgrade", ADDONS[1]), [])
        path = f"--addons-path={','.join(config['addons_path'])}"
        wrong = "INSERT INTO backlog_kept_slice (id, asked_id) VALUES (-1, 1)"
        self._pg("psql", "--dbname", self.copy, "--command", wrong)
        for action in ("rebuild", "check"):
            self.assertEqual(self._odoo(path, "backlog", action), [])
        # What sells manufactured goods goes, and ours with it; both come again.
        self.assertEqual(self._odoo("module", "uninstall", "sale_mrp"), [])
        self.assertEqual(self._installed(), {"inventory_backlog"})
        self.assertEqual(self._odoo(path, "backlog", "check"), [])
        self.assertEqual(self._odoo("module", "install", "sale_mrp"), [])
        self.assertEqual(self._installed(), set(ADDONS))
        self.assertEqual(self._odoo(path, "backlog", "check"), [])
        for addon in ADDONS:
            self.assertEqual(self._odoo("module", "uninstall", addon), [])
        leftovers = self._pg(
            "psql", "--tuples-only", "--dbname", self.copy, "--command", LEFTOVERS
        )
        self.assertEqual(leftovers.split(), [])
        self.assertEqual(self._odoo("module", "upgrade", "sale_stock"), [])
