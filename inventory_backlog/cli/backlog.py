import logging
import sys

from odoo import SUPERUSER_ID
from odoo.api import Environment
from odoo.cli import Command
from odoo.modules.registry import Registry
from odoo.tools import config

_logger = logging.getLogger("odoo.addons.inventory_backlog")


class Backlog(Command):
    """The kept backlog, without the limits of time of a server.

    odoo backlog check -d DATABASE     hold it against the live statement
    odoo backlog rebuild -d DATABASE   compute it anew; people go on working
    """

    def run(self, args):
        """Do what the first word says; exit with 1 if ``check`` finds differences."""
        actions = {"check": self._check, "rebuild": self._rebuild}
        name, *options = args or ["--help"]
        if name not in actions:
            sys.exit(f"{self.__doc__}\nGive one of: {', '.join(actions)}")
        config.parse_config([*options, "--no-http"], setup_logging=True)
        if len(config["db_name"]) != 1:
            sys.exit("Name one database with -d")
        registry = Registry(config["db_name"][0])
        if "backlog.kept" not in registry:
            sys.exit("The addon inventory_backlog is not installed in this database")
        with registry.cursor() as cr:
            code = actions[name](Environment(cr, SUPERUSER_ID, {})["backlog.kept"])
        # Not within: leaving by an exception would roll back.
        sys.exit(code)

    def _check(self, kept):
        differences = kept.differences()
        for table, rows in differences.items():
            for row in rows:
                _logger.error("Differs in %s: %s", table, row)
            _logger.info("Rows that differ in %s: %s", table, len(rows))
        return int(any(differences.values()))

    def _rebuild(self, kept):
        _logger.info("Rows that were written: %s", kept.rebuild())
        return 0
