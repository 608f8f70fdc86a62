"""The whole of preflight: clean editions, the order of findings, and any text from outside."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.mail.preflight import inspect
from digest.mail.slots import PREFIX
from digest.values import AUDIENCES, Audience, Edition, Rendition, ThemeGroup
from tests.builders import a_month, a_summary, a_teaser, a_theme, a_wording, with_words
from tests.mail.preflight.material import (
    RULES,
    a_study,
    blocking,
    composed,
    example_items,
    found,
    rendered,
    with_items,
    with_texts,
)


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("cards", [6, 15, 45])
def test_a_clean_month_gives_no_finding(audience: Audience, cards: int) -> None:
    article = a_summary(kind="article", slug="up", title="A Round-Up of the Year")
    assert found(with_words(a_month(cards=cards, audience=audience, articles=(article,)))) == ()


@pytest.mark.parametrize("audience", AUDIENCES)
def test_the_examples_with_an_address_and_their_words_explained_give_no_finding(
    audience: Audience,
) -> None:
    unexplained = ("TREM2", "IL-10")
    items = [
        item
        for item in example_items()
        if item.summary.url and not any(word in str(item.teasers) for word in unexplained)
    ]
    assert len(items) >= 18
    assert found(composed(items, audience)) == ()


@pytest.mark.parametrize("audience", AUDIENCES)
def test_nothing_in_the_examples_blocks(audience: Audience) -> None:
    findings = found(composed(example_items(), audience))
    assert {finding.check for finding in findings} == {"links", "abbreviations"}
    assert not blocking(findings)


def test_what_blocks_comes_first_and_all_else_in_reading_order() -> None:
    first = a_study(1, teaser=a_teaser(lead="A miracle for walkers."))
    second = a_study(2, title="Walking and [insert the rest]", url="")
    edition = with_items(first, second, wording=a_wording(subject="TODO", preheader="Short."))
    findings = found(edition)
    assert [(finding.level, finding.where) for finding in findings] == [
        ("blocks", "patient edition, subject"),
        ("blocks", "patient edition, study 2 (study-2)"),
        ("warns", "patient edition, preheader"),
        ("warns", "patient edition, study 1 (study-1)"),
        ("warns", "patient edition, study 2 (study-2)"),
    ]


def test_the_tenth_study_is_not_taken_for_the_first() -> None:
    studies = [a_study(n) for n in range(1, 11)]
    studies[9] = a_study(10, url="")
    studies[1] = a_study(2, url="http://[broken")
    wheres = [finding.where for finding in found(with_items(*studies))]
    assert wheres == ["patient edition, study 2 (study-2)", "patient edition, study 10 (study-10)"]


def test_each_finding_says_what_to_do_on_one_line() -> None:
    edition = with_texts(title="TKTK", url="", lead="A miracle cure with NMDAR.", caveat=None)
    empty = Rendition("patient", "", "", "<p>{{ name }}</p><a href='#'>here</a>", "")
    findings = (*found(edition), *found(edition, empty))
    assert len(findings) > 12
    for finding in findings:
        assert finding.where.startswith("patient edition")
        assert finding.what
        assert finding.mend.endswith((".", "!"))
        assert "\n" not in finding.line()


def test_a_slot_that_nothing_fills_is_the_one_finding() -> None:
    edition = with_items(a_study())
    rendition = rendered(edition)
    holed = replace(rendition, html=f"{rendition.html}{PREFIX}NICKNAME__")
    (finding,) = inspect(edition, holed, RULES)
    assert finding.level == "blocks"
    assert f"{PREFIX}NICKNAME__" in finding.what


def test_an_empty_mail_gives_findings_and_no_error() -> None:
    edition = with_items(a_study())
    blocks = blocking(found(edition, Rendition("patient", "", "", "", "")))
    assert [finding.what for finding in blocks] == ["it is empty"] * 3


def test_the_mail_itself_is_not_changed() -> None:
    edition = a_month(cards=3)
    rendition = rendered(edition)
    before = rendition.content_hash
    assert found(edition, rendition) == found(edition, rendition)
    assert rendition.content_hash == before


WILD = st.text(max_size=60).filter(lambda text: PREFIX not in text)
WORDS = (
    "walk Walking helps the people in a year, with MS or TK and XXX; 120 felt less tired. "
    "[sic] {x} { }} {y (EBV) “well” it's 5 % a.m. https://example.org cure Keep mind: 4–5 TODO"
)
PLAIN = st.lists(st.sampled_from(WORDS.split()), min_size=1, max_size=14).map(" ".join)


def _of_texts(draw: st.DrawFn, texts: st.SearchStrategy[str], cards: int) -> Edition:
    studies = []
    for n in range(1, cards + 1):
        teaser = a_teaser(
            lead=draw(texts), audience=draw(texts | st.none()), caveat=draw(texts | st.none())
        )
        own = {name: draw(texts) for name in ("title", "headline", "journal")}
        studies.append(a_study(n, teaser=teaser, **own))
    return with_items(*studies)


@st.composite
def wild(draw: st.DrawFn) -> Edition:
    """Two studies of any texts; any address and DOI too."""
    edition = _of_texts(draw, WILD, 2)
    url = draw(WILD | st.builds("https://{}".format, WILD))
    doi = draw(WILD)
    group = edition.groups[0]
    items = tuple(
        replace(item, summary=replace(item.summary, url=url, doi=doi)) for item in group.items
    )
    return replace(edition, groups=(replace(group, items=items), ThemeGroup(a_theme("b"), ())))


@st.composite
def prose(draw: st.DrawFn) -> Edition:
    """Three studies of plain words, some of them doubtful, no two with the same title."""
    edition = _of_texts(draw, PLAIN, 3)
    group = edition.groups[0]
    items = tuple(
        replace(item, summary=replace(item.summary, title=f"{item.summary.title} {n}"))
        for n, item in enumerate(group.items)
    )
    return replace(edition, groups=(replace(group, items=items),))


@settings(max_examples=60, deadline=None)
@given(wild())
def test_no_text_from_outside_raises_an_error(edition: Edition) -> None:
    assert isinstance(found(edition), tuple)


@settings(max_examples=60, deadline=None)
@given(prose())
def test_plain_prose_is_never_blocked(edition: Edition) -> None:
    assert blocking(found(edition)) == []
