"""A fault while one source is kept leaves nothing of it, not even for those that come after."""

from __future__ import annotations

from typing import Any

import pytest

from digest.models import Flag, StoredSummary
from digest.pipeline import gather as step
from digest.pipeline.gather import gather
from digest.pipeline.visits import note_success
from digest.values import Entry, Harvest
from tests.builders import NOW, a_config, an_entry

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

WALK = "Daily Walking Eases Tiredness in Older Adults"


def titled(title: str) -> Entry:
    return an_entry(title=title, headline=f"Told of {title}", url=f"https://x.example.org/{title}")


GIVEN = {
    "one": [titled("Naps Help Young Mice Remember"), titled(WALK)],
    # The keys of what was rolled back may come again: the second one's means something else now.
    "two": [titled(f"{WALK} Again"), titled("Something Else")],
}


def test_what_was_rolled_back_is_compared_with_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails_once(memory: Any, harvest: Harvest, **rest: Any) -> None:
        if memory.state.name == "one":
            raise RuntimeError("the disk is full")
        note_success(memory, harvest, **rest)

    monkeypatch.setattr(step, "harvest", lambda source, visit: Harvest(tuple(GIVEN[source.name])))
    monkeypatch.setattr(step, "note_success", fails_once)
    sources = [{"kind": "folder", "path": "incoming", "name": name} for name in GIVEN]
    one, two = gather(a_config(sources=sources), now=NOW)
    assert (one.new, two.new) == (0, 2)
    assert "unexpected RuntimeError" in one.error
    assert set(StoredSummary.objects.values_list("source", flat=True)) == {"two"}
    assert Flag.objects.count() == 0
