"""Hard words: marked where they first stand, explained below the theme, the sentence untouched."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup, escape
from selectolax.lexbor import LexborHTMLParser as HTMLParser

from digest.mail.render import mail_environment, render
from digest.mail.slots import personalise
from digest.mail.words import Marker, explained
from digest.values import Edition, Rendition, Word
from tests.builders import a_month, a_personal, a_teaser, an_edition, an_item, with_words

WALK = Word("walking", "walked", "moving on foot")
ANY_BUT_A_SLOT = st.characters(exclude_characters="_")
CLINIC = Word("clinic", "clinic", "a place where patients are seen")


def html_of(text: str, *words: Word) -> str:
    return str(escape(Marker(words)(text)))


def rendered(edition: Edition) -> Rendition:
    return render(edition, mail_environment())


def of_teasers(*leads: str, words: tuple[Word, ...]) -> Edition:
    edition = an_edition()
    items = tuple(
        an_item(teasers={"patient": a_teaser(lead=lead, audience=None)}) for lead in leads
    )
    return replace(edition, groups=(replace(edition.groups[0], items=items, words=words),))


# ── marking ───────────────────────────────────────────────────────────────────────────────


def test_a_word_is_marked_where_it_first_stands_and_only_there() -> None:
    marked = Marker([WALK, CLINIC])
    first, second = marked("She walked, he walked."), marked("They walked to a clinic.")
    assert str(escape(first)) == "She <i>walked</i>, he walked."
    assert str(escape(second)) == "They walked to a <i>clinic</i>."


def test_a_word_inside_another_is_not_marked() -> None:
    assert "<" not in html_of("Unwalked walkedness, clinics and clinical work", WALK, CLINIC)


def test_the_longer_of_two_words_is_marked_whole() -> None:
    long = Word("secondary progressive MS", "secondary progressive MS", "x")
    short = Word("progressive MS", "progressive MS", "y")
    assert html_of("From secondary progressive MS to progressive MS", short, long) == (
        "From <i>secondary progressive MS</i> to <i>progressive MS</i>"
    )


def test_what_looks_like_markup_is_escaped_on_either_side_of_a_mark() -> None:
    assert html_of("<b> & walked </b>", WALK) == "&lt;b&gt; &amp; <i>walked</i> &lt;/b&gt;"
    assert html_of("a <x> b", Word("x", "<x>", "y")).count("<") <= 2
    assert "<u>" not in html_of("it was <u>", Word("u", "<u>", "y"))


def test_outside_of_html_a_sentence_is_its_words_alone() -> None:
    sentence = Marker([WALK])("He walked.")
    assert sentence == "He walked."
    assert f"{sentence}" == str(sentence) == "He walked."


@given(
    text=st.text(alphabet="walked clinc<>&\"'.", max_size=60),
    seen=st.lists(st.sampled_from(["walked", "clinic", "a", "<w", "k & l"]), unique=True),
)
def test_stripping_the_tags_gives_the_sentence_letter_by_letter(text: str, seen: list[str]) -> None:
    html = html_of(text, *(Word(form, form, "x") for form in seen))
    assert Markup(re.sub("</?i>", "", html)).unescape() == text
    assert html.count("<i>") == html.count("</i>") <= len(seen)


# ── the box ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("term", "seen", "name"),
    [
        ("spasticity", "Spastic", "spasticity"),
        ("relapse", "relapses", "relapse"),
        ("MRI", "MRIs", "MRI"),
        ("B cell", "B-cells", "B cell"),
        ("NMOSD", "NMO", "NMO (NMOSD)"),
        ("neurofilament", "NfL", "NfL (neurofilament)"),
        ("lumbar puncture", "spinal tap", "spinal tap (lumbar puncture)"),
    ],
)
def test_the_box_names_the_term_and_an_unlike_form(term: str, seen: str, name: str) -> None:
    assert explained(Word(term, seen, "x")).name == name


def test_the_box_stands_after_the_last_card_of_its_theme_without_a_heading() -> None:
    edition = with_words(a_month(cards=4, themes=2))
    page = HTMLParser(rendered(edition).html)
    headings = [node.text() for node in page.css("h1, h2, h3, h4")]
    assert headings == [
        node.text()
        for node in HTMLParser(rendered(a_month(cards=4, themes=2)).html).css("h1,h2,h3")
    ]
    cells = [cell.text(separator=" ", strip=True) for cell in page.css("td td")]
    boxes = [n for n, cell in enumerate(cells) if cell.startswith("Words explained")]
    assert len(boxes) == 2
    for box in boxes:
        assert cells[box].startswith(
            "Words explained tired term : what is said of it in one plain line"
        )
        assert "Sample Journal of Walking" in cells[box - 1]


def test_there_is_no_box_where_nothing_is_explained() -> None:
    rendition = rendered(a_month(cards=4, themes=2))
    assert "Words explained" not in rendition.html + rendition.text
    assert "<i>" not in rendition.html


def test_each_theme_marks_its_own_first_places() -> None:
    page = HTMLParser(rendered(with_words(a_month(cards=6, themes=2))).html)
    marked = [node.text() for node in page.css("i")]
    assert marked == ["tired", "visit"] * 2


def test_the_sentences_that_a_reader_sees_are_those_of_the_summary() -> None:
    edition = with_words(a_month(cards=6, themes=2), each=4)
    page = HTMLParser(rendered(edition).html)
    for number, item in enumerate(edition.items, 1):
        card = page.css_first(f"#study-{number}")
        assert card is not None
        seen = [node.text() for node in card.css("p")]
        teaser = item.teasers["patient"]
        assert seen[:3] == [
            teaser.lead, f"For you: {teaser.audience}", f"Keep in mind: {teaser.caveat}"
        ]  # fmt: skip


def test_titles_are_not_marked() -> None:
    page = HTMLParser(
        rendered(of_teasers("He came.", words=(Word("walk", "Walk", "to go on foot"),))).html
    )
    assert "Walk" in page.css_first("h3").text()  # type: ignore[union-attr]
    assert not page.css("i")


def test_a_hostile_glossary_is_shown_and_does_nothing() -> None:
    word = Word("<script>", "walked", '"><script>alert(1)</script>{{ 7*7 }}\r\nBcc: a@b.example')
    rendition = rendered(of_teasers("He walked.", words=(word,)))
    page = HTMLParser(rendition.html)
    assert not page.css("script")
    assert '"><script>alert(1)</script>{{ 7*7 }} Bcc: a@b.example' in page.body.text()  # type: ignore[union-attr]
    assert "\nBcc" not in rendition.text


def test_the_text_part_explains_the_words_in_wrapped_lines() -> None:
    long = Word("walking", "walked", "to go on foot, " * 7 + "slowly")
    rendition = rendered(of_teasers("He walked.", words=(long, CLINIC)))
    text = personalise(rendition, a_personal())[1]
    box = text[text.index("\nWords explained\n") :].split("\n\n")[0].splitlines()[1:]
    assert box[1].startswith("- walking: to go on foot,")
    assert box[2].startswith("  on foot")
    assert box[-1] == "- clinic: a place where patients are seen"
    assert all(len(line) <= 78 for line in box)


def test_what_is_explained_counts_as_reading_time() -> None:
    edition = an_edition(cards=1)
    long = tuple(Word(f"w{n}", f"w{n}", "word " * 100) for n in range(4))
    group = replace(edition.groups[0], words=long)
    assert "Reading time: 1 minute." in rendered(edition).text
    assert "Reading time: 2 minutes." in rendered(replace(edition, groups=(group,))).text


@settings(max_examples=20, deadline=None)
@given(meaning=st.text(ANY_BUT_A_SLOT, max_size=80), seen=st.text(ANY_BUT_A_SLOT, max_size=12))
def test_any_words_leave_the_page_whole(meaning: str, seen: str) -> None:
    word = Word("t", f"x{seen}", meaning)
    rendition = rendered(of_teasers(f"A x{seen} b.", words=(word,)))
    page = HTMLParser(rendition.html)
    assert len(page.css("h1, h2, h3")) == 3
    assert rendition.html.endswith("</html>")
