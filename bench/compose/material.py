"""Made-up summaries of real length: the labelled corpus' sentences, dealt out anew.

The n-th summary is the same on every machine and in every run.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from digest.editorial.prototypes import LABELLED
from digest.editorial.sentences import split_sentences

CORPUS = LABELLED / "corpus.jsonl"
FIELDS = ("found", "why", "limits")
BORROWED = 0.5  # the share of sentences that come from another summary of the same theme
NUMBER = re.compile(r"(?<![\w.,-])\d[\d.,]*\d(?![\w-])")  # not the 20 of CD20


def made_up(count: int) -> Iterator[dict[str, str]]:
    """`count` summaries, each with slug, title, headline, found, why, limits and journal."""
    corpus = _corpus()
    for n in range(count):
        rng = random.Random(n)
        base = corpus[n % len(corpus)]
        alike = [one for one in corpus if one["gold"]["theme"] == base["gold"]["theme"]]
        yield {
            "slug": f"{base['slug']}-{n:05}",
            "title": f"{base['title']} ({n:,})",
            "headline": _renumbered(base["headline"], rng),
            "journal": base["journal"],
            **{field: _dealt(base[field], rng.choice(alike)[field], rng) for field in FIELDS},
        }


@cache
def _corpus() -> Sequence[Mapping[str, Any]]:
    return [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]


def _dealt(own: str, other: str, rng: random.Random) -> str:
    """As many sentences as `own` has, some of them from `other`, with numbers of their own."""
    dealt = split_sentences(own)
    new = [sentence for sentence in split_sentences(other) if sentence not in dealt]
    rng.shuffle(new)
    for place in range(len(dealt)):
        if new and rng.random() < BORROWED:
            dealt[place] = new.pop()
    return _renumbered(" ".join(dealt), rng)


def _renumbered(text: str, rng: random.Random) -> str:
    """Every number of two digits or more gets other digits; its first and its signs stay."""

    def other(number: re.Match[str]) -> str:
        first, rest = number[0][0], number[0][1:]
        return first + "".join(str(rng.randrange(10)) if c.isdigit() else c for c in rest)

    return NUMBER.sub(other, text)
