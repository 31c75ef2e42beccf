import logging
import sys

from odoo import SUPERUSER_ID
from odoo.api import Environment
from odoo.cli import Command
from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.tools import config

from odoo.addons.inventory_backlog.models.kept.backlog_trigger import WAITS

_logger = logging.getLogger("odoo.addons.inventory_backlog")


class Backlog(Command):
    """The kept backlog, without the limits of time of a server.

    odoo backlog check -d DATABASE     hold it against the live statement, and look at
                                       the feed of changes and the triggers
    odoo backlog rebuild -d DATABASE   compute it anew; people go on working
    odoo backlog detach -d DATABASE    take its triggers off Odoo's tables, as before
                                       an upgrade of Odoo itself: all is computed live
    odoo backlog attach -d DATABASE    put them back, as an upgrade of the addon does
    """

    def run(self, args):
        """Do what the first word says; exit with 1 if ``check`` finds anything
        wrong, ``rebuild`` cannot begin or a table was in use all the while."""
        actions = {
            "check": self._check,
            "rebuild": self._rebuild,
            "detach": self._detach,
            "attach": self._attach,
        }
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
        said = kept.env["backlog.health"]._look()
        for sentence in said:
            _logger.error("%s", sentence)
        return int(bool(said) or any(differences.values()))

    def _rebuild(self, kept):
        try:
            _logger.info("Rows that were written: %s", kept.rebuild())
        except UserError as error:
            _logger.error("%s", error)
            return 1
        return 0

    def _detach(self, kept):
        kept.env["backlog.kept.seen"]._set_detached(True)
        kept.env.cr.commit()  # pylint: disable=invalid-commit
        return self._report(kept.env["backlog.trigger"]._attach_apart(WAITS, {}))

    def _attach(self, kept):
        kept.env["backlog.kept.seen"]._set_detached(False)
        kept.env.cr.commit()  # pylint: disable=invalid-commit
        return self._report(kept.env["backlog.trigger"]._attach_apart(WAITS))

    def _report(self, left):
        for table in left:
            _logger.error("Somebody wrote all the while in %s: try again", table)
        return int(bool(left))
