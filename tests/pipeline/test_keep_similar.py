"""What is merely alike is flagged to the editor, once, and never in a storm."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError

from digest.models import Flag, StoredSummary
from digest.pipeline.keep import keep
from digest.pipeline.keeping.flags import flag_similar
from digest.pipeline.keeping.window import Window
from digest.sources.kind import SourceSettings
from digest.values import Entry
from tests.builders import NOW, an_entry
from tests.pipeline.harvests import kept

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

TITLE = "Daily Walking Eases Tiredness in Older Adults"
ALMOST = "Daily Walking Eases Much Tiredness in Older Adults"


def titled(title: str, **changes: object) -> Entry:
    told = {"headline": f"What is told of {title}", "url": f"https://x.example.org/{title}"}
    return an_entry(title=title, **{**told, **changes})


def test_a_new_one_with_almost_the_same_title_is_flagged_and_names_the_other() -> None:
    kept("one", titled(TITLE))
    result = kept("two", titled(ALMOST))
    assert (result.new, result.merged, result.flagged) == (1, 0, 1)
    flag = Flag.objects.get()
    assert (flag.kind, flag.summary.title, flag.settled_at) == ("similar", ALMOST, None)
    assert flag.other is not None
    assert flag.detail == (
        f"Is worded much like “{TITLE}” ({flag.other.slug}): it may be the same study."
    )
    assert kept("two", titled(ALMOST)).flagged == 0


def test_two_of_one_harvest_are_flagged_once() -> None:
    assert kept("one", titled(TITLE), titled(ALMOST)).flagged == 1


@pytest.mark.parametrize("settled", [None, NOW])
def test_a_pair_that_was_flagged_is_not_flagged_again_either_way_round(
    settled: object,
) -> None:
    kept("one", titled(TITLE, guid="1"))
    kept("two", titled(ALMOST, guid="2"))
    Flag.objects.update(settled_at=settled)
    assert kept("one", titled(f"{TITLE}!", guid="1")).flagged == 0
    assert kept("two", titled(f"{ALMOST} Again", guid="2")).flagged == 0


def test_a_title_that_becomes_alike_is_flagged() -> None:
    kept("one", titled(TITLE, guid="1"))
    assert kept("two", titled("Naps Help Young Mice Remember", guid="2")).flagged == 0
    assert kept("two", titled(ALMOST, guid="2")).flagged == 1


def test_an_equal_title_long_ago_is_flagged_and_an_alike_one_is_not() -> None:
    kept("one", titled(TITLE, published_at=NOW - timedelta(days=400)))
    assert kept("two", titled(ALMOST)).flagged == 0
    assert kept("three", titled(TITLE, url="", headline="Other.", doi="10.5/3")).flagged == 2
    details = [flag.detail for flag in Flag.objects.all()]
    assert details[0].startswith(f"Has the same title as “{TITLE}” (")
    assert details[1].startswith(f"Is worded much like “{ALMOST}” (")


def test_articles_are_not_compared() -> None:
    article = {"kind": "article", "headline": "", "found": "", "why": "", "limits": ""}
    kept("one", titled(TITLE, **article, body="One."))
    assert kept("two", titled(ALMOST, **article, body="Two.")).flagged == 0


def test_one_window_serves_all_sources_of_a_gathering() -> None:
    window = Window(NOW)
    kept("one", titled(TITLE), window=window)
    assert kept("two", titled(ALMOST), window=window).flagged == 1


def test_a_window_of_what_was_rolled_back_does_no_harm() -> None:
    window = Window(NOW)
    kept("one", titled(TITLE), window=window)
    StoredSummary.objects.all().delete()
    assert (kept("two", titled(ALMOST), window=window).new, Flag.objects.count()) == (1, 0)


def test_what_a_clash_rolled_back_is_compared_with_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = [
        [titled("Naps Help Young Mice Remember"), titled(TITLE)],
        [titled(ALMOST), titled("X")],
    ]
    window, asked = Window(NOW), list[int]()

    def clashes(pairs: Any, now: Any) -> int:
        asked.append(len(pairs))
        if len(asked) == 1:
            raise IntegrityError("UNIQUE constraint failed")
        return flag_similar(pairs, now)

    class OtherAtTheSecondTry:
        """What a harvest holds stays; here it changes, so that a key means another summary."""

        refusals, complete = (), False

        @property
        def entries(self) -> list[Entry]:
            return given[len(asked) > 0]

    monkeypatch.setattr("digest.pipeline.keep.flag_similar", clashes)
    harvest: Any = OtherAtTheSecondTry()
    kept_now = keep(harvest, SourceSettings(name="one", kind="folder"), now=NOW, window=window)
    assert (kept_now.new, kept_now.flagged, Flag.objects.count()) == (2, 0, 0)


def test_titles_that_differ_by_a_number_make_no_storm() -> None:
    numbered = [titled(f"Trial {n} of Feed 3 on Walking Daily Outdoors") for n in range(60)]
    assert kept("one", *numbered).flagged == 0


def test_a_summary_is_flagged_three_times_at_most_and_a_form_of_words_never_more() -> None:
    alike = [titled(f"{TITLE} {extra}", headline="x") for extra in "abcde"]
    kept("one", *alike)
    stands_in = [pk for flag in Flag.objects.all() for pk in (flag.summary_id, flag.other_id)]
    assert 0 < max(map(stands_in.count, stands_in)) <= 3
    many = [
        titled("Weekly News of the Clinic", guid=str(n), headline=f"No {n}.") for n in range(40)
    ]
    kept("two", *many)
    assert Flag.objects.filter(summary__source="two").count() <= 20
