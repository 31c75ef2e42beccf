"""What one call gives the statements that it builds.

It travels in the context, since Odoo builds the statements of a model without asking
the caller, and so it must not be anything that a client can send, nor outlive the call:
records, actions and mails that carry it on would show less than there is.
"""

from contextlib import contextmanager

# The one context key of the addon.
KEY = "backlog_given"


class Given:
    """Values that count until the call that gave them ends. Over RPC nothing comes that
    is an object of this class.

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
      one product never touches another, so this changes no figure of theirs; it makes
      the statement cheaper, which no other filter does.
    - ``stale``: what ``backlog.kept._stale`` has found, for a call that asks again.
    - ``live``: compute everything, whatever is kept.

    Nothing else: what one method of ours hands to another is an argument.

    Fetch within it what is read of the records later: afterwards they read everything.
    """
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
