"""Editions → what rendering them costs: milliseconds (medians of warm runs) and bytes.

Everything runs in this process; a wait for the disk is over once the first render is.
"""

from __future__ import annotations

import gzip
from binascii import b2a_qp
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from statistics import median
from time import perf_counter

from digest.mail.render import mail_environment, render
from digest.mail.slots import personalise
from digest.mail.variants import for_themes
from digest.values import Edition, Personal, Rendition, ThemeGroup

WARM = 5  # runs that do not count
ROUNDS = 5  # of which the calmest counts: others share this machine
WORDS = 2  # in the box of a theme whose bytes are limited
READER = Personal(
    unsubscribe_url=f"https://digest.example.org/leave/{'x' * 60}",
    preferences_url=f"https://digest.example.org/preferences/{'x' * 60}",
    browser_url="https://digest.example.org/issues/12/patient",
    joined="3 March 2026",
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one HTML part costs: milliseconds to make, and bytes plain, as sent and gzipped."""

    milliseconds: float
    html: int
    quoted_printable: int
    gzip: int

    @classmethod
    def of(cls, milliseconds: float, html: str) -> Cost:
        raw = html.encode("utf-8")
        return cls(milliseconds, len(raw), len(b2a_qp(raw, istext=True)), len(gzip.compress(raw)))


def rendering(edition: Edition, runs: int) -> Cost:
    """Edition → Rendition: HTML, text and page. The bytes are those that one reader gets."""
    environment = mail_environment()
    milliseconds = timed(lambda: render(edition, environment), runs)
    return Cost.of(milliseconds, as_read(render(edition, environment)))


def choosing(edition: Edition) -> float:
    """Milliseconds that a reader's choice of themes costs: the median over every choice."""
    rendition = render(edition, mail_environment())
    themes = [group.theme.id for group in edition.groups]
    sizes = range(1, max(2, len(themes)))
    choices = [frozenset(some) for size in sizes for some in combinations(themes, size)]

    def choose(chosen: frozenset[str]) -> float:
        for_themes.cache_clear()
        return _seconds(lambda: for_themes(rendition, chosen))

    return min(median(map(choose, choices)) for _ in range(ROUNDS)) * 1000


def a_theme_more(edition: Edition) -> int:
    """The bytes of a further theme, its cards aside and at most two words in its box: the most.

    Each theme in turn gives its cards to the one before it and goes.
    """
    groups = tuple(replace(group, words=group.words[:WORDS]) for group in edition.groups)
    whole = _bytes(replace(edition, groups=groups))
    fewer = (
        _bytes(replace(edition, groups=_without(theme, before, groups)))
        for before, theme in pairwise(groups)
    )
    return max(whole - size for size in fewer)


def timed(call: Callable[[], object], runs: int) -> float:
    """The median milliseconds of `runs` warm calls, in the calmest of the rounds."""
    for _ in range(WARM):
        call()
    return min(median(_seconds(call) for _ in range(runs)) for _ in range(ROUNDS)) * 1000


def as_read(rendition: Rendition) -> str:
    """The HTML that one reader gets."""
    return personalise(rendition, READER)[0]


def _seconds(call: Callable[[], object]) -> float:
    start = perf_counter()
    call()
    return perf_counter() - start


def _bytes(edition: Edition) -> int:
    return len(as_read(render(edition, mail_environment())).encode("utf-8"))


def _without(
    theme: ThemeGroup, before: ThemeGroup, groups: Iterable[ThemeGroup]
) -> tuple[ThemeGroup, ...]:
    fuller = replace(before, items=before.items + theme.items)
    return tuple(fuller if one is before else one for one in groups if one is not theme)
