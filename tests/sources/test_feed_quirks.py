"""Quirks of feeds, each a data file beside what is to be read of it (see quirks/README.md)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from digest.values import Entry, Harvest
from tests.sources.feeds import read

QUIRKS = Path(__file__).parent / "quirks"
FILES = sorted(
    path
    for path in QUIRKS.iterdir()
    if path.suffix in (".xml", ".json") and not path.name.endswith(".expected.json")
)
ALWAYS = ("title", "url", "guid", "doi", "pmid")
WHERE_TOLD = ("kind", "headline", "found", "why", "limits")


def shown(found: Harvest, told: list[dict[str, str]]) -> dict[str, object]:
    """What was read, in the form of the expectation."""
    return {
        "entries": [
            _shown(entry, told[n] if n < len(told) else {}) for n, entry in enumerate(found.entries)
        ],
        "refusals": [
            f"{refusal.place.rpartition('rss ')[2]}: {refusal.problem}"
            for refusal in found.refusals
        ],
        "notes": list(found.notes),
    }


def _shown(entry: Entry, told: dict[str, str]) -> dict[str, object]:
    fields: dict[str, object] = {name: getattr(entry, name) for name in ALWAYS}
    fields |= {"date_problem": True} if entry.date_problem else {}
    fields["published"] = entry.published_at.isoformat() if entry.published_at else ""
    return fields | {name: getattr(entry, name) for name in WHERE_TOLD if name in told}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_quirk_is_read_as_expected(path: Path) -> None:
    expected = json.loads(path.with_suffix(".expected.json").read_text("utf-8"))
    assert shown(read(path.read_bytes()), expected["entries"]) == expected


def test_there_are_many_quirks_and_each_has_its_expectation() -> None:
    assert len(FILES) >= 20
    assert {path.with_suffix("").name for path in QUIRKS.glob("*.expected.json")} == {
        f"{path.stem}.expected" for path in FILES
    }
