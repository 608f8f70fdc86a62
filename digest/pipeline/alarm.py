"""Alarm: editors are told of an issue that could not go on for ten minutes (a full disk, say).

In: what each try to send it led to. Out: one mail to each editor, once for each issue and cause;
the issue is not paused, as the next try may work. It is queued like other notices; where the
database itself takes nothing, it goes straight to the transport.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, transaction

from digest.config import Config, Keys
from digest.delivery.message import build_notice, new_message_id
from digest.delivery.queue import queue_notices
from digest.delivery.transports import open_transport
from digest.errors import DeliveryError, DigestError, Refused
from digest.models import AuditEntry, Issue
from digest.pipeline.notices import editors, withdraw

PATIENCE = timedelta(minutes=10)


class Alarm:
    """What one clock saw of its issues. One started anew waits, and may tell, once more."""

    def __init__(self, config: Config, keys: Keys):
        self._config, self._keys = config, keys
        self._since: dict[int, datetime] = {}  # issue → when it could not go on first
        # Issue, and where the trouble is with its mend: what it says may change at each try.
        self._told: set[tuple[int, str, str]] = set()

    @contextmanager
    def watching(self, issue: Issue, now: datetime) -> Iterator[None]:
        """A try to send it; what it raises is raised."""
        try:
            yield
        except DeliveryError as error:
            if error.temporary:
                self._failed(issue, error, now)
            raise
        if self._since.pop(issue.pk, None) and any(pk == issue.pk for pk, _, _ in self._told):
            withdraw(issue, now)  # no longer true

    def _failed(self, issue: Issue, error: DeliveryError, now: datetime) -> None:
        cause = issue.pk, error.where, error.mend
        lasts = now - self._since.setdefault(issue.pk, now)
        if lasts >= PATIENCE and cause not in self._told:
            self._told.add(cause)
            self._tell(issue, error, now)

    def _tell(self, issue: Issue, error: DeliveryError, now: datetime) -> None:
        subject, text = _notice(issue, self._config, error)
        sender, about = self._config.sender_value(), f"issue-{issue.number}"
        try:
            with transaction.atomic():
                if queue_notices(
                    editors(self._config), subject, text, about=about, sender=sender, now=now
                ):
                    what = "told the editors that it cannot go on"
                    AuditEntry.objects.create(issue=issue, at=now, who="digest", what=what)
        except (OperationalError, InterfaceError):
            with suppress(DigestError):  # nobody can be told; the log has it
                self._tell_at_once(subject, text, now)

    def _tell_at_once(self, subject: str, text: str, now: datetime) -> None:
        sender = self._config.sender_value()
        with open_transport(self._config, self._keys) as wire:
            for address in editors(self._config):
                with suppress(Refused):  # cannot be mailed; `digest check` names it
                    envelope = build_notice(
                        sender=sender,
                        recipient_address=address,
                        recipient_name="",
                        subject=subject,
                        text=text,
                        html=None,
                        message_id=new_message_id(sender.address.rpartition("@")[2]),
                        date=now,
                    )
                    wire.deliver(envelope)


def _notice(issue: Issue, config: Config, error: DeliveryError) -> tuple[str, str]:
    """Subject and text; what a server said is left out where it names a diagnosis (law 7)."""
    n, reason = issue.number, error.line().rstrip(".")
    if config.privacy.diagnosis_in(reason):
        reason = "what keeps it would tell a diagnosis here, and stands in the log"
    minutes = PATIENCE.seconds // 60
    paragraphs = (
        f"Issue {n} is going out, and could not go on for {minutes} minutes: {reason}.",
        "It is not paused: it is tried again, and goes on by itself once that is mended.",
        "Nothing is lost, and nobody gets it twice.",
        f"Who has it, and who has not:\ndigest deliveries {n}",
        f"{config.publication.site_url}/studio/issues/{n}",
    )
    return f"Issue {n} cannot go on: somebody has to look", "\n\n".join(paragraphs)
