"""One connection's mails, from its first MAIL to QUIT.

With PIPELINING (RFC 2920) the body of one mail, its final dot and the envelope of the next go
out together, so a mail costs one turn of the line. Law 3: at any moment one mail at most is
begun (`_on_wire`), and one more may be offered, of which no byte of a body has left (`_offered`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from digest.delivery.smtp.connection import Broken, Connection
from digest.delivery.smtp.features import Features
from digest.delivery.smtp.opening import refused, trouble
from digest.delivery.smtp.outgoing import Outgoing
from digest.delivery.smtp.replies import Reply, scrubbed
from digest.delivery.smtp.server import Listener, Server
from digest.delivery.smtp.standing import QUOTA_CODES, Standing
from digest.delivery.smtp.wire import (
    DATA,
    DOT,
    RSET,
    Unsendable,
    UnsendableToAnybody,
    envelope_lines,
    is_sender,
    wire_form,
)
from digest.errors import DeliveryError
from digest.values import Envelope, Outcome

CLOSING = 421  # the answer to any command; the server hangs up after it
STRAINED = (CLOSING, 451, 452)
GO_AHEAD = 354
NOT_SIGNED_IN = 530  # RFC 4954 6
TOO_LARGE = 552  # to MAIL it is about this mail (RFC 1870 6.1); every other 5xx is about the sender
STOPPED = "closed by us"
TAKES_NONE = "takes no mail of ours"


class Step(NamedTuple):
    """One command of an envelope, how long its answer may take, and its first digit if a yes."""

    line: bytes
    seconds: float
    wanted: int


class Conversation:
    """Sends mails over one open connection until there are no more, or it ends."""

    def __init__(
        self,
        server: Server,
        connection: Connection,
        features: Features,
        outgoing: Outgoing,
        listener: Listener,
        standing: Standing,
    ):
        self.accepted = 0  # mails that were taken on this connection
        self.ended_well = False
        self._server, self._connection, self._features = server, connection, features
        self._outgoing, self._listener, self._patience = outgoing, listener, connection.patience
        self._standing = standing
        self._left = server.mails_per_connection
        self._data = Step(DATA, connection.patience.data_start, 3)
        self._offered: Envelope | None = None
        self._steps: tuple[Step, ...] = ()  # of the offered mail
        self._on_wire: Envelope | None = None
        self._dot_written = False
        self._must_reset = False  # a transaction that was refused half-way is still open

    async def run(self, first: Envelope) -> Envelope | None:
        """Send `first` and what comes after it; the mail, if any, that a new connection may try.

        Raises DeliveryError when the server refuses us altogether, and whatever a listener or
        the source raises; then too every mail that was begun is settled.
        """
        try:
            await self._mails(first)
            self.ended_well = True
            await self._connection.quit()
        except Broken as broken:
            return self._left_by(broken.reason, first)
        except BaseException as error:
            self._abandon(f"{STOPPED}: {type(error).__name__}")
            raise
        finally:
            self._connection.close()
        return None

    def halt(self) -> None:
        """Hang up if nothing is begun; a mail that is begun is waited for."""
        if self._offered is not None and self._on_wire is None:
            self._connection.fail(STOPPED)

    # ── the way of a mail ─────────────────────────────────────────────────────────────────

    async def _mails(self, first: Envelope) -> None:
        mail = first if self._prepare(first) else await self._next()
        while mail is not None:
            if self._features.pipelining:
                self._connection.write(self._group())
            while mail is not None:  # each one's envelope went out behind the one before
                mail = await self._send(mail) if await self._is_let_in(mail) else None
            mail = await self._next()

    async def _is_let_in(self, mail: Envelope) -> bool:
        """Whether the body may follow. One that is refused is settled here."""
        if self._outgoing.stopped:
            raise Broken(STOPPED)
        refusal: tuple[Step, Reply] | None = None
        reply = None
        for step in self._steps:
            if not self._features.pipelining:
                if refusal is not None:
                    break
                self._connection.write(step.line)
            reply = self._connection.heard() or await self._connection.reply(step.seconds)
            if reply.code == CLOSING:
                raise self._closing(reply, mail)
            if reply.code // 100 != step.wanted and refusal is None:
                refusal = step, reply
        if refusal is None:
            self._standing.let_in()
            return True
        self._refused(mail, *refusal)
        if reply is not None and reply.code == GO_AHEAD:
            await self._send_nothing(refusal[0])
        return False

    async def _send(self, mail: Envelope) -> Envelope | None:
        """Body and final dot; gives the mail whose envelope went with them, if one did."""
        content = wire_form(mail.content)
        if self._outgoing.stopped:
            raise Broken(STOPPED)
        self._listener.begun(mail)
        self._offered, self._on_wire, self._dot_written = None, mail, False
        self._connection.write(content)
        # The dot waits until the body has left this process: what breaks before is not unknown.
        if self._connection.buffered:
            await self._connection.flush(self._patience.data_block)
        following = self._next_at_once() if self._features.pipelining else None
        self._connection.write(DOT + self._group() if following else DOT)
        self._dot_written = True  # nothing can happen in between: no await
        self._settle_by(await self._connection.reply(self._patience.data_end), mail)
        return following

    def _settle_by(self, reply: Reply, mail: Envelope) -> None:
        """The answer to the final dot."""
        if not (reply.ok or 400 <= reply.code < 600):
            raise Broken(f"answered with {reply.text}")
        self._on_wire = None
        if reply.ok:
            self.accepted += 1
            self._standing.took()
            self._listener.settled(mail, Outcome("accepted", reply.detail(mail.recipient)))
            return
        if reply.status in QUOTA_CODES:
            self._listener.settled(mail, replace(self._no(reply, mail), state="deferred"))
            raise self._used_up(reply, mail)
        self._not_taken(mail, reply)
        if reply.code == CLOSING:
            raise Broken(reply.text)

    def _refused(self, mail: Envelope, step: Step, reply: Reply) -> None:
        """A no before the body. Raises DeliveryError when it is meant for everybody."""
        sender = step.wanted == 2 and step.line.startswith(b"MAIL")
        if not 400 <= reply.code < 600 or step.line is RSET:
            raise Broken(f"the server does not speak SMTP: {reply.text}")
        if reply.status in QUOTA_CODES:
            raise self._used_up(reply, mail)
        if reply.code == NOT_SIGNED_IN:
            raise refused(self._server, "wants us to sign in", reply, mail.recipient)
        if sender and reply.code >= 500 and reply.code != TOO_LARGE:
            raise refused(self._server, "refuses the sender", reply)
        if sender or step is self._data:
            self._must_reset, self._offered = True, None
            self._not_taken(mail, reply)
            return
        about_us = self._standing.doubts(reply)
        if about_us and self._standing.hopeless:
            raise refused(self._server, "refuses every recipient", reply, mail.recipient)
        self._must_reset = True
        self._offered = None
        outcome = self._no(reply, mail)
        self._listener.settled(mail, replace(outcome, state="deferred") if about_us else outcome)

    def _not_taken(self, mail: Envelope, reply: Reply) -> None:
        """A no to a mail and not to its recipient. Raises DeliveryError when it is one to all."""
        outcome = self._no(reply, mail)
        final = reply.code >= 500
        if final and self._standing.doubts_mail():
            outcome = replace(outcome, state="deferred")
        self._listener.settled(mail, outcome)
        if final and self._standing.takes_none:
            mend = "Read what it objects to: the issue's text or size, or your standing with it"
            raise refused(self._server, TAKES_NONE, reply, mail.recipient, mend=mend)

    def _used_up(self, reply: Reply, mail: Envelope) -> DeliveryError:
        mend = "Wait until it counts anew, mostly a day; pace.per_hour and pace.warm_up keep below"
        return refused(self._server, "takes no more for now", reply, mail.recipient, mend=mend)

    async def _send_nothing(self, refused_at: Step) -> None:
        """DATA was let in though the envelope was not: an empty mail to nobody (RFC 2920 3.1)."""
        if refused_at.line.startswith(b"MAIL"):
            raise Broken("the server wants a mail without a sender")
        reply = await self._connection.ask(DOT, self._patience.data_end)
        if reply.code == CLOSING:
            raise Broken(reply.text)

    # ── what is offered next ──────────────────────────────────────────────────────────────

    async def _next(self) -> Envelope | None:
        while self._left > 0 and (mail := await self._outgoing.next()) is not None:
            if self._prepare(mail):
                return mail
        return None

    def _next_at_once(self) -> Envelope | None:
        while self._left > 0 and (mail := self._outgoing.take()) is not None:
            if self._prepare(mail):
                return mail
        return None

    def _prepare(self, mail: Envelope) -> bool:
        """Its commands, ready to be said; False when this server cannot take it: settled here."""
        self._offered = mail
        if not is_sender(mail.sender):
            mend = "Correct sender.address"
            raise trouble(self._server, "cannot be given this sender", mend=mend)
        try:
            sender, recipient = envelope_lines(mail, self._features)
        except Unsendable as error:
            self._offered = None
            self._unsendable(mail, error)
            return False
        seconds = self._patience.command
        steps = Step(sender, seconds, 2), Step(recipient, seconds, 2), self._data
        self._steps = (Step(RSET, seconds, 2), *steps) if self._must_reset else steps
        self._must_reset = False
        self._left -= 1
        return True

    def _unsendable(self, mail: Envelope, error: Unsendable) -> None:
        """Raises DeliveryError when the same was said of too many in a row."""
        about_all = isinstance(error, UnsendableToAnybody)
        doubted = about_all and self._standing.doubts_mail()
        self._listener.settled(mail, Outcome("deferred" if doubted else "failed", str(error)))
        if about_all and self._standing.takes_none:
            mend = "Shorten the issue or correct sender.address, or use a server that takes it"
            raise trouble(self._server, f"{TAKES_NONE} ({error})", mend=mend)

    def _group(self) -> bytes:
        return b"".join([step.line for step in self._steps])

    # ── when it ends ──────────────────────────────────────────────────────────────────────

    def _no(self, reply: Reply, mail: Envelope) -> Outcome:
        detail = reply.detail(mail.recipient)
        if reply.code in STRAINED:
            self._listener.slow_down(detail)
        return Outcome("failed" if reply.code >= 500 else "deferred", detail)

    def _closing(self, reply: Reply, mail: Envelope) -> Broken:
        return Broken(self._no(reply, mail).detail)

    def _left_by(self, reason: str, first: Envelope) -> Envelope | None:
        """As `_broke`. Raises DeliveryError when mail after mail is not answered."""
        left = self._broke(reason, first)
        if not self._standing.silent:
            return left
        if left is not None:
            self._outgoing.put_back(left)
        mend = "Its log tells why, and what it took: see `digest deliveries` and `digest resolve`"
        raise trouble(self._server, "leaves mail after mail unanswered", mend=mend)

    def _broke(self, reason: str, first: Envelope) -> Envelope | None:
        """The mail, not begun, that a new connection may try.

        Nothing was asked before `first` here, so the drop may be about it: it is deferred.
        """
        mail, self._offered = self._offered, None
        self._settle_on_wire(reason)
        if mail is None or self._outgoing.stopped or mail is not first:
            return mail
        self._listener.settled(mail, Outcome("deferred", scrubbed(reason, mail.recipient)))
        return None

    def _abandon(self, reason: str) -> None:
        mail, self._offered = self._offered, None
        try:
            self._settle_on_wire(reason)
        finally:
            if mail is not None:
                self._outgoing.put_back(mail)

    def _settle_on_wire(self, reason: str) -> None:
        """Before the final dot was written the server took nothing; after it nobody can tell."""
        mail, self._on_wire = self._on_wire, None
        if mail is None:
            return
        reason = scrubbed(reason, mail.recipient)
        if self._dot_written:
            outcome = Outcome("unknown", f"sent, but not answered ({reason})")
            self._standing.unanswered()
        else:
            outcome = Outcome("deferred", reason)
        self._listener.settled(mail, outcome)
