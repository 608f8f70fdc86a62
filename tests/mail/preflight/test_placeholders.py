"""What was to be filled in later."""

from __future__ import annotations

from dataclasses import replace

import pytest

from digest.values import ThemeGroup
from tests.builders import a_publication, a_summary, a_theme, a_wording, an_edition
from tests.mail.preflight.material import (
    a_study,
    blocking,
    found,
    of,
    rendered,
    with_items,
    with_texts,
)

LEFT = (
    "TK", "TKTK", "lorem ipsum", "Lorem Ipsum", "{{", "{{ name }}", "{%", "{% if x %}", "{month_}",
    "XXX", "TODO", "[insert a quote]", "[Insert]",
)  # fmt: skip
UNMISTAKABLE = ("TKTK", "lorem ipsum", "{{ name }}", "{% endif %}", "[insert a quote]")
DOUBTFUL = ("TK", "TODO", "XXX")
MEANT = (
    "BTK", "TK1", "the tk domain", "lorem", "XX", "[sic]", "todo", "insert", "XXL", "100 %",
)  # fmt: skip
STRAY = (  # as it is written, and as the finding shows it
    ("{{studies}}", "{{studies}}"), ("{month and", "{month"), ("{", "{"), ("}", "}"),
    ("100 %}", "}"), ("{my field}", "{my field}"), ("{studies}}", "{studies}}"), ("{}", "{}"),
)  # fmt: skip


@pytest.mark.parametrize("left", LEFT)
@pytest.mark.parametrize(
    ("part", "place"),
    [("subject", "subject"), ("preheader", "preheader"), ("intro", "introduction")],
)
def test_in_our_opening_it_blocks(part: str, place: str, left: str) -> None:
    text = f"What {left} and {{studies}} of them found this month"
    findings = of("placeholder", found(with_items(a_study(), wording=a_wording(**{part: text}))))
    assert [(one.level, one.where) for one in findings] == [("blocks", f"patient edition, {place}")]
    assert left.rstrip("}").split(" ")[0] in findings[0].what


@pytest.mark.parametrize("left", LEFT)
@pytest.mark.parametrize("part", ["html", "text"])
def test_in_a_sites_own_template_it_blocks(part: str, left: str) -> None:
    edition = with_items(a_study())
    mail = rendered(edition)
    body = getattr(mail, part).replace("Leave this list", f"Leave {left} list")
    (finding,) = of("placeholder", found(edition, replace(mail, **{part: body})))
    assert (finding.level, finding.where) == ("blocks", "patient edition, our own words")


@pytest.mark.parametrize(("left", "shown"), STRAY)
@pytest.mark.parametrize(
    ("part", "place"),
    [("subject", "subject"), ("preheader", "preheader"), ("intro", "introduction")],
)
def test_any_brace_that_is_no_field_of_ours_blocks_and_is_shown(
    part: str, place: str, left: str, shown: str
) -> None:
    words = a_wording(**{part: f"What {left} and {{studies}} of them found"})
    (finding,) = of("placeholder", found(with_items(a_study(), wording=words)))
    assert (finding.level, finding.where) == ("blocks", f"patient edition, {place}")
    assert finding.what == f"{shown} was left in it"


def test_a_brace_does_not_hide_what_else_was_left() -> None:
    words = a_wording(subject="{{studies}} and TK")
    (finding,) = of("placeholder", found(with_items(a_study(), wording=words)))
    assert finding.what == "{{studies}}, TK was left in it"


@pytest.mark.parametrize("left", ["{", "}", "{name", "{a name}"])
def test_a_brace_in_the_name_of_a_theme_is_ours(left: str) -> None:
    theme = a_theme("symptoms", f"Everyday {left} symptoms")
    edition = an_edition(groups=(ThemeGroup(theme, (a_study(),)),))
    assert "blocks" in {one.level for one in of("placeholder", found(edition))}


@pytest.mark.parametrize("left", ["{", "}", "{x}", "{{x", "x}}"])
@pytest.mark.parametrize("field", ["title", "lead", "audience", "caveat", "journal"])
def test_a_sources_brace_is_never_taken_for_ours(field: str, left: str) -> None:
    edition = with_texts(**{field: f"The set {left} was drawn."})
    assert of("placeholder", found(edition)) == []


@pytest.mark.parametrize("meant", MEANT)
def test_what_is_meant_is_no_placeholder(meant: str) -> None:
    edition = with_texts(lead=f"So {meant} it is.", journal=meant)
    words = a_wording(intro=f"What {meant} is about")
    assert of("placeholder", found(replace(edition, wording=words))) == []


def test_a_line_of_a_theme_or_the_postal_address_is_ours() -> None:
    theme = a_theme("symptoms", "TODO: a name")
    edition = an_edition(groups=(ThemeGroup(theme, (a_study(),)),))
    assert of("placeholder", found(edition))[0].level == "blocks"
    edition = with_items(a_study(), publication=a_publication(postal_address="XXX, Springfield"))
    assert of("placeholder", found(edition))[0].level == "blocks"


def test_a_slot_that_is_no_slot_blocks_wherever_it_stands() -> None:
    edition = with_items(a_study())
    mail = rendered(edition)
    for rest in ("<p>__DIGEST_name</p>", '<p title="__DIGEST_name">.</p>'):
        html = mail.html.replace("</body>", f"{rest}</body>")
        (finding,) = blocking(found(edition, replace(mail, html=html)))
        assert "__DIGEST_" in finding.what


@pytest.mark.parametrize("left", UNMISTAKABLE)
@pytest.mark.parametrize("field", ["title", "lead", "audience", "caveat", "journal"])
def test_an_unmistakable_one_in_a_sources_words_blocks(field: str, left: str) -> None:
    (finding,) = of("placeholder", found(with_texts(**{field: f"Walking {left} helps many."})))
    assert finding.level == "blocks"
    assert finding.where == "patient edition, study 1 (study-1)"
    assert "`digest exclude 12 study-1`" in finding.mend


@pytest.mark.parametrize("left", DOUBTFUL)
@pytest.mark.parametrize("field", ["title", "lead", "audience", "caveat", "journal"])
def test_a_doubtful_one_in_a_sources_words_only_warns(field: str, left: str) -> None:
    (finding,) = of("placeholder", found(with_texts(**{field: f"The enzyme {left} is blocked."})))
    assert finding.level == "warns"
    assert finding.where == "patient edition, study 1 (study-1)"


def test_a_brace_in_a_sources_words_is_theirs() -> None:
    assert of("placeholder", found(with_texts(lead="The set {x} and {{ were drawn."))) == []


def test_an_articles_title_is_its_sources() -> None:
    article = a_summary(kind="article", slug="up", title="TK and You", url="https://a.example/up")
    (finding,) = of("placeholder", found(with_items(a_study(), articles=(article,))))
    assert (finding.level, finding.where) == ("warns", "patient edition, article 1 (up)")


def test_a_sources_word_does_not_hide_the_same_in_ours() -> None:
    edition = replace(with_texts(journal="TK"), wording=a_wording(intro="What TK found"))
    levels = [finding.level for finding in of("placeholder", found(edition))]
    assert levels == ["blocks", "warns"]
