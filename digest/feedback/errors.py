"""The errors of this room, for those who call it.

DigestError
├── BadPost                a webhook's post is not accepted; answer with its `status`
└── MailboxError           the mailbox as a whole cannot be read now; nothing is lost
"""

from __future__ import annotations

from digest.errors import DigestError


class BadPost(DigestError):
    """A post that is unsigned, stale, altered or not readable; `status` is 4xx."""

    def __init__(self, what: str, *, status: int, mend: str = ""):
        self.status = status
        super().__init__(what, where="SendGrid webhook", mend=mend)


class MailboxError(DigestError):
    """The folder or the server does not answer; what was not marked as done comes again."""
