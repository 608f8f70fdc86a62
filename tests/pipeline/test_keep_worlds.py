"""Whatever harmless thing a site does between two gatherings, a study is stored and sent once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.models import Issue, LedgerEntry, StoredSummary
from digest.pipeline.past import candidates
from digest.values import AUDIENCES, Entry
from tests.builders import NOW, a_draft, an_entry
from tests.pipeline.harvests import kept

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

NUMBERS = ("sleep", "walks", "lesions", "vision")


@dataclass
class Site:
    """A source: what it has, and how it writes it."""

    name: str
    studies: tuple[int, ...]
    with_guids: bool
    alike: bool  # its words are the study's; else its headline is its own
    complete: bool
    guids: str = "http://s/?p="
    scheme: str = "https://"
    www: str = ""
    slash: str = ""
    folder: str = "incoming"
    with_doi: bool = False
    away: set[int] = field(default_factory=set)

    def gives(self, order: Random) -> list[Entry]:
        """What a visit finds now, in any order."""
        there = [n for n in self.studies if n not in self.away]
        order.shuffle(there)
        return [self._entry(n) for n in there]

    def _entry(self, number: int) -> Entry:
        topic = NUMBERS[number]
        headline = f"What a trial of {topic} found."
        return an_entry(
            title=f"A Trial of {topic.title()}",
            headline=headline if self.alike else f"{headline} Told by {self.studies}.",
            found=f"Forty people took part in the trial of {topic}.",
            url=f"{self.scheme}{self.www}site{int(self.alike)}.example.org/{number}{self.slash}",
            guid=f"{self.guids}{number}" if self.with_guids else "",
            doi=f"10.5555/{topic}" if self.with_doi else "",
            place=f"{self.folder}/{number}.html",
        )


def rename(site: Site) -> None:
    site.name += "-new"


def drop_or_bring_back(site: Site) -> None:
    site.away ^= {site.studies[0]}


MOVES: dict[str, Callable[[Site], object]] = {
    "guids change": lambda site: setattr(site, "guids", f"{site.guids}x"),
    "https": lambda s: setattr(s, "scheme", {"https://": "http://"}.get(s.scheme, "https://")),
    "www": lambda site: setattr(site, "www", "" if site.www else "www."),
    "slash": lambda site: setattr(site, "slash", "" if site.slash else "/"),
    "renamed": rename,
    "files move": lambda site: setattr(site, "folder", f"{site.folder}/in"),
    "a DOI": lambda site: setattr(site, "with_doi", True),
    "dropped or back": drop_or_bring_back,
}
numbers = st.lists(st.sampled_from(range(4)), min_size=1, unique=True).map(tuple)
flags = st.booleans()
sites = st.builds(Site, st.just("one"), numbers, flags, flags, flags)
moves = st.lists(st.lists(st.tuples(flags, st.sampled_from(sorted(MOVES))), max_size=4), max_size=5)


@given(sites, st.none() | sites, moves, st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_no_harmless_move_makes_a_second_row_of_a_study(
    one: Site, two: Site | None, rounds: list[list[tuple[bool, str]]], seed: int
) -> None:
    order, world = Random(seed), [replace(one, away=set())]
    if two:
        world.append(replace(two, name="two", away=set()))
    with transaction.atomic():
        issue = a_draft(state="sent")
        for day, done in enumerate([[], *rounds]):
            for second, move in done:
                MOVES[move](world[-1 if second else 0])
            gather(world, order, day)
            titles = list(StoredSummary.objects.values_list("title", flat=True))
            assert len(titles) == len(set(titles))
            was_sent = {row.summary.title for row in issue.ledger.select_related("summary")}
            assert not was_sent & {row.title for row in candidates(None)}
            send(issue)
        transaction.set_rollback(True)


def gather(world: list[Site], order: Random, day: int) -> None:
    names = frozenset(site.name for site in world)
    for site in world:
        now = NOW + timedelta(days=day)
        told = site.gives(order)
        kept(site.name, *told, now=now, complete=site.complete, sources=names)


def send(issue: Issue) -> None:
    """All that is waiting goes into the issue, for everybody."""
    LedgerEntry.objects.bulk_create(
        LedgerEntry(
            issue=issue, summary=row, audience=one, state="in", content_hash=row.content_hash
        )
        for row in list(candidates(None))
        for one in AUDIENCES
    )
