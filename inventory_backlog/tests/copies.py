import subprocess

from odoo.tests import get_db_name
from odoo.tools.misc import exec_pg_environ, find_pg_tool


class DatabaseCopy:
    """A test on a copy of the database that the suite runs on, to write in it for good:
    ``self.copy``."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.copy = f"{get_db_name()}_{cls.__name__.lower()}"
        cls._pg("dropdb", "--if-exists", cls.copy)
        cls._pg("createdb", cls.copy)
        cls.addClassCleanup(cls._pg, "dropdb", "--if-exists", "--force", cls.copy)
        dump = cls._pg("pg_dump", "--no-owner", get_db_name())
        cls._pg("psql", "--quiet", "--dbname", cls.copy, stdin=dump)

    @classmethod
    def _pg(cls, tool, *args, stdin=None):
        return subprocess.run(
            [find_pg_tool(tool), *args],
            env=exec_pg_environ(),
            input=stdin,
            capture_output=True,
            check=True,
        ).stdout
