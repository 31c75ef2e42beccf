import time
from logging import getLogger

from psycopg2 import Error

from odoo import api, models
from odoo.tools import SQL

from .backlog_watch import EVENTS, WATCHED, Watch

_logger = getLogger(__name__)

PREFIX = "backlog_touch_"
MARKS = "backlog_touched"
# Milliseconds to wait for a lock, one try after the other. Writers of the table wait
# behind us, readers too where a trigger must be dropped: so the first tries after an
# upgrade are short. The scheduled action tries again, once a minute, the tables that
# could not be locked. Until then no reader uses cached rows.
WAITS = [100] * 20 + [500] * 10 + [2000] * 5 + [10000] * 2
WAITS_OF_CRON = [5000]
PAUSE = 0.2
# In PostgreSQL's catalog: a trigger that fires also in sessions that load data as a
# replica does; and one that was switched off and on again, which does not.
ALWAYS = "A"
ENABLED = ("O", ALWAYS)


class BacklogTrigger(models.AbstractModel):
    """The triggers in the database that mark changes: finds those that are missing, off
    or different, creates and drops them.

    A function runs with the rights of the owner of our tables and has its own search
    path: every role that may write Odoo's tables can do so.

    A table is locked only when its triggers must change, so an upgrade that changes
    nothing waits for no lock: each table in a transaction of its own, so that none
    holds one lock while waiting for another, for a moment, and again if it was in use.
    The lock serves the marks, too: writes without a mark, or with the mark of an older
    function, are committed before we get it, and cached rows are computed after it.
    """

    _name = "backlog.trigger"
    _description = "Triggers of the Kept Backlog"

    @api.model
    def _watched(self):
        """``{table: Watch}``. An addon whose statement reads another table adds it."""
        watched = dict(WATCHED)
        if self.env["backlog.turn"]._knows_removal():
            quant, template = watched["stock_quant"], watched["product_template"]
            watched["stock_quant"] = quant.also("removal_date")
            watched["product_template"] = template.also("use_expiration_date")
        return watched

    @api.model
    def _addons(self):
        """The addons that the triggers are made by, of one version each."""
        return ["inventory_backlog"]

    @api.model
    def _definitions(self):
        """The code of the triggers as text: another code may have left out marks."""
        return [
            f"{table} {watch.events()} {watch.body()}"
            for table, watch in self._watched().items()
        ]

    # As the database has them

    @api.model
    def _faults(self, watched=None):
        """What is wrong with the triggers, as this transaction sees the database.

        :param dict watched: other tables than ours
        :return: ``[{"key", "text", "table"}]``; empty when every trigger is there, is
            on and does what it should
        """
        watched = self._watched() if watched is None else watched
        found = self._found()
        wanted = [
            (table, self._name_of(event))
            for table, watch in watched.items()
            for event in watch.events()
        ]
        others = found.keys() - set(wanted)
        texts = {key: self._fault(watched, key, found) for key in [*wanted, *others]}
        if MARKS in watched and not self.env["backlog.kept.seen"]._are_marks_dated():
            texts[MARKS, "txid"] = self.env._(
                "The marks in %(table)s do not bear their transaction.", table=MARKS
            )
        return [
            {"key": ".".join(key), "text": text, "table": key[0]}
            for key, text in sorted(texts.items())
            if text
        ]

    @api.model
    def _fault(self, watched, key, found):
        """What is wrong with one trigger; empty when it is right."""
        table, name = key
        trigger = found.get(key)
        if trigger is None:
            return self.env._(
                "The database trigger %(trigger)s on %(table)s is missing.",
                trigger=name,
                table=table,
            )
        if trigger["enabled"] not in ENABLED:
            return self.env._(
                "The database trigger %(trigger)s on %(table)s is off.",
                trigger=name,
                table=table,
            )
        watch = watched.get(table, Watch())
        if (
            trigger["enabled"] != ALWAYS
            or self._is_other(trigger, watch)
            or trigger["body"] != watch.body()
        ):
            return self.env._(
                "The database trigger %(trigger)s on %(table)s is not what it should "
                "be.",
                trigger=name,
                table=table,
            )
        return ""

    @api.model
    def _is_other(self, trigger, watch):
        """Whether the trigger itself must be dropped: another function would not be
        enough."""
        events = {self._name_of(event): EVENTS[event] for event in watch.events()}
        bit, rows = events.get(trigger["name"], (None, {}))
        return (
            trigger["type"] != bit
            or not trigger["plain"]
            or (trigger["old"], trigger["new"]) != (rows.get("OLD"), rows.get("NEW"))
            or trigger["function"] != self._function_of(trigger["table"])
        )

    @api.model
    def _found(self, table=None):
        """The triggers with our names: ``{(table, trigger): {…}}``."""
        rows = self.env.execute_query_dict(
            SQL(
                """
                SELECT class.relname AS table, trigger.tgname AS name,
                       trigger.tgtype AS type, trigger.tgenabled AS enabled,
                       trigger.tgoldtable AS old, trigger.tgnewtable AS new,
                       trigger.tgqual IS NULL AND trigger.tgnargs = 0
                       AND trigger.tgattr = '' AND trigger.tgconstraint = 0
                       AND function.pronamespace = class.relnamespace AS plain,
                       function.proname AS function,
                       CASE WHEN function.prosecdef
                             AND function.proconfig = ARRAY[
                                 'search_path=' || QUOTE_IDENT(CURRENT_SCHEMA)
                                 || ', pg_temp']
                            THEN function.prosrc
                        END AS body
                  FROM pg_trigger trigger
                  JOIN pg_class class ON class.oid = trigger.tgrelid
                  JOIN pg_proc function ON function.oid = trigger.tgfoid
                 WHERE trigger.tgname LIKE 'backlog\\_touch\\_%%'
                   AND class.relnamespace = CURRENT_SCHEMA::regnamespace
                   AND %s
                """,
                SQL("class.relname = %s", table) if table else SQL("TRUE"),
            )
        )
        return {(row["table"], row["name"]): row for row in rows}

    @api.model
    def _name_of(self, event):
        return PREFIX + event.lower()

    @api.model
    def _function_of(self, table):
        """The name of the function, as PostgreSQL shortens it."""
        return f"{PREFIX}{table}"[:63]

    @api.model
    def _versions(self):
        """A statement: one text for the versions of all our triggers and functions. It
        is part of every read."""
        return self._fingerprint(
            SQL("CONCAT_WS(' ', trigger.oid, trigger.xmin, function.xmin)"),
            SQL("trigger.tgrelid"),
        )

    @api.model
    def _texts(self):
        """A statement: one text for what all our triggers and functions do, which is
        the same in another database: sorted by the names of the tables, since their
        numbers differ there."""
        table = SQL("(SELECT relname FROM pg_class WHERE oid = trigger.tgrelid)")
        return self._fingerprint(
            SQL(
                "CONCAT_WS(' ', %s, trigger.tgname, trigger.tgtype, "
                "trigger.tgenabled, function.prosrc)",
                table,
            ),
            table,
        )

    @api.model
    def _fingerprint(self, text, order):
        return SQL(
            """
            SELECT MD5(STRING_AGG(%s, ',' ORDER BY %s, trigger.tgname))
              FROM pg_trigger trigger
              JOIN pg_proc function ON function.oid = trigger.tgfoid
             WHERE trigger.tgrelid = ANY(ARRAY[%s]::oid[])
               AND trigger.tgname >= %s
               AND trigger.tgname < %s
            """,
            text,
            order,
            SQL(", ").join(SQL("TO_REGCLASS(%s)", table) for table in self._watched()),
            PREFIX,
            # The next text that does not begin with the prefix.
            PREFIX[:-1] + chr(ord(PREFIX[-1]) + 1),
        )

    # Put back and taken away

    @api.model
    def _attach(self, watched=None):
        """Create, replace and drop triggers as needed, in the transaction of the
        caller, who commits before the next fold.

        :param dict watched: other tables than ours; those of nobody have no trigger
        :raise psycopg2.errors.LockNotAvailable: when somebody writes in a table that
            has to be changed
        """
        watched = self._watched() if watched is None else watched
        for table in self._tables_with_faults(watched):
            self._change(table, watched.get(table, Watch()), WAITS[0])

    @api.model
    def _detach(self):
        """Drop the triggers, in the transaction of the caller. Readers then use no
        cached row until ``_attach`` and a fold have run."""
        self._attach({})

    @api.model
    def _attach_apart(self, waits, watched=None):
        """As ``_attach``, each table in a transaction of its own.

        :param waits: for how many milliseconds to wait for a lock, at each try
        :return: the tables that are left since they were in use at each try
        """
        watched = self._watched() if watched is None else watched
        for number, wait in enumerate(waits):
            time.sleep(number and PAUSE)
            tables = self._in_new_transaction("_tables_with_faults", watched)
            for table in tables:
                try:
                    self._in_new_transaction(
                        "_change", table, watched.get(table, Watch()), wait
                    )
                except Error as error:
                    _logger.info("Triggers of %s: %s", table, str(error).strip())
            if not tables:
                return []
        return self._in_new_transaction("_tables_with_faults", watched)

    @api.model
    def _remove(self, watched):
        """Drop all triggers but those of ``watched``: an addon is being uninstalled."""
        self._attach_apart(WAITS, watched)
        self._drop_functions(watched)

    @api.model
    def _in_new_transaction(self, method, *args):
        with self.pool.cursor() as cr:
            return getattr(self.with_env(self.env(cr=cr)), method)(*args)

    @api.model
    def _tables_with_faults(self, watched):
        """The existing tables that must be changed, always in the same order."""
        names = sorted({fault["table"] for fault in self._faults(watched)})
        rows = self.env.execute_query(
            SQL(
                "SELECT name FROM UNNEST(%s::text[]) name "
                "WHERE TO_REGCLASS(QUOTE_IDENT(name)) IS NOT NULL",
                names,
            )
        )
        return [row[0] for row in rows]

    @api.model
    def _change(self, table, watch, wait):
        """Make the triggers of the table those of ``watch``, and mark everything:
        earlier writes may have left no mark."""
        wanted = {self._name_of(event): event for event in watch.events()}
        found = self._found(table)
        gone = [
            name
            for (_table, name), trigger in found.items()
            if self._is_other(trigger, watch)
        ]
        undated = (
            table == MARKS and not self.env["backlog.kept.seen"]._are_marks_dated()
        )
        exclusive = gone or undated
        self._lock(table, "ACCESS" if exclusive else "SHARE ROW", wait)
        if undated:
            self.env["backlog.kept.seen"]._date_marks()
        elif table == MARKS:
            self.env["backlog.kept.seen"]._index_marks()
        for name in gone:
            self._run("DROP TRIGGER %s ON %s", name, table)
        if wanted:
            self._create_function(table, watch)
        for name, event in wanted.items():
            if (table, name) not in found or name in gone:
                self._create_trigger(table, name, event)
            self._run("ALTER TABLE %s ENABLE ALWAYS TRIGGER %s", table, name)
        self.env["backlog.kept"]._touch_everything()
        self.env.cr.precommit.data["backlog_attached"] = True

    @api.model
    def _lock(self, table, mode, wait):
        """Lock the table against writers; wait for so many milliseconds at most."""
        [[before]] = self.env.execute_query(SQL("SHOW lock_timeout"))
        self.env.cr.execute(SQL("SET LOCAL lock_timeout = %s", wait))
        self.env.cr.execute(
            SQL("LOCK %s IN %s EXCLUSIVE MODE", SQL.identifier(table), SQL(mode)),
            log_exceptions=False,
        )
        self.env.cr.execute(SQL("SET LOCAL lock_timeout = %s", before))

    @api.model
    def _create_function(self, table, watch):
        function = self._function_of(table)
        [[schema]] = self.env.execute_query(SQL("SELECT CURRENT_SCHEMA"))
        self._run(
            "CREATE OR REPLACE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql "
            "SECURITY DEFINER SET search_path = %s, pg_temp AS ",
            function,
            schema,
            then=SQL("%s", watch.body()),
        )
        self._run("REVOKE ALL ON FUNCTION %s() FROM PUBLIC", function)
        self._comment(function, watch.comment(table))

    @api.model
    def _comment(self, function, text):
        """Write a comment on the function for DBAs. It is no part of what the function
        does: neither ``_versions`` nor ``_faults`` look at it."""
        self._run("COMMENT ON FUNCTION %s() IS ", function, then=SQL("%s", text))

    @api.model
    def _comment_all(self):
        """Bring the comments up to date, also on functions that an older version made
        and that need no change. No table is locked for it."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT proname, OBJ_DESCRIPTION(oid, 'pg_proc')
                  FROM pg_proc
                 WHERE proname LIKE 'backlog\\_touch\\_%%'
                   AND pronamespace = CURRENT_SCHEMA::regnamespace
                """
            )
        )
        comments = dict(rows)
        for table, watch in self._watched().items():
            function, text = self._function_of(table), watch.comment(table)
            if function in comments and comments[function] != text:
                self._comment(function, text)

    @api.model
    def _create_trigger(self, table, name, event):
        rows = "".join(
            f" {which} TABLE AS {alias}" for which, alias in EVENTS[event][1].items()
        )
        self._run(
            f"CREATE TRIGGER %s AFTER {event} ON %s "
            f"{rows and 'REFERENCING' + rows} "
            "FOR EACH STATEMENT EXECUTE FUNCTION %s()",
            name,
            table,
            self._function_of(table),
        )

    @api.model
    def _run(self, statement, *names, then=None):
        """Run a statement with these names in it."""
        named = SQL(statement, *(SQL.identifier(name) for name in names))
        self.env.cr.execute(SQL("%s%s", named, then or SQL()))

    @api.model
    def _drop_functions(self, watched):
        """Remove the functions of tables that are not watched, and with them the
        triggers that are still there."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT proname
                  FROM pg_proc
                 WHERE proname LIKE 'backlog\\_touch\\_%%'
                   AND pronamespace = CURRENT_SCHEMA::regnamespace
                   AND proname <> ALL(%s::text[])
                """,
                [self._function_of(table) for table in watched],
            )
        )
        for (function,) in rows:
            self._run("DROP FUNCTION %s() CASCADE", function)

    # When it is done

    def _register_hook(self):
        """Attach triggers after an upgrade, when all its other locks are released."""
        res = super()._register_hook()
        if not self.pool.ready and set(self._addons()) & set(self.pool.updated_modules):
            self.env.cr.postcommit.add(self._after_upgrade)
        return res

    @api.model
    def _after_upgrade(self):
        """Attach the triggers and mark everything. After a new installation fill the
        cache, so that the first screen is as fast as every other."""
        try:
            self._in_new_transaction("_begin_anew")
            left = self._attach_apart(WAITS)
            if left:
                _logger.warning(
                    "Could not lock %s. The scheduled action will attach the triggers; "
                    "until then each reader computes everything.",
                    ", ".join(left),
                )
            else:
                self._in_new_transaction("_drop_functions", self._watched())
            self._in_new_transaction("_keep_if_new")
        except Exception:
            # The registry must load. The scheduled action finds missing triggers.
            _logger.exception("The triggers of the backlog are not all attached")
            return
        try:
            self._in_new_transaction("_comment_all")
        except Exception:
            _logger.info(
                "The functions of the triggers have no comments", exc_info=True
            )
        try:
            self._in_new_transaction("_drop_old_index")
        except Error:
            _logger.info("The former index of marks is in use and stays")

    @api.model
    def _drop_old_index(self):
        self.env["backlog.kept.seen"]._drop_old_index()

    @api.model
    def _begin_anew(self):
        self.env["backlog.kept.seen"]._set_detached(False)
        self.env["backlog.kept"]._touch_everything()

    @api.model
    def _keep_if_new(self):
        kept = self.env["backlog.kept"]
        if not kept.search([("signature", "!=", False)], limit=1):
            kept.env["backlog.fold"]._fold_if_free()

    @api.model
    def _are_attached(self):
        """Whether triggers have marked all changes since before this transaction. Else
        no row may be cached: writes in between have left no mark."""
        attached = self.env.cr.precommit.data.get("backlog_attached")
        return not attached and not self._faults()

    @api.model
    def _heal(self):
        """Put back missing triggers, unless they were detached on purpose or the
        database belongs to another version of our code.

        :return: whether it was done: then it counts from the next transaction on
        """
        if self.env["backlog.kept.seen"]._is_detached() or self._is_of_other_code():
            return False
        faults = self.env["backlog.fault"]
        env = faults._speaking()
        found = self.with_env(env)._faults()
        is_healed = not self._attach_apart(WAITS_OF_CRON)
        # Managers are informed, although it is repaired.
        for fault in found:
            text = fault["text"]
            if is_healed:
                text = env._("%s It was put back, and all is computed anew.", text)
            faults._report("trigger", fault["key"], text)
            if is_healed:
                faults._heal("trigger", fault["key"])
        return is_healed

    @api.model
    def _is_of_other_code(self):
        """Whether an addon was not upgraded yet, or has been by a newer one."""
        # As superuser, whatever user the scheduled action has: only names and versions
        # are read.
        modules = self.env["ir.module.module"].sudo()
        return any(
            module.latest_version != module.installed_version
            for module in modules.search([("name", "in", self._addons())])
        )
