"""The engine's tests once more, in the form that a large database runs in."""

from contextlib import contextmanager
from unittest.mock import patch

from ..models.kept.backlog_kept import BacklogKept
from ..tools.given import given

stale = BacklogKept._stale


class Folded:
    """Before every read all that was touched is kept, so every figure that a test sees
    comes from kept rows. Without this mix-in the figures of a test are live: what it
    has just written is touched."""

    def setUp(self):
        super().setUp()
        self.enterContext(folding())


@contextmanager
def folding():
    busy = []

    def folded_stale(self):
        if not busy and not given(self.env, "live"):
            busy.append(True)
            try:
                self.env["backlog.fold"].sudo()._fold()
            finally:
                busy.pop()
        return stale(self)

    with patch.object(BacklogKept, "_stale", folded_stale):
        yield
