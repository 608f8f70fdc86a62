"""What a source states becomes an entry: clean, dated or not, linked where it can be."""

from __future__ import annotations

import unicodedata
from dataclasses import asdict
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.sources.entry import Stated, is_web_address, to_entry
from digest.sources.errors import Unreadable
from digest.values import Entry
from tests.sources.samples import FOUND, HEADLINE, ZONE

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def entry(**stated: str) -> Entry:
    return to_entry(Stated(**{"headline": HEADLINE, "found": FOUND} | stated), "x", ZONE, now=NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("published", "problem"),
    [
        (
            "31/31/2026",
            (
                "its date “31/31/2026” cannot be read: there is no month 31; "
                "slashes are read as month/day/year"
            ),
        ),
        ("2026-02-30", "its date “2026-02-30” cannot be read: February 2026 has no day 30"),
        ("0001-01-01", "its date “0001-01-01” lies before 1900"),
        ("1899-12-31", "its date “1899-12-31” lies before 1900"),
        ("5/5/2062", "its date “5/5/2062” lies more than 366 days ahead"),
        ("2027-11-23", "its date “2027-11-23” lies more than 366 days ahead"),
        ("9999-12-31", "its date “9999-12-31” lies more than 366 days ahead"),
    ],
)
def test_a_date_that_cannot_be_loses_nothing_but_itself(published: str, problem: str) -> None:
    kept = entry(published=published)
    assert (kept.published_at, kept.date_problem, kept.found) == (None, problem, FOUND)


@pytest.mark.parametrize("published", ["1900-01-01", "2027-11-22", "11/21/2026"])
def test_a_date_that_can_be_has_no_problem(published: str) -> None:
    kept = entry(published=published)
    assert kept.published_at
    assert kept.date_problem == ""


def test_no_date_is_no_problem() -> None:
    assert (entry().published_at, entry().date_problem) == (None, "")
    assert entry(published=" \u200b ").date_problem == ""


@pytest.mark.parametrize(
    ("pmid", "url", "kept"),
    [
        ("12345678", "", "12345678"),
        ("PMID: 012345", "", "12345"),
        ("https://pubmed.ncbi.nlm.nih.gov/12345678/", "", "12345678"),
        ("", "https://www.ncbi.nlm.nih.gov/pubmed/77?dopt=Abstract", "77"),
        ("", "https://pubmed.ncbi.nlm.nih.gov/77", "77"),
        ("none", "https://pubmed.ncbi.nlm.nih.gov/77/", "77"),
        ("1234567890", "", ""),
        ("PMC12345", "", ""),
        ("١٢٣", "", ""),
        ("0", "", ""),
        ("", "https://news.example.org/pubmed.ncbi.nlm.nih.gov/77", ""),
        ("", "https://pubmed.ncbi.nlm.nih.gov/1234567890", ""),
    ],
)
def test_the_number_of_pubmed_is_kept_as_its_digits(pmid: str, url: str, kept: str) -> None:
    assert entry(pmid=pmid, url=url).pmid == kept


def test_an_address_is_kept_in_its_one_form_with_the_place_on_its_page() -> None:
    stated = "HTTPS://News.example.org:443/a/../été list?utm_source=x&id=1#study-3"
    assert entry(url=stated).url == "https://news.example.org/%C3%A9t%C3%A9%20list?id=1#study-3"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "https://bank.example@evil.example/", "https://-a.example/",
        "https://1.2.3.256/", "https:///x", "//x.example/", "https://a b.example/",
        "https://x.example\\@y.example/", "https://x.example:99999/", "mailto:a@x.example",
    ],
)  # fmt: skip
def test_what_could_not_be_linked_is_not_gathered(url: str) -> None:
    assert not is_web_address(url)
    with pytest.raises(Unreadable, match="is no web address: it "):
        entry(url=url)


def test_glued_sentences_are_parted_but_not_in_titles_and_addresses() -> None:
    text = "It was seen in mice.The tissue healed.”Patients"
    kept = entry(title=text, headline=text, found=text, url="https://x.example/mice.The")
    assert kept.title == text
    assert kept.headline == kept.found == "It was seen in mice. The tissue healed.” Patients"
    assert kept.url == "https://x.example/mice.The"


def test_identities_are_kept_to_the_letter() -> None:
    kept = entry(
        guid="tag:x,2026:a&amp;b\u200bﬁ", doi="10.1234/a&amp;b", url="https://x.example/?a=1&amp;b"
    )
    assert kept.guid == "tag:x,2026:a&amp;bﬁ"
    assert (kept.doi, kept.url) == ("10.1234/a&amp;b", "https://x.example/?a=1&amp;b")


@pytest.mark.parametrize("name", ["headline", "title", "url", "guid"])
def test_a_field_that_is_far_too_long_is_refused_unread(name: str) -> None:
    with pytest.raises(Unreadable, match=f"`{name}` is 1,000,000 characters long"):
        entry(**{name: "<" * 1_000_000})


WILD = st.text(max_size=30) | st.lists(
    st.sampled_from(
        [
            "&", "amp;", "&shy;", "&#8203;", "&#x202e;", "\u202e", "\u200b", "\xad", "\ufeff", "\0",
            "\x85", "\u2028", "<b>", "Ã", "©", "â", "€", "™", "\x80", "\x99", "e\u0301", "ﬁ", "a.B",
            "\ud800",
            "\ue000", "\uffff", "\U000e0041", "\ufe0f", "https://", "1/1/2026",
            "10.1234/x",
        ]
    ),
    max_size=10,
).map("".join)  # fmt: skip
FIELDS = (
    "title", "headline", "found", "why", "limits", "body", "journal", "doi", "url", "guid", "slug",
    "published", "pmid",
)  # fmt: skip
KINDS = st.sampled_from(["summary", "article", ""])


@settings(max_examples=200, deadline=None)
@given(KINDS, st.dictionaries(st.sampled_from(FIELDS), WILD))
def test_no_entry_holds_what_is_not_seen(kind: str, stated: dict[str, str]) -> None:
    try:
        kept = to_entry(Stated(kind=kind, **stated), "x", ZONE, now=NOW)  # type: ignore[arg-type]
    except Unreadable:
        return
    for name, text in asdict(kept).items():
        if isinstance(text, str):
            seen = text.replace("\n\n", "")
            hidden = [c for c in seen if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zl")]
            assert not hidden, name
            assert unicodedata.is_normalized("NFC", text)
            text.encode()
