"""The real input, read at run time: four summaries right to the letter, one article."""

from __future__ import annotations

import os
import re
from dataclasses import asdict
from pathlib import Path

import pytest

from digest.sources.files import harvest_folder
from digest.values import Entry
from tests.sources.samples import ROOT, ZONE

SEEDS = Path(os.environ.get("DIGEST_SEEDS", ROOT.parent / "shared" / "seeds"))
ARTICLE = "002_"


@pytest.fixture
def entries() -> dict[str, Entry]:
    """Each seed's entry by the name of its file."""
    if not SEEDS.is_dir():
        pytest.skip(f"the seeds are absent: {SEEDS}")
    found = harvest_folder(SEEDS, ZONE)
    assert found.refusals == ()
    assert len(found.entries) == 5
    return {Path(entry.place).name: entry for entry in found.entries}


def lines_of(name: str) -> list[str]:
    return [line for line in (SEEDS / name).read_text("utf-8").split("\n") if line.strip()]


def test_four_summaries_are_right_to_the_letter(entries: dict[str, Entry]) -> None:
    summaries = {name: e for name, e in entries.items() if not name.startswith(ARTICLE)}
    assert len(summaries) == 4
    for name, entry in summaries.items():
        lines = lines_of(name)
        assert entry.kind == "summary"
        assert [entry.headline, entry.found, entry.why, entry.limits] == lines[:4]
        assert entry.title == lines[0]
        before, after = "\n".join(lines).split(f" like {entry.journal} often ", 1)
        assert before.endswith("journals")
        assert after.startswith("range")
        assert entry.published_at is None


def test_no_card_and_no_disclaimer_is_anywhere(entries: dict[str, Entry]) -> None:
    for name, entry in entries.items():
        if name.startswith(ARTICLE):
            continue
        told = str(asdict(entry))
        frame = [re.sub(r"^Read More", "", line) for line in lines_of(name)[4:]]
        assert len(frame) > 10
        for line in frame:
            for words in (line, *re.split(r"(?<=\.) ", line)):
                assert words not in told
        assert "Read More" not in told
        assert not re.search(r"\d/\d{4}", told)


def test_the_round_up_is_kept_as_an_article(entries: dict[str, Entry]) -> None:
    (name,) = (name for name in entries if name.startswith(ARTICLE))
    title, *paragraphs = lines_of(name)
    entry = entries[name]
    assert (entry.kind, entry.title) == ("article", title)
    assert entry.body == "\n\n".join(paragraphs)
    assert (entry.headline, entry.found, entry.why, entry.limits) == ("", "", "", "")
