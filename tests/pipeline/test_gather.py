"""Gather: one bad source stops no other, the same study is one summary, nothing is lost."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from digest.config import Config
from digest.errors import Refused, SourceError
from digest.models import Flag, SourceState, StoredSummary
from digest.pipeline import gather as step
from digest.pipeline.gather import Gathering, gather
from digest.sources.kind import SourceSettings, Visit
from digest.values import Entry, Harvest, Refusal, Seen
from tests.builders import NOW, a_config, an_entry

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

FOLDER = {"kind": "folder", "path": "incoming"}


def two_sources(undated: str = "hold") -> Config:
    return a_config(
        sources=[{**FOLDER, "name": "one", "undated": undated}, {**FOLDER, "name": "two"}]
    )


@pytest.fixture
def give(monkeypatch: pytest.MonkeyPatch) -> Gives:
    gives = Gives()
    monkeypatch.setattr(step, "harvest", lambda source, visit: gives.of(source.name))
    return gives


class Gives:
    """What each source gives in the next gathering."""

    def __init__(self) -> None:
        self.harvests: dict[str, Harvest | SourceError] = {}

    def __call__(self, source: str, *entries: Entry, refusals: Iterable[Refusal] = ()) -> None:
        self.harvests[source] = Harvest(entries, tuple(refusals))

    def of(self, source: str) -> Harvest:
        harvest = self.harvests.get(source, Harvest())
        if isinstance(harvest, SourceError):
            raise harvest
        return harvest


def run(config: Config | None = None) -> dict[str, Gathering]:
    return {result.source: result for result in gather(config or two_sources(), now=NOW)}


def test_a_new_summary_is_stored_once_however_often_it_is_gathered(give: Gives) -> None:
    give("one", an_entry())
    assert run()["one"].new == 1
    again = run()["one"]
    assert (again.found, again.new, again.changed, again.unchanged) == (1, 0, 0, True)
    assert StoredSummary.objects.get().first_seen == NOW


def test_an_edited_summary_is_changed_not_new(give: Gives) -> None:
    give("one", an_entry())
    run()
    give("one", an_entry(found="Doctors followed 130 people for a year."))
    assert run()["one"].changed == 1
    assert StoredSummary.objects.get().found == "Doctors followed 130 people for a year."


@pytest.mark.parametrize(
    "same",
    [
        {"doi": "10.5555/ABC", "title": "Other Words", "headline": "Other.", "url": ""},
        {"title": "Other Words", "headline": "Other.", "doi": ""},
        {
            "url": "https://elsewhere.example.org/x",
            "doi": "",
            "title": "A walk a day eases tiredness!",
        },
    ],
    ids=["by DOI", "by address", "by words"],
)
def test_the_same_study_from_two_sources_is_one_summary(give: Gives, same: dict[str, str]) -> None:
    give("one", an_entry(doi="10.5555/abc"))
    give("two", an_entry(**same))
    results = run()
    assert (results["one"].new, results["two"].new, results["two"].changed) == (1, 0, 0)
    assert StoredSummary.objects.get().source == "one"


def test_the_same_id_in_two_sources_means_two_summaries(give: Gives) -> None:
    give("one", an_entry(guid="1"))
    give("two", an_entry(guid="1", title="Another", headline="Another study.", url=""))
    run()
    assert StoredSummary.objects.count() == 2


MONTHLY = {"kind": "article", "title": "This Month", "headline": "", "found": "", "why": ""}


@pytest.mark.parametrize(
    ("june", "july"),
    [
        ({"guid": "1"}, {"guid": "2"}),
        ({"guid": "", "url": "https://x.example.org/6"}, {"url": "https://x.example.org/7"}),
        ({"url": "", "body": "June."}, {"url": "", "body": "July."}),
        ({"doi": "10.5555/6", "url": ""}, {"doi": "10.5555/7", "url": ""}),
    ],
    ids=["other id", "other address", "other text", "other DOI"],
)
def test_a_monthly_article_with_one_title_is_a_new_one_each_month(
    give: Gives, june: dict[str, str], july: dict[str, str]
) -> None:
    give("one", an_entry(**{**MONTHLY, "body": "Same.", **june}))
    assert run()["one"].new == 1
    give("one", an_entry(**{**MONTHLY, "body": "Same.", **july}))
    result = run()["one"]
    assert (result.new, result.changed) == (1, 0)
    assert StoredSummary.objects.count() == 2


@pytest.mark.parametrize("guids", [("1", "2", "3"), ("", "", "")], ids=["ids", "no ids"])
def test_entries_that_all_link_to_one_page_stay_what_they_are(
    give: Gives, guids: tuple[str, ...]
) -> None:
    entries = [an_entry(guid=g, headline=f"Study {n}.") for n, g in enumerate(guids)]
    give("one", *entries)
    assert run()["one"].new == 3
    give("one", entries[2])
    again = run()
    assert (again["one"].new, again["one"].changed) == (0, 0)
    give("one", an_entry(guid=guids[0] and "4", headline="Study 4."))
    give("two", an_entry(guid="x", title="A Swim", headline="Study 5."))
    again = run()
    assert (again["one"].new, again["one"].changed, again["two"].new) == (1, 0, 1)
    assert StoredSummary.objects.count() == 5


def test_an_edited_page_is_changed_whatever_words_it_has_now(give: Gives) -> None:
    give("one", an_entry(), an_entry(guid="1", url="https://x.example.org/1", headline="Old."))
    run()
    give(
        "one",
        an_entry(title="New", headline="New."),
        an_entry(guid="1", url="https://x.example.org/moved", headline="New."),
    )
    result = run()["one"]
    assert (result.new, result.changed) == (0, 2)
    assert StoredSummary.objects.filter(headline="New.").count() == 2


def test_an_id_that_comes_later_tells_apart_from_then_on(give: Gives) -> None:
    for guid, headline, days in (("", "First.", 0), ("1", "First.", 0), ("2", "Second.", 7)):
        published = NOW + timedelta(days=days)
        give("one", an_entry(guid=guid, headline=headline, published_at=published))
        run()
    assert set(StoredSummary.objects.values_list("identity", "headline")) == {
        ("guid:one:1", "First."),
        ("guid:one:2", "Second."),
    }


def test_a_text_whose_file_moved_stays_one_summary(give: Gives) -> None:
    give("one", an_entry(url=""))
    run()
    give("one", an_entry(url="", place="incoming/june/walk.html"))
    assert (run()["one"].new, StoredSummary.objects.count()) == (0, 1)


@pytest.mark.parametrize("guid", ["1", ""])
def test_a_study_and_an_article_at_one_address_disturb_nothing(give: Gives, guid: str) -> None:
    give("one", an_entry(guid=guid), an_entry(**{**MONTHLY, "body": "Text.", "guid": guid}))
    run()
    run()
    kinds = StoredSummary.objects.order_by("kind").values_list("kind", flat=True)
    assert list(kinds) == (["article"] if guid else ["article", "summary"])


def test_two_summaries_with_one_title_get_two_slugs(give: Gives) -> None:
    give(
        "one",
        an_entry(url="https://x.example.org/1", headline="One."),
        an_entry(url="https://x.example.org/2", headline="Two."),
    )
    run()
    slugs = set(StoredSummary.objects.values_list("slug", flat=True))
    assert slugs == {"a-walk-a-day-eases-tiredness", "a-walk-a-day-eases-tiredness-2"}


def test_a_title_in_another_script_still_gets_a_slug(give: Gives) -> None:
    give("one", an_entry(title="健康", headline="健康研究。"))
    run()
    assert StoredSummary.objects.get().slug == "summary"


def test_an_undated_summary_is_held_unless_its_source_counts_first_seen(give: Gives) -> None:
    give("one", an_entry(published_at=None))
    assert run()["one"].held == 1
    assert StoredSummary.objects.get().asks_for_date
    assert run(two_sources(undated="first_seen"))["one"].held == 0
    assert not StoredSummary.objects.get().asks_for_date


def test_a_source_that_fails_stops_no_other_and_says_why(give: Gives) -> None:
    give.harvests["one"] = SourceError("no such folder", where="incoming", mend="Make it")
    give("two", an_entry())
    results = run()
    assert (results["one"].failed, results["two"].new) == (1, 1)
    assert results["one"].error == "incoming: no such folder. Make it"
    state = SourceState.objects.get(name="one")
    assert (state.last_error, state.last_success) == ("incoming: no such folder. Make it", None)


def test_a_source_that_is_given_no_web_stops_no_other(
    give: Gives, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Torn:
        requests = bytes = 0

        def web(self, source: SourceSettings) -> Torn:
            if source.name == "one":
                raise ValueError("torn")
            return self

    monkeypatch.setattr(step, "open_wire", lambda config: nullcontext(Torn()))
    give("two", an_entry())
    results = run()
    assert "unexpected ValueError" in results["one"].error
    assert results["two"].new == 1


def test_a_refused_entry_is_listed_and_the_rest_is_stored(give: Gives) -> None:
    refusal = Refusal("incoming/x.jsonl line 7", "this is no JSON", "Mend the line")
    give("one", an_entry(), refusals=[refusal])
    result = run()["one"]
    assert (result.new, result.failed, result.refusals) == (1, 1, (refusal,))
    assert SourceState.objects.get(name="one").last_error == refusal.line()


def test_what_was_refused_before_fails_as_long_as_it_stands(give: Gives) -> None:
    refusal = Refusal("https://x.example.org/2", "has no text", "Tell the site")
    refused = Seen(refusal.place, read_at=NOW, problem=refusal.line())
    give.harvests["one"] = Harvest((), (refusal,), seen=(refused,))
    assert (run()["one"].failed, run()["one"].still) == (1, ())
    give.harvests["one"] = Harvest((an_entry(),), seen=(refused,))
    result = run()["one"]
    assert (result.found, result.new, result.failed) == (1, 1, 1)
    assert result.still == (refusal.line(),)
    give.harvests["one"] = Harvest((an_entry(),), seen=(replace(refused, problem=""),))
    result = run()["one"]
    assert (result.failed, result.unchanged) == (0, True)


def test_what_an_editor_is_newly_asked_to_look_at_is_counted(give: Gives) -> None:
    give("one", an_entry(guid="1", url="https://x.example.org/1"))
    alike = an_entry(
        guid="2", url="https://x.example.org/2", title="Again: A Walk a Day Eases Tiredness",
        headline="A daily walk, and people are less tired.",
    )  # fmt: skip
    give("two", alike)
    assert [result.flagged for result in run().values()] == [0, Flag.objects.count()]
    assert Flag.objects.exists()
    assert [result.flagged for result in run().values()] == [0, 0]


@pytest.mark.parametrize("only", [None, "one"])
def test_only_who_names_a_source_insists(monkeypatch: pytest.MonkeyPatch, only: str | None) -> None:
    insisted = []

    def note(source: object, visit: Visit) -> Harvest:
        insisted.append(visit.insist)
        return Harvest()

    monkeypatch.setattr(step, "harvest", note)
    gather(two_sources(), now=NOW, only=only)
    assert set(insisted) == {only is not None}


def test_a_source_that_is_mended_shows_no_error_any_more(give: Gives) -> None:
    give.harvests["one"] = SourceError("gone", where="x", mend="y")
    run()
    give("one")
    run()
    assert SourceState.objects.get(name="one").last_error == ""


def test_only_the_named_source_is_gathered_and_an_unknown_name_is_refused(give: Gives) -> None:
    give("one", an_entry())
    assert [r.source for r in gather(two_sources(), now=NOW, only="two")] == ["two"]
    with pytest.raises(
        Refused, match=r"no source is named 'three'. Known in config.yaml: one, two"
    ):
        gather(two_sources(), now=NOW, only="three")


def test_the_folder_of_the_examples_and_its_feed_share_one_study(tmp_path: Path) -> None:
    from digest.shipped import shipped

    sources = [
        {**FOLDER, "name": "one", "path": str(shipped("examples") / "incoming")},
        {"kind": "feed", "name": "two", "url": str(shipped("examples") / "feed.xml")},
    ]
    results = {r.source: r for r in gather(a_config(sources=sources), now=NOW)}
    assert [r.failed for r in results.values()] == [0, 0]
    assert (results["two"].found, results["two"].new) == (4, 3)


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Epstein–Barr Raises the Odds", "epstein-barr-raises-the-odds"),
        ("Où va la myéline?", "ou-va-la-myeline"),
        ("Word " * 30, "-".join(["word"] * 12)),
        ("x" * 90, "x" * 60),
        ("../../etc/passwd", "etc-passwd"),
    ],
)
def test_a_slug_is_whole_words_that_a_person_can_type(give: Gives, title: str, slug: str) -> None:
    give("one", an_entry(title=title, headline="A headline of its own."))
    run()
    assert StoredSummary.objects.get().slug == slug
