"""What an editor should look at: changed after it was sent, removed, or much like another.

In: rows and what became of them. Out: `Flag`s; nothing happens by itself. One open flag of a
kind, and a pair that was flagged once is not flagged again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from django.db.models import Q

from digest.models import Flag, StoredSummary
from digest.pipeline.keeping.known import AT_ONCE, parts
from digest.pipeline.keeping.sent import NAMED, Sent, differing, issues_of, sent_of

BY_ITSELF = "digest"
MOST_PER_SUMMARY = 3  # pairs: what is like everything is like nothing

Pair = tuple[StoredSummary, int, str]  # a summary, the primary key of the other, and how alike


def flag_changed(rows: Mapping[int, tuple[StoredSummary, frozenset[str]]], now: datetime) -> int:
    """Flag those of the rows that were sent and say something else now.

    `rows`: primary key → the row, and the fields whose words changed just now. What went back to
    what was sent asks nobody any more.
    """
    sent = sent_of([row for row, _ in rows.values()]) if rows else {}
    opened = {flag.summary_id: flag for flag in _open(Flag.Kind.CHANGED, sent)}
    fresh, same = [], []
    for pk, what in sent.items():
        flag = opened.get(pk) or Flag(summary_id=pk, kind=Flag.Kind.CHANGED, raised_at=now)
        fields = _fields(what, *rows[pk], flag)
        if not fields:
            same.append(pk)
            continue
        flag.detail = f"Changed by its source after issue {what.issue}: {_listed(fields)}."
        if pk not in opened:
            fresh.append(flag)
    if opened:
        Flag.objects.bulk_update(opened.values(), ["detail"], batch_size=AT_ONCE)
    _settle(Flag.Kind.CHANGED, same, now)
    return _raise(fresh)


def _fields(sent: Sent, row: StoredSummary, words: frozenset[str], flag: Flag) -> list[str]:
    """What differs from what was sent, by name; without its text, all that changed since."""
    if sent.content is not None:
        return [NAMED[field] for field in differing(sent.content, row)]
    before = flag.detail.partition(":")[2]
    return [name for field, name in NAMED.items() if field in words or name in before]


def flag_removed(places: Mapping[int, str], now: datetime) -> int:
    """Flag rows that are gone and were not sent; `places`: row → where it stood."""
    sent = issues_of(places) if places else {}
    opened = {flag.summary_id for flag in _open(Flag.Kind.REMOVED, places)}
    return _raise(
        Flag(
            summary_id=pk,
            kind=Flag.Kind.REMOVED,
            raised_at=now,
            detail=f"Its source no longer has it: {place} is gone, or says something else.",
        )
        for pk, place in places.items()
        if pk not in sent and pk not in opened
    )


def settle_removed(rows: Sequence[int], now: datetime) -> None:
    """What came back asks nobody any more."""
    _settle(Flag.Kind.REMOVED, rows, now)


def flag_similar(pairs: Sequence[Pair], now: datetime) -> int:
    """Flag pairs that may be one study, unless they were flagged before, either way round."""
    if not pairs:
        return 0
    before, times = _flagged_pairs({row.pk for row, _, _ in pairs} | {pk for _, pk, _ in pairs})
    fresh = []
    others = StoredSummary.objects.only("slug", "title").in_bulk({pk for _, pk, _ in pairs})
    for row, other, how in pairs:
        pair = frozenset((row.pk, other))
        full = max(times[row.pk], times[other]) >= MOST_PER_SUMMARY
        if len(pair) < 2 or pair in before or full or other not in others:
            continue
        before.add(pair)
        times.update(pair)
        detail = f"{how} “{others[other].title}” ({others[other].slug}): it may be the same study."
        fresh.append(
            Flag(
                summary_id=row.pk,
                other_id=other,
                kind=Flag.Kind.SIMILAR,
                raised_at=now,
                detail=detail,
            )
        )
    return _raise(fresh)


def _flagged_pairs(pks: Collection[int]) -> tuple[set[frozenset[int]], Counter[int]]:
    """The pairs that were ever flagged, and how often each row stands in an open flag."""
    pairs: set[frozenset[int]] = set()
    times: defaultdict[int, set[int]] = defaultdict(set)
    for part in parts(sorted(pks)):
        flags = Flag.objects.filter(kind=Flag.Kind.SIMILAR, other__isnull=False)
        flags = flags.filter(Q(summary__in=part) | Q(other__in=part)).order_by()
        for number, one, other, settled in flags.values_list(
            "pk", "summary_id", "other_id", "settled_at"
        ):
            pairs.add(frozenset((one, other)))
            if settled is None:
                times[one].add(number)
                times[other].add(number)
    return pairs, Counter({pk: len(numbers) for pk, numbers in times.items()})


def _open(kind: Flag.Kind, rows: Iterable[int]) -> list[Flag]:
    return [
        flag
        for part in parts(rows)
        for flag in Flag.objects.filter(kind=kind, settled_at=None, summary__in=part)
    ]


def _settle(kind: Flag.Kind, rows: Sequence[int], now: datetime) -> None:
    for part in parts(rows):
        flags = Flag.objects.filter(summary__in=part, kind=kind, settled_at=None)
        flags.update(settled_at=now, settled_by=BY_ITSELF)


def _raise(flags: Iterable[Flag]) -> int:
    """Another gathering may have raised the same one just now: then one is enough."""
    return len(Flag.objects.bulk_create(flags, ignore_conflicts=True))


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
