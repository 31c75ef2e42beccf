"""What came of an action on lines, in plain values."""

from dataclasses import dataclass, field

REASONS = 3


@dataclass
class Outcome:
    """What a verb did with some lines, before the client is told.

    >>> one = Outcome(message="Done.", done=2)
    >>> one.skip({7: "S1 is blocked.", 8: "S1 is blocked."})
    >>> one.done, one.skipped
    (2, {7: 'S1 is blocked.', 8: 'S1 is blocked.'})
    >>> one.reasons()
    'S1 is blocked.'
    """

    message: str = ""
    done: int = 0
    """How many of the lines it did something for."""
    skipped: dict = field(default_factory=dict)
    """``{line id: why}`` it did nothing."""
    action: dict | bool = False
    """A window to open instead of a message."""
    open: dict | bool = False
    """What opens the document that was made."""
    undo: object = None
    """What undoing it needs to know; None where it cannot be undone."""

    def skip(self, reasons):
        """Leave out the lines of ``{line id: why}``."""
        self.skipped |= reasons

    def reasons(self):
        """Why lines were left out, each reason once, the first few of them."""
        return " ".join(list(dict.fromkeys(self.skipped.values()))[:REASONS])
