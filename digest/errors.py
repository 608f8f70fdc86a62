"""Every error a user can meet, in one tree.

    DigestError                what, where, mend; exit 1, one line
    ├── ConfigError            config.yaml or a key is wrong
    ├── SourceError            a source could not be read as a whole
    │   └── NotReached         nobody was asked (sources/fetch/line.py)
    ├── Refused                an order that the state of things does not allow
    └── DeliveryError          the transport as a whole cannot work now

Wrong entries inside a source that works are not errors but `values.Refusal`s:
the rest goes on and the refused thing is listed.
"""

from __future__ import annotations

from datetime import timedelta


class DigestError(Exception):
    """Says what is wrong, where, and how to mend it; `temporary` if trying again may help."""

    def __init__(self, what: str, *, where: str = "", mend: str = "", temporary: bool = False):
        self.what, self.where, self.mend, self.temporary = what, where, mend, temporary
        super().__init__(self.line())

    def line(self) -> str:
        """The one line a user reads: `where: what. mend`, free of control characters."""
        text = f"{self.where}: {self.what}" if self.where else self.what
        if self.mend:
            text = f"{text.rstrip('.')}. {self.mend}"
        return "".join(char if char.isprintable() else " " for char in text)


class ConfigError(DigestError):
    """The configuration or a secret is missing or wrong; nothing was done."""


class SourceError(DigestError):
    """A source as a whole could not be read; the other sources go on.

    `status` is the site's answer in HTTP (410: gone for good), `retry_after` how long it asks us
    to stay away.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        mend: str = "",
        temporary: bool = False,
        status: int | None = None,
        retry_after: timedelta | None = None,
    ):
        self.status, self.retry_after = status, retry_after
        super().__init__(what, where=where, mend=mend, temporary=temporary)


class Refused(DigestError):
    """The order makes sense but not in this state (sent already, not approved, no such issue)."""


class DeliveryError(DigestError):
    """The transport cannot work for anybody (sign-in refused, sender refused, disk full)."""
