"""Whether a server's no to a recipient may be a no to us: who relays for nobody says it at RCPT.

RFC 3463 3.8 gives both the same status, 5.7.x. As long as nobody was let in it is not held
against the recipient: that mail is deferred, and a row of such answers stops the session.
"""

from __future__ import annotations

from digest.delivery.smtp.replies import Reply

ENOUGH = 20  # recipients refused, none let in


class Standing:
    """What the server thinks of us, as all connections of a session have met it."""

    def __init__(self) -> None:
        self._welcome = False
        self._refused = 0

    @property
    def hopeless(self) -> bool:
        """Whether it is plain that nobody will be let in."""
        return not self._welcome and self._refused >= ENOUGH

    def let_in(self) -> None:
        """A mail may come: whoever is refused from now on is refused for himself."""
        self._welcome = True

    def doubts(self, reply: Reply) -> bool:
        """Whether this refusal may be about us; it is counted."""
        about_us = not self._welcome and reply.code >= 500 and reply.status.startswith("5.7.")
        self._refused += about_us
        return about_us
