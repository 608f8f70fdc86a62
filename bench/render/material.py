"""Made-up editions of real length: the labelled corpus' sentences, dealt out anew and composed.

In: how many cards, for whom. Out: an `Edition` with its themes, teasers, evidence and words as
the product makes them, the same on every machine and in every run.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from itertools import islice

from bench.compose.material import made_up
from digest.config import Config, load_config
from digest.editorial.evidence import read_evidence
from digest.editorial.glossary import find_words, load_glossary
from digest.editorial.teasers import make_teasers
from digest.editorial.themes import classify, load_taxonomy
from digest.shipped import shipped
from digest.values import Audience, Edition, Item, Summary, ThemeGroup, Word

THEMES = 6
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MOST = 60  # cards
POOL = 240  # summaries to deal from: a tenth of it at least is in any theme


def an_edition(cards: int, audience: Audience = "patient", themes: int = THEMES) -> Edition:
    """`cards` cards, dealt out evenly to the first `themes` themes of the audience's order."""
    config, themes_of = _config(), load_taxonomy().themes
    pool = _by_theme()
    chosen = [theme for theme in config.audiences[audience].order if theme in pool][:themes]
    groups = []
    for place, theme in enumerate(chosen):
        items = tuple(islice(pool[theme], len(range(place, cards, themes))))
        name = themes_of[theme].names[audience]
        shown = "" if config.privacy.diagnosis_in(name) else name
        groups.append(ThemeGroup(themes_of[theme], items, _words(items, audience), shown))
    return Edition(
        number=12,
        dated=NOW,
        publication=config.publication_value(),
        wording=config.audiences[audience].wording(audience),
        groups=tuple(group for group in groups if group.items),
        articles=(),
    )


@cache
def _config() -> Config:
    return load_config(shipped("config.yaml"))


@cache
def _by_theme() -> dict[str, tuple[Item, ...]]:
    """What the product makes of the pool, by theme."""
    taxonomy = load_taxonomy()
    found: dict[str, list[Item]] = {}
    for summary in _summaries():
        verdict, evidence = classify(summary, taxonomy), read_evidence(summary)
        item = Item(summary, verdict, evidence, make_teasers(summary, evidence))
        found.setdefault(verdict.theme, []).append(item)
    return {theme: tuple(items) for theme, items in found.items()}


def _summaries() -> Iterator[Summary]:
    for texts in made_up(POOL):
        url = f"https://news.example.org/research/{texts['slug']}"
        yield Summary(kind="summary", first_seen=NOW, published_at=NOW, url=url, **texts)


def _words(items: tuple[Item, ...], audience: Audience) -> tuple[Word, ...]:
    """The hard words of one theme; clinicians need none explained."""
    if audience == "clinician":
        return ()
    teasers = (item.teasers[audience] for item in items)
    parts = (part for one in teasers for part in (one.lead, one.audience, one.caveat) if part)
    return find_words(parts, load_glossary())
