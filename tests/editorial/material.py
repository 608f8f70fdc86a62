"""The labelled corpus and the seed pages, read at run time; tests skip where they are absent."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from digest.values import Summary
from tests.builders import NOW

SHARED = Path(__file__).resolve().parents[3] / "shared"
CORPUS = Path(os.environ.get("DIGEST_CORPUS", SHARED / "corpus" / "summaries.jsonl"))
SEEDS = Path(os.environ.get("DIGEST_SEEDS", SHARED / "seeds"))

needs_corpus = pytest.mark.skipif(not CORPUS.exists(), reason=f"no corpus at {CORPUS}")
needs_seeds = pytest.mark.skipif(not SEEDS.exists(), reason=f"no seeds at {SEEDS}")


@dataclass(frozen=True)
class Labelled:
    """A summary of the corpus and what a person said of it."""

    id: str
    summary: Summary
    gold: dict[str, Any]


def bare_summary(**texts: str) -> Summary:
    """A summary with nothing but the texts given."""
    return Summary(**{"slug": "s", "kind": "summary", "title": "", "first_seen": NOW, **texts})  # type: ignore[arg-type]


@cache
def corpus() -> tuple[Labelled, ...]:
    """Every labelled summary."""
    rows = [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]
    fields = ("slug", "title", "headline", "found", "why", "limits")
    return tuple(
        Labelled(row["id"], bare_summary(**{key: row[key] for key in fields}), row["gold"])
        for row in rows
    )


def seed(word: str) -> Summary:
    """The seed page whose headline or finding names `word`; it has no title but its headline."""
    for path in sorted(SEEDS.glob("*.txt")):
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        if len(lines[1]) > 200 and word in f"{lines[0]} {lines[1]}".lower():
            headline, found, why, limits = lines[:4]
            return bare_summary(
                title=headline, headline=headline, found=found, why=why, limits=limits
            )
    raise AssertionError(f"no seed names {word}")


def squeezed(text: str) -> str:
    """`text` without any white space: what verbatim means."""
    return "".join(text.split())
