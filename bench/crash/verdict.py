"""The law, checked: the readers, their rows and the sink's log → lost, doubled, unknown.

Plain values in and out; nothing is asked of the product's own counting.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Row(NamedTuple):
    """A delivery as the database has it. `reference`: the local part of its Message-ID."""

    address: str
    state: str
    reference: str


class Taken(NamedTuple):
    """A mail that the sink took."""

    recipient: str
    reference: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Counts of readers. `limit`: the most that may be unknown."""

    readers: int
    accepted: int
    unknown: int
    really_sent: int  # of the unknown ones
    lost: int  # not taken by the sink, and their row does not leave it open
    doubled: int
    mislabelled: int  # taken under another Message-ID than the row's, or nobody's
    unsettled: int  # rows that wait, are claimed, or failed: the sink takes everything
    limit: int

    @property
    def breaches(self) -> list[str]:
        """What breaks the law, one line each."""
        found = [
            f"{count} {what}"
            for count, what in (
                (self.lost, "lost"),
                (self.doubled, "sent twice"),
                (self.mislabelled, "under a Message-ID that is not theirs"),
                (self.unsettled, "not settled"),
            )
            if count
        ]
        if self.unknown > self.limit:
            found.append(f"{self.unknown} unknown, more than the {self.limit} that can be")
        return found


def judge(readers: int, rows: Sequence[Row], log: Iterable[Taken], *, limit: int) -> Verdict:
    """What became of everybody. `limit`: connections x kills."""
    log = list(log)
    taken = Counter(mail.recipient for mail in log)
    names = {row.address: row.reference for row in rows}
    unknown = {row.address for row in rows if row.state == "unknown"}
    arrived = sum(row.address in taken for row in rows)
    return Verdict(
        readers=readers,
        accepted=sum(row.state == "accepted" for row in rows),
        unknown=len(unknown),
        really_sent=len(unknown & taken.keys()),
        lost=readers - arrived - len(unknown - taken.keys()),
        doubled=sum(times > 1 for times in taken.values()),
        mislabelled=sum(names.get(mail.recipient) != mail.reference for mail in log),
        unsettled=sum(row.state not in ("accepted", "unknown") for row in rows),
        limit=limit,
    )


def resent_well(unknown: Iterable[str], before: Sequence[Taken], log: Sequence[Taken]) -> list[str]:
    """What is wrong after an operator resent the unknown ones: each once, as itself."""
    wanted, later = set(unknown), log[len(before) :]
    names: defaultdict[str, set[str]] = defaultdict(set)
    for mail in log:
        names[mail.recipient].add(mail.reference)
    again = Counter(mail.recipient for mail in later)
    found = []
    if again != Counter(wanted):
        found.append(f"{len(wanted)} were to be resent, {again.total()} were")
    if strange := sum(len(names[one]) > 1 for one in wanted):
        found.append(f"{strange} resent under another Message-ID")
    return found
