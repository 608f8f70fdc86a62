"""Restore: a backup → the rows of an empty database, which sends nothing yet.

In: a file and the keys. Out: everything in one transaction, so that a restore that is killed
leaves what was there before. What the backup says was about to go out may be out since: it stops,
and no mail of it is sent again by itself (law 3).
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, IntegrityError, transaction

from digest import __version__
from digest.config import Config, Keys
from digest.delivery.journal import JOURNAL
from digest.delivery.lock import QUEUE_LOCK, only_one
from digest.errors import Refused
from digest.models import AuditEntry, Delivery, Issue, Restoration
from digest.pipeline import Progress
from digest.pipeline.backup import dump
from digest.pipeline.backup.seal import Header
from digest.pipeline.backup.verify import Verified, opened, verify_backup

WHO = "digest restore"
MAY_BE_OUT = "open when the backup was taken; it may have been sent since"
State = Issue.State
# State in the backup → state now, and what the audit says of it.
STOPPED: dict[str, tuple[Issue.State, str]] = {
    State.SENDING: (State.PAUSED, "paused: it was going out when the backup was taken"),
    State.SCHEDULED: (State.APPROVED, "no longer scheduled: it may have gone out since the backup"),
    State.APPROVED: (State.APPROVED, "restored as approved: it may have gone out since the backup"),
}


@dataclass(frozen=True, slots=True)
class Restored:
    """What is in the database now, and what an operator has to look at."""

    backup: Verified
    unknown: int  # deliveries that may be out
    stopped: dict[int, str]  # issue → what became of it

    def document(self) -> dict[str, Any]:
        """As JSON prints it."""
        issues = {str(number): what for number, what in self.stopped.items()}
        return {**self.backup.document(), "unknown": self.unknown, "issues": issues}


def restore_backup(
    path: Path,
    config: Config,
    keys: Keys,
    *,
    now: datetime,
    replace: bool = False,
    progress: Progress | None = None,
) -> Restored:
    """Verify the file, then put its rows in place of what is there. `progress`: as in writing.

    Raises Refused for a file that does not verify or is of another schema, a database that holds
    data (unless `replace`), or while somebody sends; then nothing has changed.
    """
    with ExitStack() as alone:
        for lock in (JOURNAL, QUEUE_LOCK):  # nobody sends while rows change under them
            alone.enter_context(only_one(config.folder, lock))
        _refuse_other_schema(path, keys)
        if not replace:
            _refuse_data()

        def first_half(done: int, total: int) -> None:
            if progress:
                progress(done, 2 * total)

        verified = verify_backup(path, keys, progress=first_half)
        return _fill(verified, keys, now, progress)


def _fill(verified: Verified, keys: Keys, now: datetime, progress: Progress | None) -> Restored:
    total = through = verified.header.total

    def count(rows: int) -> None:
        nonlocal through
        through += rows
        if progress:
            progress(through, 2 * total)

    try:
        with transaction.atomic(), opened(verified.path, keys) as backup:
            if backup.header != verified.header:
                raise Refused("it was changed while it was read", where=str(verified.path))
            dump.empty()
            dump.load(backup.lines(), count)
            Restoration.objects.create(taken_at=_taken_at(verified.header), restored_at=now)
            restored = Restored(verified, _doubt_deliveries(now), _stop_issues(now))
    except (IntegrityError, DatabaseError) as error:
        raise Refused(
            f"the database refused its rows ({str(error).strip().splitlines()[0]}); nothing is "
            "changed",
            where=str(verified.path),
            mend="Run `digest check`, then try again or take another backup",
        ) from None
    finally:
        ContentType.objects.clear_cache()
    return restored


def _refuse_other_schema(path: Path, keys: Keys) -> None:
    with opened(path, keys) as backup:
        header = backup.header
    if header.schema != dump.schema():
        raise Refused(
            f"it was made by version {header.version} with other tables than version "
            f"{__version__} has",
            where=str(path),
            mend=f"Install version {header.version}, restore it there, then upgrade and run "
            "`digest migrate`",
        )


def _refuse_data() -> None:
    if dump.holds_data():
        raise Refused(
            "the database holds data already",
            mend="Restore into an empty one (`digest migrate` makes its tables), or say --replace "
            "to lose what is there",
        )


def _taken_at(header: Header) -> datetime:
    return datetime.fromisoformat(header.taken_at)


def _doubt_deliveries(now: datetime) -> int:
    """What was on the wire, or could be since: unknown, for an operator to settle."""
    going_out = Issue.objects.filter(state__in=(State.SENDING, State.PAUSED))
    claimed = Delivery.objects.filter(state=Delivery.State.CLAIMED)
    waiting = Delivery.objects.filter(
        issue__in=going_out, state__in=(Delivery.State.QUEUED, Delivery.State.DEFERRED)
    )
    doubted = {"state": Delivery.State.UNKNOWN, "detail": MAY_BE_OUT, "next_try": None}
    return sum(rows.update(**doubted, changed_at=now) for rows in (claimed, waiting))


def _stop_issues(now: datetime) -> dict[int, str]:
    stopped = {}
    for issue in Issue.objects.filter(state__in=STOPPED):
        state, what = STOPPED[issue.state]
        Issue.objects.filter(pk=issue.pk).update(state=state, send_at=None)
        AuditEntry.objects.create(issue=issue, at=now, who=WHO, what=what)
        stopped[issue.number] = what
    return stopped
