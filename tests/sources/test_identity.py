"""What an entry is itself by, and by what it is known elsewhere."""

from __future__ import annotations

import pytest

from digest.sources.identity import (
    LONGEST,
    address_key,
    identities,
    identity_within,
    shared_addresses,
    spellings,
    text_key,
    title_key,
    ways_of,
)
from digest.values import Entry
from tests.builders import an_entry

URL = an_entry().url


def own(entry: Entry, source: str = "drop") -> tuple[str, ...]:
    """Its identity, and the one that holds where its address is shared."""
    return identities(entry, source, text_key(entry))


@pytest.mark.parametrize(
    ("stated", "identity"),
    [
        ({"guid": "7", "doi": "10.5555/A"}, "guid:drop:7"),
        ({"doi": "10.5555/A", "pmid": "1"}, "doi:10.5555/a"),
        ({"pmid": "1"}, f"url:{URL}"),
        ({"url": "", "pmid": "1"}, "pmid:1"),
        ({"url": ""}, f"text:{text_key(an_entry())}"),
        ({"kind": "article", "guid": "7"}, "guid:drop:7"),
        ({"kind": "article", "doi": "10.5555/A"}, "article:doi:10.5555/a"),
        ({"kind": "article"}, f"article:url:{URL}"),
    ],
)
def test_identity_is_the_id_else_doi_else_address_else_words(
    stated: dict[str, str], identity: str
) -> None:
    assert own(an_entry(**stated))[0] == identity


def test_a_shared_address_is_no_identity_but_an_id_or_doi_still_is() -> None:
    assert own(an_entry())[-1].startswith("text:")
    assert own(an_entry(pmid="1"))[-1] == "pmid:1"
    assert own(an_entry(doi="10.5555/a"))[-1] == "doi:10.5555/a"


def test_a_file_s_name_is_no_identity() -> None:
    one, other = an_entry(url="", place="a.html"), an_entry(url="", place="b.html")
    assert own(one) == own(other)


def test_an_address_is_shared_when_different_words_link_to_it() -> None:
    def shared(*entries: Entry) -> frozenset[str]:
        return shared_addresses(entries)

    one, other = an_entry(headline="One."), an_entry(headline="Other.")
    assert shared(one, other) == {address_key(URL)}
    spelt = an_entry(headline="Other.", url="http://www.news.example.org/walk/")
    assert shared(one, spelt) == {address_key(URL)}
    assert shared(one, an_entry(headline="ONE", found="Else.")) == frozenset()
    assert shared(an_entry(url=""), an_entry(url="", headline="x")) == frozenset()
    assert shared(one, an_entry(kind="article", headline="x")) == frozenset()


@pytest.mark.parametrize(
    ("page", "mark"),
    [
        ("", ""),
        ("/walk", ""),
        ("/walk", "?p=1"),
        ("", "?p=a/"),
        ("/walk", "#a?b"),
        ("", "?u=a://b"),
    ],
)
def test_the_spellings_of_an_address_have_one_key_and_are_found_by_it(page: str, mark: str) -> None:
    spelt = {
        f"{scheme}://{www}x.example.org{page}{slash}{mark}"
        for scheme in ("http", "https")
        for www in ("", "www.")
        for slash in ("", "/")
    }
    assert {address_key(url) for url in spelt} == {f"x.example.org{page}{mark}"}
    assert set(spellings(f"x.example.org{page}{mark}")) == spelt


def test_the_case_of_a_path_and_the_rest_of_an_address_say_which_page_it_is() -> None:
    several = [
        "https://a.b/Walk",
        "https://a.b/walk",
        "https://a.b/walk?p=1",
        "https://www2.a.b/walk",
    ]
    assert len({address_key(url) for url in several}) == 4
    assert address_key("") == ""


def test_an_identity_fits_its_column_and_long_ones_stay_apart() -> None:
    long = [own(an_entry(guid="x" * 700 + end))[0] for end in "ab"]
    within = [identity_within("drop", one) for one in long]
    assert len({*long, *within}) == 4
    assert max(map(len, [*long, *within])) <= LONGEST


@pytest.mark.parametrize("field", ["title", "headline", "found", "why", "limits"])
def test_the_same_words_are_all_words_but_for_case_and_punctuation(field: str) -> None:
    said = getattr(an_entry(), field)
    assert text_key(an_entry(**{field: f"“{said.upper()}”"})) == text_key(an_entry())
    assert text_key(an_entry(**{field: f"{said} More"})) != text_key(an_entry())


def test_words_in_another_field_are_other_words() -> None:
    one, other = an_entry(found="A b", why="c"), an_entry(found="A", why="b c")
    assert text_key(one) != text_key(other)


def test_titles_are_equal_whatever_their_case_and_punctuation() -> None:
    same = ["A walk: a day", "“A WALK”—a day!", "Ａ walk a day"]
    assert len({title_key(an_entry(title=title)) for title in same}) == 1
    assert title_key(an_entry(title="A walk a week")) != title_key(an_entry(title=same[0]))
    assert title_key(an_entry(kind="article")) == title_key(an_entry(title="…")) == ""


def test_it_is_known_elsewhere_only_by_what_it_states() -> None:
    assert list(ways_of(an_entry(doi="10.5/A", pmid="1"))) == [
        "doi",
        "pmid",
        "url",
        "text",
        "title",
    ]
    assert ways_of(an_entry(doi="10.5/A"))["doi"] == "10.5/a"
    assert list(ways_of(an_entry(url="", kind="article"))) == ["text"]
