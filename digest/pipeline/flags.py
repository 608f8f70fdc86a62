"""Flags, for editors to look at: summaries that are alike, changed after they were sent, or gone.

In: rows that gathering raised. Out: plain lines, with what was sent and what is said now, and
flags settled by a person; nothing follows from a flag by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from digest.errors import Refused
from digest.models import Flag, StoredSummary
from digest.pipeline.keeping.sent import NAMED, Sent, differing, sent_of
from digest.pipeline.keeping.sentences import first_difference
from digest.pipeline.rows import instant

LONGEST_NAME = 150
LARGEST = 2**63 - 1  # what a database holds as a number


def flag_lines(*, settled: bool = False) -> list[dict[str, Any]]:
    """Every open flag, the oldest first; with `settled` also those that were settled."""
    flags = Flag.objects.select_related("summary", "other")
    return _lines(flags if settled else flags.filter(settled_at=None))


def flags_of(summaries: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    """The open flags by the primary key of the summary they are about, or are the other of."""
    wanted = set(summaries)
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    every = Flag.objects.filter(settled_at=None).select_related("summary", "other")
    flags = [flag for flag in every if {flag.summary_id, flag.other_id} & wanted]
    for flag, line in zip(flags, _lines(flags), strict=True):
        for pk in {flag.summary_id, flag.other_id or 0} & wanted:
            found[pk].append(line)
    return found


def differences(summary: StoredSummary) -> list[dict[str, str]]:
    """What differs from what was last sent: `field`, `before` and `after`, at most 200 characters.

    Of each field the first sentence that differs; nothing if it was not sent, or its text of then
    is not known.
    """
    sent = sent_of([summary]).get(summary.pk)
    return _changes(sent, summary) if sent else []


def settle(numbers: Iterable[int], *, who: str, now: datetime) -> list[dict[str, Any]]:
    """Settle all of these flags, or none. One that is settled already stays as it is.

    Raises Refused for a number that no flag has, and without a name.
    """
    who, wanted = who.strip(), sorted(set(numbers))
    if not who or len(who) > LONGEST_NAME or any(not char.isprintable() for char in who):
        mend = f"Say who settles it with --by NAME, in {LONGEST_NAME} characters at most"
        raise Refused("settling a flag needs a name", mend=mend)
    with transaction.atomic():
        sane = [number for number in wanted if number <= LARGEST]
        known = set(Flag.objects.filter(pk__in=sane).values_list("pk", flat=True))
        if missing := [str(number) for number in wanted if number not in known]:
            what = f"there is no flag {', '.join(missing)}"
            raise Refused(what, mend="`digest flags --all` lists them; nothing was settled")
        open_ones = Flag.objects.filter(pk__in=wanted, settled_at=None)
        open_ones.update(settled_at=now, settled_by=who)
    return _lines(Flag.objects.filter(pk__in=wanted).select_related("summary", "other"))


def _lines(flags: Iterable[Flag]) -> list[dict[str, Any]]:
    listed = list(flags)
    changed = {f.summary_id: f.summary for f in listed if f.kind == Flag.Kind.CHANGED}
    sent = sent_of(list(changed.values())) if changed else {}
    changes = {pk: _changes(what, changed[pk]) for pk, what in sent.items()}
    return [
        _line(flag, changes.get(flag.summary_id, []) if flag.kind == Flag.Kind.CHANGED else [])
        for flag in listed
    ]


def _changes(sent: Sent, summary: StoredSummary) -> list[dict[str, str]]:
    content = sent.content
    if content is None:
        return []
    found = []
    for name in differing(content, summary):
        before, after = first_difference(content.get(name) or "", getattr(summary, name))
        found.append({"field": NAMED[name], "before": before, "after": after})
    return found


def _line(flag: Flag, changes: list[dict[str, str]]) -> dict[str, Any]:
    url = flag.summary.url
    return {
        "number": flag.pk,
        "kind": flag.kind,
        "slug": flag.summary.slug,
        "title": flag.summary.title,
        "other": flag.other.slug if flag.other else None,
        "other_title": flag.other.title if flag.other else None,
        "detail": flag.detail,
        "changes": changes,
        "url": url if url.startswith(("http://", "https://")) else None,
        "raised": instant(flag.raised_at),
        "settled": instant(flag.settled_at),
        "settled_by": flag.settled_by or None,
    }
