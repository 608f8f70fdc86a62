"""JSON objects and front matter as entries."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from digest.sources.errors import Unreadable
from digest.sources.record import read_record
from digest.values import Entry
from tests.sources.samples import CUT, FOUND, HEADLINE, JOURNAL, LIMITS, TITLE, WHY, ZONE

RECORD = {
    "id": "s001", "slug": "a-walk-a-day", "title": TITLE, "headline": HEADLINE, "found": FOUND,
    "why": WHY, "limits": LIMITS, "journal": JOURNAL, "published": "2026-10-03",
    "doi": "10.5555/walk.1", "url": "https://news.example.org/walk", "gold": {"theme": "life"},
}  # fmt: skip


def read(**changes: Any) -> Entry:
    return read_record({**RECORD, **changes}, "incoming/x.jsonl line 1", zone=ZONE)


def test_a_record_gives_each_field_to_the_letter() -> None:
    entry = read()
    assert (entry.kind, entry.guid, entry.slug) == ("summary", "s001", "a-walk-a-day")
    assert (entry.title, entry.headline, entry.journal) == (TITLE, HEADLINE, JOURNAL)
    assert (entry.found, entry.why, entry.limits) == (FOUND, WHY, LIMITS)
    assert (entry.doi, entry.url) == ("10.5555/walk.1", "https://news.example.org/walk")
    assert entry.published_at == datetime(2026, 10, 3, 4, tzinfo=UTC)


def test_null_is_not_stated() -> None:
    entry = read(published=None, doi=None, url=None, why=None, id=None, slug=None)
    assert (entry.published_at, entry.doi, entry.url, entry.why) == (None, "", "", "")
    assert (entry.guid, entry.slug) == ("", "")


def test_a_title_does_for_a_headline_and_the_other_way() -> None:
    assert read(headline=None).headline == TITLE
    assert read(title=None).title == HEADLINE


def test_an_article_has_title_and_body_only() -> None:
    entry = read(kind="article", body="One.\n\nTwo.")
    assert (entry.kind, entry.title, entry.body) == ("article", TITLE, "One.\n\nTwo.")
    assert (entry.headline, entry.found, entry.why, entry.limits) == ("", "", "", "")
    assert read(found=None, body="One.").kind == "article"


def test_a_number_as_id_and_a_date_of_yaml_are_taken() -> None:
    assert read(id=17).guid == "17"
    assert read(published=date(2026, 10, 3)).published_at == datetime(2026, 10, 3, 4, tzinfo=UTC)
    moment = datetime(2026, 10, 3, 9, tzinfo=UTC)
    assert read(published=moment).published_at == moment


def test_a_number_of_pubmed_may_be_a_number() -> None:
    assert read(pmid=12345678).pmid == read(pmid="12345678").pmid == "12345678"
    assert read(pmid=None).pmid == read().pmid == read(pmid=-5).pmid == ""


def test_a_date_that_cannot_be_is_left_out_and_said() -> None:
    entry = read(published="31/31/2026")
    assert entry.published_at is None
    assert entry.date_problem.startswith(
        "its date “31/31/2026” cannot be read: there is no month 31"
    )


def test_fields_are_plain_text_and_slugs_are_slugs() -> None:
    entry = read(
        title="<b>Walk</b><script>x()</script>\r\nBcc: a@b.example", slug="../../Étude 1/.."
    )
    assert entry.title == "Walk Bcc: a@b.example"
    assert entry.slug == "etude-1"
    assert read(slug="Epstein–Barr " + "word " * 20).slug == "epstein-barr" + "-word" * 9


def test_a_doi_may_be_written_as_a_link() -> None:
    assert read(doi="https://doi.org/10.5555/walk.1.").doi == "10.5555/walk.1"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"found": 7}, "`found` is a number, not text"),
        ({"found": ["a"]}, "`found` is a list, not text"),
        ({"title": {"a": 1}}, "`title` is an object, not text"),
        ({"id": True}, "`id` is true or false, not text"),
        ({"published": 20261003}, "`published` is a number, not text"),
        ({"pmid": ["1"]}, "`pmid` is a list, not text"),
        ({"kind": "poem"}, "`kind` 'poem' is not known"),
        ({"title": "", "headline": " "}, "has no headline"),
        ({"found": "\u200b"}, "does not say what was found"),
        ({"kind": "article"}, "has a title but no text"),
        ({"kind": "article", "title": None, "headline": None}, "has no title"),
        ({"url": "javascript:alert(1)"}, "`url` 'javascript:alert(1)' is no web address"),
        ({"url": "https://[bad/"}, "is no web address"),
        ({"doi": "none"}, "`doi` 'none' is no DOI"),
        (
            {"limits": f"{LIMITS}\n5/1/2026\n{CUT}\nRead More3/1/2026"},
            "`limits` runs into the related",
        ),
        ({"why": "Studies in journals like X & Y often range from a to b."}, "`why` runs into"),
        ({"headline": "x" * 1001}, "`headline` is 1,001 characters long"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_key(
    changes: dict[str, object], problem: str
) -> None:
    with pytest.raises(Unreadable) as caught:
        read(**changes)
    assert problem in caught.value.problem
    assert caught.value.mend
