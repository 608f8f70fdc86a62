"""Whether a server's no may be a no to us, or to what we send, and not to the one it answers.

Who relays for nobody says so at RCPT: RFC 3463 3.8 gives both the same status, 5.7.x. Who takes
no mail of this size or content says so of each. As long as it may be about us it is not held
against the recipient: that mail is deferred, and a row of such answers stops the session.
"""

from __future__ import annotations

from digest.delivery.smtp.replies import Reply

ENOUGH = 20  # in a row
SILENT = 3  # unanswered mails in a row, beside the one that each connection may lose in a break
# Our own allowance is used up: Gmail's 5.4.5 ("congestion", which is never final, in RFC 3463 3.5)
# and Exchange Online's 5.1.90 and 5.7.705.
QUOTA_CODES = ("5.4.5", "5.1.90", "5.7.705")


class Standing:
    """What the server thinks of us, as all connections of a session have met it."""

    def __init__(self, connections: int) -> None:
        self._welcome = self._taken = False
        self._refused = 0
        self._not_taken = self._unanswered = 0  # since a mail was taken
        self._bearable = connections + SILENT

    @property
    def hopeless(self) -> bool:
        """Whether it is plain that nobody will be let in."""
        return not self._welcome and self._refused >= ENOUGH

    @property
    def takes_none(self) -> bool:
        """Whether it is plain that our mails are refused for themselves."""
        return self._not_taken >= ENOUGH

    @property
    def silent(self) -> bool:
        """Whether more mails in a row were not answered than one break can explain."""
        return self._unanswered >= self._bearable

    def let_in(self) -> None:
        """A mail may come: whoever is refused from now on is refused for himself."""
        self._welcome = True

    def took(self) -> None:
        """A whole mail was accepted: so our mails are, as such."""
        self._taken = True
        self._not_taken = self._unanswered = 0

    def doubts(self, reply: Reply) -> bool:
        """Whether this refusal of a recipient may be about us; it is counted."""
        about_us = not self._welcome and reply.code >= 500 and reply.status.startswith("5.7.")
        self._refused += about_us
        return about_us

    def doubts_mail(self) -> bool:
        """Whether this final no to a mail may be one to all of ours; it is counted."""
        self._not_taken += 1
        return not self._taken

    def unanswered(self) -> None:
        """After a final dot nothing came."""
        self._unanswered += 1
