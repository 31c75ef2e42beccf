import shutil
import subprocess

from odoo.tests import get_db_name
from odoo.tools import config
from odoo.tools.misc import exec_pg_environ, find_pg_tool


def postgres(tool, *args, stdin=None):
    """Run one of PostgreSQL's programs on the server of the suite."""
    return subprocess.run(
        [find_pg_tool(tool), *args],
        env=exec_pg_environ(),
        input=stdin,
        capture_output=True,
        check=True,
    ).stdout


class OwnDatabase:
    """A test with an empty database of its own, ``self.copy``, to write in it for good.
    It goes with its files when the class ends."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.copy = f"{get_db_name()}_{cls.__name__.lower()}"
        postgres("dropdb", "--if-exists", cls.copy)
        postgres("createdb", cls.copy)
        cls.addClassCleanup(shutil.rmtree, config.filestore(cls.copy), True)
        cls.addClassCleanup(postgres, "dropdb", "--if-exists", "--force", cls.copy)


class DatabaseCopy(OwnDatabase):
    """A test on a copy of the database that the suite runs on, without its files."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        dump = postgres("pg_dump", "--no-owner", get_db_name())
        postgres("psql", "--quiet", "--dbname", cls.copy, stdin=dump)
