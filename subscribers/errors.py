"""Every error that an order about subscribers can meet.

    SubscribersError      what, where, mend; one line
    └── BadAddress        this text is not one e-mail address (also a ValueError)

Bad rows of an import are not errors but rows of its report: the rest goes on.
"""

from __future__ import annotations


class SubscribersError(Exception):
    """An order was refused: says what is wrong, where, and how to mend it."""

    def __init__(self, what: str, *, where: str = "", mend: str = ""):
        self.what, self.where, self.mend = what, where, mend
        super().__init__(self.line())

    def line(self) -> str:
        """The one line a user reads: `where: what. mend`, free of control characters."""
        text = f"{self.where}: {self.what}" if self.where else self.what
        if self.mend:
            text = f"{text.rstrip('.')}. {self.mend}"
        return "".join(char if char.isprintable() else " " for char in text)


class BadAddress(SubscribersError, ValueError):
    """A text that is not one e-mail address. It never repeats the text: this may reach a log."""

    def __init__(self, reason: str, mend: str):
        super().__init__(reason, where="address", mend=mend)

    @property
    def reason(self) -> str:
        """What is wrong, without the place."""
        return self.what
