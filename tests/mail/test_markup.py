"""The page holds only what mail clients take, and what Word lays out as it is meant."""

from __future__ import annotations

import re

import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from digest.mail.tokens import LOOKS
from digest.values import AUDIENCES, Audience
from tests.mail.material import EDITIONS, Mail, above, attribute, mail_of

LOADS = ("src", "srcset", "background", "poster", "data", "action", "ping", "longdesc", "cite")
FOREIGN = (
    "script", "form", "input", "button", "iframe", "frame", "object", "embed", "applet", "img",
    "picture", "svg", "video", "audio", "link", "base", "canvas",
)  # fmt: skip
# A padding that Word does not draw, where nothing is lost by it: a taller target for a finger (no
# finger touches Outlook on Windows), the gap beside a caveat's line, the dots of a list (Word has a
# margin of its own for them), and the body's, which is none.
NEED_NOT_SHOW_IN_WORD = {"a", "p.caveat", "ul", "body"}
_CONDITIONAL = re.compile(r"<!--\[if ([^\]]*)\]>(<!-->)?|(<!--)?<!\[endif\]-->")


def declarations(style: str) -> dict[str, str]:
    """Property → value, in small letters."""
    pairs = (part.split(":", 1) for part in style.lower().split(";") if part.strip())
    return {name.strip(): value.strip() for name, value in pairs}


def styles(mail: Mail) -> list[tuple[LexborNode, dict[str, str]]]:
    """Every element that has a style of its own."""
    return [(node, declarations(attribute(node, "style"))) for node in mail.page.css("[style]")]


def every_css(mail: Mail) -> str:
    inline = (attribute(node, "style") for node in mail.page.css("[style]"))
    return "\n".join((*mail.sheets, *inline)).lower()


# ── nothing foreign ───────────────────────────────────────────────────────────────────────


def test_the_doctype_comes_first_and_just_so(mail: Mail) -> None:
    assert mail.html.startswith("<!DOCTYPE html>\n<html lang=")
    assert mail.html.rstrip().endswith("</html>")


def test_no_element_runs_asks_or_loads(mail: Mail) -> None:
    for page in (mail.page, mail.page_in_word):
        found = {tag for tag in FOREIGN if page.css(tag)}
        assert found == set()
        names = {name for node in page.css("*") for name in node.attributes}
        assert not names & set(LOADS)
        assert [name for name in names if name.startswith("on")] == []


def test_every_link_is_a_web_address(mail: Mail) -> None:
    for link in mail.page.css("a"):
        assert re.fullmatch(r"https?://[^\s\"<>]+", attribute(link, "href"))


def test_no_style_asks_for_what_mail_clients_lack(mail: Mail) -> None:
    css = every_css(mail)
    assert re.findall(r"var\(|calc\(|flex|grid|position:|float|url\(|@import|@font-face", css) == []
    assert re.findall(r"#[0-9a-f]{3}\b", css) == []  # Outlook and Notes misread the short form


# ── style sheets ──────────────────────────────────────────────────────────────────────────


def test_style_sheets_are_small_and_in_the_head_alone(mail: Mail) -> None:
    head, _, body = mail.html.partition("</head>")
    assert head.count("<style") == len(mail.sheets)
    assert "<style" not in body
    assert sum(len(sheet.encode()) for sheet in mail.sheets) <= 16 * 1024


def test_no_rule_that_begins_with_at_stands_in_another(mail: Mail) -> None:
    for sheet in mail.sheets:
        assert deepest_at_rule(sheet) <= 1
        assert sheet.count("{") == sheet.count("}")


def test_a_nested_at_rule_would_be_seen() -> None:
    assert deepest_at_rule("a{color:red}@media print{a{color:blue}}b{}") == 1
    assert deepest_at_rule("@supports (x:y){@media print{a{color:blue}}}") == 2


def classes(mail: Mail) -> tuple[set[str], set[str]]:
    """Those that the sheets name, and those on elements."""
    named = {name for sheet in mail.sheets for name in re.findall(r"\.([a-z][\w-]*)", sheet)}
    return named, {name for node in mail.page.css("*") for name in attribute(node, "class").split()}


def test_no_element_has_a_class_that_no_sheet_names(mail: Mail) -> None:
    named, used = classes(mail)
    assert used <= named


def test_every_class_that_a_sheet_names_is_on_an_element() -> None:
    named, used = classes(mail_of("patient", 15))  # the edition that holds everything
    assert used == named


def test_both_ways_of_asking_for_the_dark(mail: Mail) -> None:
    dark = LOOKS[mail.audience].dark
    for name in ("color-scheme", "supported-color-schemes"):
        meta = mail.page.css_first(f"meta[name={name}]")
        assert attribute(meta, "content") == "light dark"
    (media,) = (sheet for sheet in mail.sheets if "@media" in sheet)
    asked = media[media.index("@media (prefers-color-scheme:dark){") :]
    assert f".sheet{{background-color:{dark.sheet}!important}}" in asked
    assert f".ink{{color:{dark.ink}!important}}" in asked
    (outlook,) = (sheet for sheet in mail.sheets if "[data-ogsc]" in sheet)
    assert outlook is not media  # Gmail drops a whole sheet for a selector that it does not know
    assert f"[data-ogsc] .ink{{color:{dark.ink}!important}}" in outlook
    assert f"[data-ogsb] .page{{background-color:{dark.page}!important}}" in outlook


def test_a_phone_has_narrower_sides(mail: Mail) -> None:
    phone = "@media (max-width:480px){.pad{padding-left:20px!important;padding-right:20px!importan"
    assert any(phone in sheet for sheet in mail.sheets)
    assert len(mail.page.css("td.pad")) == 2  # the masthead, and all below it


# ── for Word ──────────────────────────────────────────────────────────────────────────────


def test_conditional_comments_are_balanced_and_well_formed(mail: Mail) -> None:
    assert conditionals(mail.html) == ["mso", "mso", "mso"]
    ghosts = re.findall(r"<!--\[if mso\]>(.*?)<!\[endif\]-->", mail.html.split("<body")[1])
    assert left_open("".join(ghosts)) == []


@pytest.mark.parametrize(
    "html",
    [
        "<!--[if mso]>x",
        "x<![endif]-->",
        "<!--[if mso]><!--[if mso]>x<![endif]--><![endif]-->",
        "<!--[if !mso]>x<![endif]-->",
        "<!--[if !mso]><!-->x<![endif]-->",
        "<!--[if !mso]>x<!--<![endif]-->",
        "<!--[if mso]><!-->x<!--<![endif]-->",
    ],
)
def test_a_conditional_comment_that_clients_misread_would_be_seen(html: str) -> None:
    with pytest.raises(ValueError, match="conditional"):
        conditionals(html)


def test_the_form_that_hides_from_word_is_known() -> None:
    assert conditionals("<!--[if !mso]><!-->x<!--<![endif]-->") == ["!mso"]


def test_every_table_is_for_layout_and_says_so(mail: Mail) -> None:
    assert mail.html.count("<table") == mail.html.count('<table role="presentation"') >= 3
    assert mail.page_in_word.css("table:not([role=presentation])") == []
    assert mail.page_in_word.css("th, caption, thead, [scope]") == []


def test_tables_stand_three_deep_at_most_with_those_for_word(mail: Mail) -> None:
    depths = [deepest_table(page) for page in (mail.page, mail.page_in_word)]
    assert depths[0] + 1 == depths[1] <= 3


def test_the_sheet_is_600_px_wide_in_word_too(mail: Mail) -> None:
    assert attribute(mail.page_in_word.css_first("table"), "width") == "600"
    sheet = mail.page.css_first(".sheet")
    assert declarations(attribute(sheet, "style"))["max-width"] == "600px"


def test_padding_stands_on_cells_wherever_word_must_show_it(mail: Mail) -> None:
    padded = [
        node
        for node, style in styles(mail)
        if any(name.startswith("padding") for name in style) and node.tag != "td"
    ]
    elsewhere = {
        f"p.{attribute(node, 'class')}" if node.tag == "p" else node.tag for node in padded
    }
    assert elsewhere <= NEED_NOT_SHOW_IN_WORD


def test_a_ground_is_written_as_an_attribute_too(mail: Mail) -> None:
    cells = [
        (node, style)
        for node, style in styles(mail)
        if node.tag in ("td", "body") and "background-color" in style
    ]
    assert cells
    for node, style in cells:
        assert attribute(node, "bgcolor") == style["background-color"]
    for cell in mail.page.css("td.tint"):
        assert attribute(cell, "bgcolor") == LOOKS[mail.audience].light.tint


def test_no_style_has_a_shorthand_beside_its_longhand(mail: Mail) -> None:
    for _, style in styles(mail):
        for short in ("margin", "padding", "border", "font", "background"):
            assert short not in style or not any(name.startswith(f"{short}-") for name in style)


# ── type ──────────────────────────────────────────────────────────────────────────────────


def test_no_type_is_smaller_than_16_px_but_the_clinicians_footer(mail: Mail) -> None:
    sizes = [style["font-size"] for _, style in styles(mail) if "font-size" in style]
    px = [int(size.removesuffix("px")) for size in sizes]
    small = {size for size in px if 0 < size < 16}  # 0: the accent bar, which holds no text
    assert small == ({14} if mail.audience == "clinician" else set())


@EDITIONS
def test_the_body_is_18_px_and_16_for_clinicians(audience: Audience) -> None:
    ink = mail_of(audience, 5).page.css_first(".ink")
    size = declarations(attribute(ink, "style"))["font-size"]
    assert size == ("16px" if audience == "clinician" else "18px")
    assert set(LOOKS) == set(AUDIENCES)


# ── reading the raw page ──────────────────────────────────────────────────────────────────


def deepest_table(page: LexborHTMLParser) -> int:
    """How deep tables stand in one another."""
    tables = page.css("table")
    return max(1 + sum(node.tag == "table" for node in above(table)) for table in tables)


def deepest_at_rule(sheet: str) -> int:
    """How deep at-rules stand in one another; 1 is an at-rule of its own."""
    deepest, opened = 0, [False]
    for prelude, brace in re.findall(r"([^{}]*)([{}])", sheet):
        if brace == "}":
            opened.pop()
            continue
        opened.append("@" in prelude.rpartition(";")[2])
        deepest = max(deepest, sum(opened))
    return deepest


def conditionals(html: str) -> list[str]:
    """The conditions of the conditional comments in order; ValueError for a malformed one."""
    found, condition = [], ""
    for mark in _CONDITIONAL.finditer(html):
        if mark[1] is None:  # an end
            if not condition or bool(mark[3]) != condition.startswith("!"):
                raise ValueError(f"conditional: {mark[0]} ends {condition!r}")
            condition = ""
            continue
        if condition or bool(mark[2]) != mark[1].startswith("!"):
            raise ValueError(f"conditional: {mark[0]} begins in {condition!r}")
        condition = mark[1]
        found.append(condition)
    if condition:
        raise ValueError(f"conditional: {condition!r} has no end")
    return found


def left_open(html: str) -> list[str]:
    """Tags that are opened and not closed, or closed and not opened."""
    opened: list[str] = []
    for end, tag in re.findall(r"<(/?)([a-z][a-z0-9]*)", html):
        if not end:
            opened.append(tag)
        elif opened[-1:] == [tag]:
            opened.pop()
        else:
            opened.append(f"/{tag}")
    return opened
