"""Refusals: a server that says at once "550 5.1.1 no such user" is as good as a bounce.

    outcomes ──► store_refusals ──► (the events of hear_back) ──► apply_events

In: deliveries that failed over SMTP, with what was said. Out: stored events, so that the rules of
what comes back apply: hard → suppressed, soft → counted, blocked → told. Law 4: suppressing is for
ever, and our own smart host's refusals come this way too, so that hard is only what names the
address; a bare reply number counts as soft.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from digest.delivery.smtp import QUOTA_CODES
from digest.feedback.events import Kind, one_line
from digest.feedback.hardness import Hardness, code_in, hardness, reason_given
from digest.feedback.reports import BOUNCED
from digest.models import StoredEvent

GAVE_UP = re.compile(r"gave up after \d+ attempts: ")
FINAL = re.compile(r"5[0-5]\d(?= |$)", re.ASCII)  # RFC 5321 4.2.1
FOR_NOW = re.compile(r"4[0-5]\d(?= |$)", re.ASCII)
ABOUT_US = (*QUOTA_CODES, "5.3.4")  # our allowance; what we send is too big for their system
CLOSING = "421"  # RFC 5321 3.8: the server goes, whoever the mail is for


def store_refusals(results: Iterable[tuple[str, str]], now: datetime) -> int:
    """Keep what failed deliveries tell of their readers, each delivery once; how many told.

    `results` are references and details of outcomes that are `failed`; call it in the transaction
    that commits them. Stored again, nothing doubles.
    Details that are no server's refusal (an address that cannot be written, say) tell nothing.
    """
    told = ((reference, detail, refusal_in(detail)) for reference, detail in results if reference)
    rows = [_row(reference, detail, kind, now) for reference, detail, kind in told if kind]
    StoredEvent.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def refusal_in(detail: str) -> Kind | None:
    """What the detail of a failed delivery says of its reader; None: nothing."""
    said = GAVE_UP.sub("", detail, count=1)
    if FINAL.match(said):
        if code_in(said) in ABOUT_US:
            return "blocked"
        return BOUNCED[reason_given("", said) or _less_than_hard(said)]
    if said != detail and FOR_NOW.match(said):
        about_us = said.startswith(CLOSING) or code_in(said).startswith("4.7")
        return "blocked" if about_us else "soft bounce"
    return None


def _less_than_hard(said: str) -> Hardness:
    level = hardness("", said)
    return "soft" if level == "hard" else level


def _row(reference: str, detail: str, kind: Kind, now: datetime) -> StoredEvent:
    return StoredEvent(
        raw_id=f"smtp:{reference}",
        kind=kind,
        reference=reference,
        detail=one_line(detail),
        at=now,
        received_at=now,
    )
