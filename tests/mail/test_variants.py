"""A reader's choice of themes: blocks taken out of the frozen mail, its sentences counted anew."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from digest.mail import variants
from digest.mail.slots import personalise
from digest.mail.variants import check_marks, for_themes
from digest.values import Audience, Edition, Fact, Rendition, ThemeGroup, Word
from tests.builders import (
    a_personal,
    a_summary,
    a_teaser,
    a_theme,
    a_wording,
    an_edition,
    an_evidence,
    an_item,
)
from tests.mail.material import ANY_BUT_A_SLOT, EDITIONS, Mail, mail_of, rendered, said, texts

BLOCK = re.compile(r"<!--theme (\d+)-->.*?<!--/theme-->", re.DOTALL)
TEXT_BLOCK = re.compile(r"^__DIGEST_THEME (\d+)__\n.*?^__DIGEST_/THEME__\n", re.DOTALL | re.M)
LEFT_AWAY = re.compile(
    r"You see the themes that you chose\.\s[\d,]+ more (study\sis|studies\sare)\s"
    r"in\sthe\swhole\sissue,\son\sthe\sweb\."
)
TWO = frozenset({"theme-3", "theme-1"})


def chosen(rendition: Rendition, *themes: str) -> Rendition:
    made = for_themes(rendition, frozenset(themes))
    assert made is not None
    return made


def of_groups(edition: Edition, themes: frozenset[str]) -> Edition:
    """The edition as if it held only these themes."""
    groups = tuple(group for group in edition.groups if group.theme.id in themes)
    return replace(edition, groups=groups)


def as_read(rendition: Rendition) -> tuple[str, str, str, str]:
    """All that a reader gets, but for the sentence that says what was left away.

    A card keeps the number that it has on our page of the issue.
    """
    html, text = personalise(rendition, a_personal())
    html, text = LEFT_AWAY.sub("", html), LEFT_AWAY.sub("", text)
    parts = (rendition.subject, rendition.preheader, html, text)
    subject, preheader, html, text = (re.sub(r"\bstudy-\d+", "study-N", part) for part in parts)
    return subject, preheader, html, text


# ── the same mail as if it had been rendered for the choice ───────────────────────────────


@EDITIONS
def test_any_choice_is_the_mail_of_an_edition_that_holds_only_these_themes(
    audience: Audience,
) -> None:
    whole = mail_of(audience, 15)
    ids = [group.theme.id for group in whole.edition.groups]
    for themes in (*combinations(ids, 1), *combinations(ids, 2), *combinations(ids, 5)):
        spliced = chosen(whole.rendition, *themes)
        alone = rendered(of_groups(whole.edition, frozenset(themes)))
        assert as_read(spliced) == as_read(alone)


words = st.text(ANY_BUT_A_SLOT, max_size=30)
species = st.sampled_from([(), ("human",), ("mouse",), ("mouse", "rat"), ("human", "rat")])


@st.composite
def editions(draw: st.DrawFn) -> Edition:
    """Up to four themes with up to three cards, in words of any kind."""
    groups = []
    for n in range(draw(st.integers(1, 4))):
        items = tuple(
            an_item(
                summary=a_summary(title=f"T {draw(words)}", url=draw(st.sampled_from(["", "x"]))),
                teasers={"patient": a_teaser(lead=f"L {draw(words)}")},
                evidence=an_evidence(species=Fact(draw(species))),
            )
            for _ in range(draw(st.integers(1, 3)))
        )
        theme = a_theme(f"theme-{n}", f"N {draw(words)}")
        hard = (Word("term", "try", f"m {draw(words)}"),) if draw(st.booleans()) else ()
        groups.append(ThemeGroup(theme, items, hard, named=draw(words)))
    sentence = draw(words) + draw(
        st.sampled_from(["{studies}, {themes}: {top}", "", "{top} & '\""])
    )
    wording = a_wording(subject=f"s{sentence}", preheader=f"p{sentence}", intro=f"i{sentence}")
    return an_edition(groups=tuple(groups), wording=wording)


@given(edition=editions(), data=st.data())
@settings(max_examples=60, deadline=None)
def test_so_it_is_with_words_of_any_kind(edition: Edition, data: st.DataObject) -> None:
    ids = [group.theme.id for group in edition.groups]
    themes = frozenset(data.draw(st.lists(st.sampled_from(ids), min_size=1)))
    spliced = for_themes(rendered(edition), themes | {"of another issue"})
    assert spliced is not None
    assert as_read(spliced) == as_read(rendered(of_groups(edition, themes)))


# ── what follows the choice ───────────────────────────────────────────────────────────────


def test_list_counts_facts_title_and_heading_follow_the_choice(mail: Mail) -> None:
    groups = [group for group in mail.edition.groups if group.theme.id in TWO]
    count = sum(len(group.items) for group in groups)
    mine = chosen(mail.rendition, *TWO)
    html, text = personalise(mine, a_personal())
    page = LexborHTMLParser(html)
    assert [line.partition(" —")[0] for line in texts(page, "ul > li")] == [
        group.theme.names[mail.audience] for group in groups
    ]
    assert texts(page, "h3") == [item.summary.title for g in groups for item in g.items]
    assert texts(page, "title") == [mine.subject]
    assert f"{count} studies" in mine.subject
    assert f": {count} studies in 2 themes" in mine.preheader
    assert 40 <= len(mine.preheader) <= 110
    assert f"{count} studies" in texts(page, "h1")[0]
    facts = f"{count} new studies in 2 themes."
    assert said(texts(page, "h1 + p")[0]).startswith(facts)
    assert facts in said(text)
    first = page.css_first("body > *")
    assert first is not None
    assert first.text().rstrip("\u00a0\u034f") == mine.preheader


def test_a_reader_who_chose_learns_how_many_studies_were_left_away(mail: Mail) -> None:
    left = sum(len(g.items) for g in mail.edition.groups if g.theme.id not in TWO)
    for part in personalise(chosen(mail.rendition, *TWO), a_personal()):
        assert f"You see the themes that you chose. {left} more studies are in" in said(part)
    every = [group.theme.id for group in mail.edition.groups]
    for whole in (mail.rendition, chosen(mail.rendition, *every)):
        assert not any("you chose" in part for part in personalise(whole, a_personal()))


def test_blocks_are_those_of_the_whole_mail_to_the_byte(mail: Mail) -> None:
    mine = chosen(mail.rendition, *TWO)
    for pattern, whole, part in (
        (BLOCK, mail.rendition.html, mine.html),
        (TEXT_BLOCK, mail.rendition.text, mine.text),
    ):
        kept = [block[0] for block in pattern.finditer(whole) if block[1] in "13"]
        assert len(kept) == 4
        assert [block[0] for block in pattern.finditer(part)] == kept


def test_the_other_themes_leave_no_trace(mail: Mail) -> None:
    mine = chosen(mail.rendition, *TWO)
    everything = "\n".join((mine.subject, mine.preheader, *personalise(mine, a_personal())))
    for group in mail.edition.groups:
        name = group.theme.names[mail.audience]
        gone = [name, name.upper(), name.replace("&", "&amp;"), group.theme.lines[mail.audience]]
        for item in group.items:
            gone += [item.summary.title, item.summary.url or "mice, not people"]
        for trace in gone if group.theme.id not in TWO else ():
            assert not re.search(rf"{re.escape(trace)}(?!\d)", everything)
    assert "mice" not in everything


def test_what_belongs_to_no_theme_stays(mail: Mail) -> None:
    html, text = personalise(chosen(mail.rendition, "theme-2"), a_personal())
    for part in ("Also worth reading", "About this research", "You get this because", "1 Example"):
        assert part in html
        assert part.casefold() in text.casefold()


def test_the_text_part_of_a_choice_has_no_debris(mail: Mail) -> None:
    for themes in ({"theme-0"}, {"theme-4"}, TWO):
        text = personalise(chosen(mail.rendition, *themes), a_personal())[1]
        assert not re.search(r"__DIGEST|\n{4}|[ \t]$|[{}]", text, re.MULTILINE)
        assert all(len(line) <= 78 or "://" in line for line in text.splitlines())
        heading = re.search(r"\n\n\n(.+)\n(=+)\n\n", text)
        assert heading is not None
        assert len(heading[1]) == len(heading[2])


def test_a_long_heading_is_wrapped_with_a_rule_as_long_as_its_longest_line() -> None:
    mail = mail_of("patient", 15)
    intro = "What {studies} in {themes} " + "found of one thing or another " * 4
    whole = rendered(replace(mail.edition, wording=a_wording(intro=intro)))
    text = personalise(chosen(whole, "theme-0"), a_personal())[1]
    heading = re.search(r"\n\n\n((?:.+\n)+)(=+)\n\n", text)
    assert heading is not None
    lines = heading[1].splitlines()
    assert lines[0].startswith("What 3 studies in 1 theme found")
    assert len(lines) > 1
    assert len(heading[2]) == max(map(len, lines)) <= 76


def test_our_page_and_the_splicing_stay_those_of_the_issue(mail: Mail) -> None:
    mine = chosen(mail.rendition, "theme-0")
    assert (mine.page, mine.splicing) == (mail.rendition.page, mail.rendition.splicing)
    assert mine.audience == mail.audience


# ── all, none, and others ─────────────────────────────────────────────────────────────────


def test_all_themes_and_no_choice_are_the_whole_mail(mail: Mail) -> None:
    ids = frozenset(group.theme.id for group in mail.edition.groups)
    assert for_themes(mail.rendition, ids) == mail.rendition
    assert for_themes(mail.rendition, ids | {"of another issue"}) == mail.rendition
    assert for_themes(mail.rendition, frozenset()) == mail.rendition


def test_themes_that_are_not_in_the_issue_give_no_mail(mail: Mail) -> None:
    assert for_themes(mail.rendition, frozenset({"of another issue", "0", "theme"})) is None


def test_a_theme_of_another_issue_beside_one_of_this_changes_nothing(mail: Mail) -> None:
    alone = for_themes(mail.rendition, frozenset({"theme-0"}))
    assert for_themes(mail.rendition, frozenset({"theme-0", "of another issue"})) == alone


def test_a_mail_frozen_before_there_was_a_choice_stays_whole(mail: Mail) -> None:
    old = replace(mail.rendition, splicing=None)
    assert for_themes(old, TWO) == old


def test_nothing_is_rendered_for_a_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    rendition = replace(mail_of("patient", 45).rendition, preheader="not cached")
    for name in ("digest.mail.render.render_html", "digest.mail.render.render_text"):
        monkeypatch.setattr(name, None)
    monkeypatch.setattr("digest.mail.html.Premailer", None, raising=False)
    assert for_themes(rendition, TWO) is not None


# ── the marks, and the hash that was approved ─────────────────────────────────────────────


def test_every_rendition_has_the_marks_that_a_choice_needs(mail: Mail) -> None:
    check_marks(mail.rendition)
    count = len(mail.edition.groups)
    assert len(BLOCK.findall(mail.rendition.html)) == 2 * count
    assert len(TEXT_BLOCK.findall(mail.rendition.text)) == 2 * count
    assert set(variants.SAID_IN_TEXT) < set(variants.SAID_IN_HTML)


def test_sentence_count_and_way_of_splicing_are_in_the_hash_that_is_approved() -> None:
    rendition = mail_of("patient", 5).rendition
    splicing = rendition.splicing
    assert splicing is not None
    first, *rest = splicing.themes
    others = [
        replace(splicing, rule=splicing.rule + 1),
        replace(splicing, subject=f"{splicing.subject}."),
        replace(splicing, preheader=f"{splicing.preheader}."),
        replace(splicing, intro=f"{splicing.intro}."),
        replace(splicing, themes=tuple(rest)),
        replace(splicing, themes=(*rest, first)),
        replace(splicing, themes=(replace(first, theme="other"), *rest)),
        replace(splicing, themes=(replace(first, named="Other"), *rest)),
        replace(splicing, themes=(replace(first, studies=9), *rest)),
        replace(splicing, themes=(replace(first, animals=()), *rest)),
        replace(splicing, themes=(replace(first, words=9), *rest)),
    ]
    hashes = [replace(rendition, splicing=one).content_hash for one in (splicing, *others, None)]
    assert len(set(hashes)) == len(hashes)
    assert hashes[0] == rendition.content_hash


def test_the_hash_of_a_mail_without_splicing_is_what_it_was_before() -> None:
    old = Rendition("patient", "s", "p", "<p>h</p>", "t\n", "<p>page</p>")
    assert old.content_hash == ("104d55c09434e8729419e7bb4fa0c80faa2db8254cd2ebb58e8f1e13c1836c2f")
