"""Test mails: the editions of an issue to one address, as its readers would get them.

In: an issue and an address that need be on no list. Out: what became of each mail. They go by
the real transport and are marked in their subject. They are no deliveries: no row, a Message-ID
of their own, and links that lead nowhere, so that nobody can leave for somebody else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from digest.config import Config, Keys
from digest.delivery.message import new_message_id
from digest.delivery.transports import Transport, open_transport
from digest.errors import DeliveryError, Refused
from digest.models import AuditEntry, Issue
from digest.pipeline.backup.paused import refuse_unreleased
from digest.pipeline.mailing import Mailing
from digest.pipeline.preflight import preflight, refuse_while
from digest.pipeline.preview import edition_of, mailing_of
from digest.values import Audience, Envelope, Outcome
from subscribers.addresses import parse_address
from subscribers.suppression import is_suppressed

MARK = "[Test] "


@dataclass(frozen=True, slots=True)
class SentTest:
    """One mail of a test, and what became of it."""

    audience: Audience
    message_id: str
    outcome: Outcome

    def document(self) -> dict[str, str]:
        """As JSON prints it."""
        said = {"state": self.outcome.state, "detail": self.outcome.detail}
        return {"audience": self.audience, "message_id": self.message_id, **said}


def send_test(
    issue: Issue,
    to: str,
    config: Config,
    keys: Keys,
    *,
    only: Audience | None,
    who: str,
    now: datetime,
    transport: Transport | None = None,
) -> list[SentTest]:
    """Mail each edition (or one) to one address; the audit keeps who did, but not to whom.

    Raises Refused while preflight blocks, for a suppressed address and for an edition that the
    issue has not, BadAddress, ConfigError, or DeliveryError when the transport cannot work.
    """
    refuse_unreleased()  # who is suppressed since the backup may not be known yet
    address = parse_address(to).address
    if is_suppressed(address):
        raise Refused("that address is suppressed", mend="Test with another: it is never mailed")
    refuse_while(preflight(issue, config), issue.number)
    envelopes = _envelopes(mailing_of(issue, config, keys), address, only, now)
    wire = transport or open_transport(config, keys)
    mails = f"{len(envelopes)} mail{'s' if len(envelopes) > 1 else ''}"
    what = f"began a test of {mails}: {', '.join(envelopes)}"
    AuditEntry.objects.create(issue=issue, at=now, who=who, what=what)
    sent: list[SentTest] = []
    with wire:
        for audience, envelope in envelopes.items():
            try:
                outcome = wire.deliver(envelope)
            except DeliveryError as error:
                if not sent:
                    raise
                outcome = Outcome("failed", error.line())  # what went before is told, too
            sent.append(SentTest(audience, envelope.message_id, outcome))
    return sent


def _envelopes(
    mailing: Mailing, address: str, only: Audience | None, now: datetime
) -> dict[Audience, Envelope]:
    wanted = [edition_of(mailing, only)] if only else list(mailing.editions.values())
    marked = [replace(one, subject=MARK + one.subject) for one in wanted]
    test = replace(mailing, editions={one.audience: one for one in marked})
    return {
        one.audience: test.fill(
            one.audience,
            replace(test.nobody(one.audience, now), address=address),
            message_id=new_message_id(test.host),
            date=now,
        )
        for one in marked
    }
