"""JSON Feed: wrong wholes are errors of the source, wrong items are refused one by one."""

from __future__ import annotations

import json

import pytest

from digest.errors import SourceError
from digest.sources import feed_json
from tests.sources.feeds import PLACE, read
from tests.sources.samples import FOUND, HEADLINE, LIMITS, TITLE, WHY, a_text

VERSION = "https://jsonfeed.org/version/1.1"


def a_json_feed(*items: object, **more: object) -> bytes:
    return json.dumps({"version": VERSION, "title": "Studies", "items": items, **more}).encode()


def an_object(**more: object) -> dict[str, object]:
    return {"id": "1", "title": TITLE, "content_html": a_text(), **more}


def test_each_field_is_read_to_the_letter() -> None:
    item = an_object(url="https://news.example.org/1", date_published="2026-10-03T09:00:00Z")
    (entry,) = read(a_json_feed(item)).entries
    assert (entry.kind, entry.title, entry.headline) == ("summary", TITLE, HEADLINE)
    assert (entry.found, entry.why, entry.limits) == (FOUND, WHY, LIMITS)
    assert (entry.guid, entry.url) == ("1", "https://news.example.org/1")
    assert entry.published_at is not None
    assert entry.published_at.isoformat() == "2026-10-03T09:00:00+00:00"
    assert entry.place == f"{PLACE} entry 1"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_its_encoding_is_told_by_its_first_bytes(encoding: str) -> None:
    text = json.dumps(json.loads(a_json_feed(an_object(title="Café"))), ensure_ascii=False)
    assert read(text.encode(encoding)).entries[0].title == "Café"


def test_a_page_elsewhere_is_the_link_where_it_has_no_address_of_its_own() -> None:
    item = an_object(external_url="https://doi.org/10.5555/walk.1")
    (entry,) = read(a_json_feed(item)).entries
    assert (entry.url, entry.doi) == ("https://doi.org/10.5555/walk.1", "10.5555/walk.1")


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        (None, "is null, not an object"),
        ([], "is a list, not an object"),
        (an_object(id=["1"]), "`id` is a list, not text"),
        (an_object(id=10**30), "`id` is a number, not text"),
        (an_object(title={"a": 1}), "`title` is an object, not text"),
        (an_object(content_html=5), "`content_html` is a number, not text"),
        (an_object(id="2", content_html="<p>Short.</p>"), "the feed holds only an excerpt"),
    ],
)
def test_a_wrong_item_is_refused_and_the_rest_goes_on(item: object, problem: str) -> None:
    found = read(a_json_feed(an_object(), item, an_object(id="3")))
    assert [entry.guid for entry in found.entries] == ["1", "3"]
    (refusal,) = found.refusals
    assert (refusal.place, refusal.problem) == (f"{PLACE} entry 2", problem)
    assert refusal.mend


@pytest.mark.parametrize("date", [20261003, True, [[]], {"a": 1}, "soon"])
def test_a_date_of_a_wrong_type_asks_the_editor(date: object) -> None:
    (entry,) = read(a_json_feed(an_object(date_published=date))).entries
    assert entry.published_at is None
    assert entry.date_problem


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{}", "is JSON, but no JSON Feed"),
        (a_json_feed(version=1), "is JSON, but no JSON Feed"),
        (a_json_feed(items={}), "is JSON, but no JSON Feed"),
        (a_json_feed(an_object())[:-20], "is no well-formed JSON"),
        (b"{'a': 1}", "is no well-formed JSON"),
        (b"[]", "is no RSS, Atom or JSON feed"),
    ],
)
def test_what_is_no_json_feed_is_an_error_of_the_source(content: bytes, problem: str) -> None:
    with pytest.raises(SourceError, match=problem) as caught:
        read(content)
    assert caught.value.where == PLACE
    assert caught.value.mend


def test_of_a_feed_with_too_many_items_the_first_are_read_and_one_line_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feed_json, "MOST_ITEMS", 2)
    found = read(a_json_feed(*(an_object(id=str(number)) for number in range(5))))
    assert [entry.guid for entry in found.entries] == ["0", "1"]
    (refusal,) = found.refusals
    assert refusal.line().startswith(f"{PLACE}: holds 5 items; the first 2 were read.")


@pytest.mark.parametrize("tag", ["<", "\\u003c", "\\u003C"])
def test_a_storm_of_tags_is_refused_before_any_is_read(tag: str) -> None:
    storm = f'{{"version": "{VERSION}", "items": [{{"content_html": "{tag * 50_001}"}}]}}'
    with pytest.raises(SourceError, match="more than 50,000 tags"):
        read(storm.encode())
