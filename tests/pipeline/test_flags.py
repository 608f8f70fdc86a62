"""Flags: listed until somebody saw to them, and nothing follows from one by itself."""

from __future__ import annotations

import pytest

from digest.errors import Refused
from digest.models import Appearance, Flag, LedgerEntry, StoredSummary
from digest.pipeline.compose import compose
from digest.pipeline.flags import differences, flag_lines, flags_of, settle
from digest.pipeline.report import draft_report
from tests.builders import NOW, a_config, a_flag, a_stored_drug_trial, a_stored_summary, an_entry
from tests.pipeline.harvests import in_an_issue, kept, the_one

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def pair() -> tuple[StoredSummary, StoredSummary]:
    return a_stored_summary("one"), a_stored_drug_trial("two")


def test_an_open_flag_tells_what_it_is_about(pair: tuple[StoredSummary, StoredSummary]) -> None:
    flag = a_flag(pair[0], other=pair[1], detail="nine words in ten")
    (line,) = flag_lines()
    assert line == {
        "number": flag.pk,
        "kind": "similar",
        "slug": "one",
        "title": pair[0].title,
        "other": "two",
        "other_title": pair[1].title,
        "detail": "nine words in ten",
        "changes": [],
        "url": pair[0].url,
        "raised": NOW.isoformat(),
        "settled": None,
        "settled_by": None,
    }


@pytest.mark.parametrize("url", ["javascript:alert(1)", "", "ftp://x.example.org/1"])
def test_only_a_page_of_the_web_is_linked(url: str) -> None:
    a_flag(a_stored_summary("one", url=url))
    assert flag_lines()[0]["url"] is None


def test_a_changed_one_tells_what_was_sent_and_what_it_says_now() -> None:
    kept("one", an_entry(found="It was small. Doctors followed 120 people. They rested."))
    in_an_issue()
    kept("one", an_entry(found="It was small. Doctors followed 125 people. They rested."))
    edited = an_entry(
        title="Walk “Daily”", found="It was small. Doctors followed 130 people. They slept."
    )
    kept("one", edited)
    changes = [
        {"field": "the title", "before": an_entry().title, "after": "Walk “Daily”"},
        {
            "field": "what was found",
            "before": "Doctors followed 120 people.",
            "after": "Doctors followed 130 people.",
        },
    ]
    assert differences(the_one()) == changes
    a_flag(the_one(), kind="removed")
    assert [line["changes"] for line in flag_lines()] == [changes, []]
    assert flags_of([the_one().pk])[the_one().pk][0]["changes"] == changes


def test_nothing_differs_from_what_nobody_was_sent() -> None:
    kept("one", an_entry())
    kept("one", an_entry(found="Other."))
    assert differences(the_one()) == []
    in_an_issue()
    assert differences(the_one()) == []
    LedgerEntry.objects.update(content_hash="of long ago")
    assert differences(the_one()) == []


def test_a_settled_flag_is_listed_only_when_asked_for(
    pair: tuple[StoredSummary, StoredSummary],
) -> None:
    first, second = a_flag(pair[0], kind="changed"), a_flag(pair[1], kind="removed")
    (settled,) = settle([first.pk], who=" Ada ", now=NOW)
    assert (settled["settled"], settled["settled_by"]) == (NOW.isoformat(), "Ada")
    assert [line["number"] for line in flag_lines()] == [second.pk]
    assert [line["number"] for line in flag_lines(settled=True)] == [first.pk, second.pk]


def test_who_settled_it_first_stays(pair: tuple[StoredSummary, StoredSummary]) -> None:
    flag = a_flag(pair[0])
    settle([flag.pk, flag.pk], who="Ada", now=NOW)
    assert [line["settled_by"] for line in settle([flag.pk], who="Ben", now=NOW)] == ["Ada"]


def test_a_wrong_number_settles_nothing(pair: tuple[StoredSummary, StoredSummary]) -> None:
    flag = a_flag(pair[0])
    with pytest.raises(Refused, match=rf"there is no flag {flag.pk + 1}, 2147483647\. "):
        settle([2**31 - 1, flag.pk, flag.pk + 1], who="Ada", now=NOW)
    assert len(flag_lines()) == 1


@pytest.mark.parametrize("who", ["", "  ", "A\nda", "x" * 151])
def test_settling_needs_a_name(pair: tuple[StoredSummary, StoredSummary], who: str) -> None:
    flag = a_flag(pair[0])
    with pytest.raises(Refused, match="settling a flag needs a name"):
        settle([flag.pk], who=who, now=NOW)
    assert Flag.objects.get().settled_at is None


def test_a_flag_of_two_is_found_from_either(pair: tuple[StoredSummary, StoredSummary]) -> None:
    a_flag(pair[0], other=pair[1])
    found = flags_of([pair[0].pk, pair[1].pk])
    assert found[pair[0].pk] == found[pair[1].pk]
    assert flags_of([]) == {}


def test_a_draft_shows_the_flags_and_every_address_of_its_items(
    pair: tuple[StoredSummary, StoredSummary],
) -> None:
    one, two = pair
    flag = a_flag(one, kind="changed")
    for source, url in (
        ("feed", "https://feed.example.org/1"),
        ("feed", "https://feed.example.org/1"),
        ("files", ""),
        ("bad", "javascript:alert(1)"),
    ):
        Appearance.objects.create(
            summary=one,
            source=source,
            identity=f"{source}{Appearance.objects.count()}",
            url=url,
            place="x",
            first_seen=NOW,
        )
    config = a_config(issue={"min_items": 1})
    items = {
        i["summary"]["slug"]: i for i in draft_report(compose(config, now=NOW), config)["items"]
    }
    assert [f["number"] for f in items["one"]["flags"]] == [flag.pk]
    assert items["one"]["links"] == [
        {"source": "drop", "url": one.url},
        {"source": "feed", "url": "https://feed.example.org/1"},
    ]
    assert (items["two"]["flags"], items["two"]["links"]) == (
        [],
        [{"source": "drop", "url": two.url}],
    )
