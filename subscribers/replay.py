"""Replay: who left, was suppressed or erased since a backup is so again in its restored rows.

In: lines of the departures file, in their order. Out: rows, by keyed hash alone. Who came back
after leaving is left as the backup has them; in doubt nobody is mailed. A row whose person changed
their address since is closed, and goes when they are erased under the new one. Run twice, it
changes nothing the second time; killed half-way, it goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from django.db import transaction
from django.utils import timezone

from subscribers.consent import Circumstances, append
from subscribers.departures import Noted
from subscribers.models import Membership, Subscriber, Suppression
from subscribers.suppression import KEYS_PER_QUERY, suppress_keys

ACTOR = "departures file"
State, Reason = Membership.State, Suppression.Reason
Erase = Callable[[str, datetime], object]  # an address, and when


@dataclass(slots=True)
class Standing:
    """What became of one address since, all its lines together."""

    at: datetime
    left: set[str] = field(default_factory=set)  # lists; "" is every one
    back: set[str] = field(default_factory=set)  # lists joined anew since nobody had it
    suppressed: str = ""
    erased: bool = False
    moved: bool = False  # to another address

    @property
    def gone(self) -> bool:
        """Whether whom the backup has here was erased or moved since; another may have come."""
        return self.erased or self.moved

    def take(self, one: Noted) -> None:
        """The next line about it."""
        self.at = one.at
        if one.kind == "left":
            self.left.add(one.detail)
            self.back.discard(one.detail)
        elif one.kind in ("erased", "moved"):
            self.erased |= one.kind == "erased"
            self.moved |= one.kind == "moved"
            self.left.clear()
            self.back.clear()
        elif one.kind == "suppressed" and self.suppressed in ("", Reason.ERASED):
            self.suppressed = one.detail if one.detail in Reason else Reason.OPERATOR
        elif one.kind == "returned" and one.detail:
            self._return(one.detail)

    def _return(self, list_name: str) -> None:
        """A bounce, a complaint and an operator's word stay: nobody lifts those by joining."""
        if self.suppressed == Reason.ERASED:
            self.suppressed = ""
        self.left.discard(list_name)
        if self.gone:
            self.back.add(list_name)


@dataclass(slots=True)
class Replayed:
    """How many of each, counting only what was changed now."""

    left: int = 0
    suppressed: int = 0
    erased: int = 0
    moved: int = 0  # addresses that their people changed for another since


def replay(
    lines: Iterable[Noted], erase: Erase, *, now: datetime | None = None
) -> tuple[Replayed, list[str]]:
    """Apply all lines; what changed, and the keyed hashes that are not to be mailed since.

    `erase` erases the person behind an address as an operator's order does, and suppresses it.
    """
    standings = _standings(lines)
    counts = Replayed()
    closed = [key for key, s in standings.items() if s.gone or s.suppressed or s.left]
    for keys in _some(closed):
        people = {p.address_key: p for p in Subscriber.objects.filter(address_key__in=keys)}
        for key, person in people.items():
            standing = standings[key]
            back = _came_back(person, standing)
            if standing.erased and not back:
                erase(person.address, standing.at)
                counts.erased += 1
                continue
            if standing.gone and back:
                _forget_what_was_told(person)
            left = _leave(person, standing)
            counts.left += 0 if standing.moved else left
        orders = [order for key in keys for order in _orders(key, standings[key], key in people)]
        done = suppress_keys(orders, now=now or timezone.now())
        new = [key for key, what in done.items() if what != "already"]
        moved = sum(standings[key].moved and not standings[key].erased for key in new)
        counts.moved += moved
        counts.suppressed += len(new) - moved
    return counts, closed


def _standings(lines: Iterable[Noted]) -> dict[str, Standing]:
    """Of each address; an erasure is also one of the addresses that the person had before."""
    standings: dict[str, Standing] = {}
    before: dict[str, set[str]] = {}
    for one in lines:
        if one.kind == "began":  # that is an issue
            continue
        standings.setdefault(one.key, Standing(one.at)).take(one)
        if one.kind == "moved":
            older = before.pop(one.key, set()) | {one.key}
            before.setdefault(one.detail, set()).update(older)
        elif one.kind == "erased":
            for key in before.pop(one.key, ()):
                standings[key].take(one)
    return standings


def _orders(key: str, standing: Standing, known: bool) -> Iterator[Suppression]:
    """How the address is suppressed, if it is.

    Whom the backup does not know, and who left since, no import must bring back, and neither who
    has another address by now: suppressed as after an erasure, which the person can lift.
    """
    stays = standing.back or (known and not standing.moved)
    reason = standing.suppressed or ("" if stays else Reason.ERASED)
    if reason:
        yield Suppression(address_key=key, reason=reason, at=standing.at, actor=ACTOR)


def _came_back(person: Subscriber, standing: Standing) -> bool:
    """Whether the backup has them confirmed on a list that was joined anew since."""
    if not standing.back:
        return False
    confirmed = person.memberships.filter(state=State.CONFIRMED)
    names = set(confirmed.values_list("list_name", flat=True))
    return bool(names & standing.back)


def _forget_what_was_told(person: Subscriber) -> None:
    """They came back as somebody new: what they had told us before they were erased is gone."""
    told = {"name": "", "themes": [], "not_now": [], "tags": [], "new_address": ""}
    Subscriber.objects.filter(pk=person.pk).update(**told)


def _leave(person: Subscriber, standing: Standing) -> int:
    """Leave those lists; of who is gone all that were not joined anew. How many."""
    with transaction.atomic():
        mine = {m.list_name: m.state for m in person.memberships.select_for_update()}
        names = set(mine) if "" in standing.left else set(standing.left)
        if standing.gone:
            names |= set(mine) - standing.back
        leaving = sorted(name for name in names - {""} if mine.get(name) != State.LEFT)
        for name in leaving:
            Membership.objects.update_or_create(
                subscriber=person,
                list_name=name,
                defaults={"state": State.LEFT, "changed_at": standing.at},
            )
            if name in mine:
                append("withdrawn", [person.pk], name, Circumstances(ACTOR, "left"), at=standing.at)
    return len(leaving)


def _some(keys: list[str]) -> Iterator[list[str]]:
    rest = iter(keys)
    while some := list(islice(rest, KEYS_PER_QUERY)):
        yield some
