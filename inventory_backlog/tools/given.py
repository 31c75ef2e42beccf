"""What one call gives the statements that it builds.

It travels in the context, since Odoo builds the statements of a model without arguments
of the caller. A client must not be able to send it, and it must not outlive the call:
records, actions and mails that carry it on would show too little.
"""

from contextlib import contextmanager

# The one context key of the addon.
KEY = "backlog_given"
NAMES = {"product_ids", "stale", "live"}


class Given:
    """Values that count until the call that gave them ends. RPC cannot send an object
    of this class.

    >>> call = Given({"live": True})
    >>> call.value("live"), call.value("stale")
    (True, None)
    >>> call.end()
    >>> call.value("live") is None
    True
    """

    __slots__ = ("_values",)

    def __init__(self, values):
        self._values = values

    def value(self, name):
        """The value of this name, None without one or when the call has ended."""
        return self._values.get(name)

    def and_also(self, values):
        """The same values and these, for a call within."""
        return Given({**self._values, **values})

    def end(self):
        """From now on nothing is given."""
        self._values = {}


@contextmanager
def giving(records, **values):
    """Give ``records`` these values, besides those of the calls around, as long as the
    ``with`` statement lasts:

    - ``product_ids``: ids of the only products moved that are asked for. The demand of
      one product never affects another, so their figures stay the same; the statement
      becomes cheaper, which no other filter achieves.
    - ``stale``: what ``backlog.kept._stale`` has found, for a call that asks again. It
      reads one state: what is written within it may not show.
    - ``live``: compute everything, whatever is kept.

    Nothing else travels here: our methods hand each other arguments.

    Fetch inside the ``with`` all values that are read later: afterwards the records
    read everything.
    """
    if values.keys() - NAMES:
        raise TypeError(f"Only {sorted(NAMES)} travel: hand on the rest as arguments.")
    outer = records.env.context.get(KEY)
    call = (outer if isinstance(outer, Given) else Given({})).and_also(values)
    try:
        yield records.with_context(**{KEY: call})
    finally:
        call.end()


def given(env, name):
    """The value that the present call gives under this name, or None."""
    call = env.context.get(KEY)
    return call.value(name) if isinstance(call, Given) else None
