"""premailer's traps: each was seen, and each has a test that fails when it comes back."""

from __future__ import annotations

import socket

import pytest
from premailer import Premailer

from digest.errors import Refused
from digest.mail.html import inlined


def page(head: str = "", body: str = "", doctype: str = "<!DOCTYPE html>") -> str:
    return f'{doctype}\n<html lang="en"><head>{head}</head><body>{body}</body></html>'


def test_a_rule_is_written_into_its_element_and_its_sheet_goes() -> None:
    html = inlined(page("<style>.a { color: #ffffff; margin: 0 0 4px }</style>", '<p class="a">x'))
    assert '<p style="color:#ffffff;margin:0 0 4px">x</p>' in html
    assert "<style" not in html


def test_a_media_query_keeps_its_important() -> None:
    sheet = "<style>.a{color:#111111}@media (max-width:480px){.a{color:#222222!important}}</style>"
    html = inlined(page(sheet, '<p class="a">x</p>'))
    assert "@media" in html
    assert "!important" in html.split("</style>")[0]
    assert '<p class="a" style="color:#111111">' in html


SHEETS = (
    "<style>.a{color:#111111}</style>",
    "<style>.a{color:#222222;margin:0}a:hover{color:#333333}</style>",
    "<style>p{margin:0}@media print{.a{color:#444444!important;margin:1px}}</style>",
)


def test_a_sheet_that_was_read_before_gives_the_same_bytes_whatever_came_between() -> None:
    pages = [page(sheet, f'<p class="a">{n}<a href="#">x</a>') for n in "12" for sheet in SHEETS]
    first = [inlined(one) for one in pages]
    assert len(set(first)) == len(pages)
    assert [inlined(one) for one in reversed(pages)] == first[::-1]


def test_premailer_reads_a_sheet_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read, parse = [], Premailer._parse_style_rules

    def counted(self: Premailer, sheet: str, index: int) -> object:
        read.append(sheet)
        return parse(self, sheet, index)

    monkeypatch.setattr(Premailer, "_parse_style_rules", counted)
    for words in ("one", "two"):
        inlined(page("<style>.once{color:#123456}</style>", f'<p class="once">{words}'))
    assert read == [".once{color:#123456}"]


def test_an_ignored_sheet_stays_to_the_letter() -> None:
    rules = "\n[data-ogsc] .a{color:#eee!important}\nu + .b,*{margin:0}\n:root{color-scheme:dark}\n"
    html = inlined(page(f'<style data-premailer="ignore">{rules}</style>', '<p class="a">x</p>'))
    assert f"<style>{rules}</style>" in html
    assert '<p class="a">x</p>' in html


@pytest.mark.parametrize(
    "rule",
    [
        "@import 'https://evil.example/x.css';",
        "@IMPORT url(https://evil.example/x.css);",
        "@\\69mport 'https://evil.example/x.css';",
        "@font-face{font-family:x;src:local(x)}",
        ".a{background:url(https://evil.example/x.png)}",
        ".a{background:u\\72l(https://evil.example/x.png)}",
    ],
)
@pytest.mark.parametrize("attribute", ["", ' data-premailer="ignore"'])
def test_a_sheet_that_would_load_something_is_refused(
    rule: str, attribute: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "socket", None)
    with pytest.raises(Refused, match="A mail loads nothing"):
        inlined(page(f"<style{attribute}>{rule}</style>"))


@pytest.mark.parametrize("doctype", ["", "<!doctype html>", "\n<!DOCTYPE html>", "<!DOCTYPE HTML>"])
def test_any_other_doctype_is_refused(doctype: str) -> None:
    with pytest.raises(Refused, match="does not start with"):
        inlined(page(doctype=doctype))


def test_the_doctype_comes_first_and_just_so() -> None:
    assert inlined(page()).startswith('<!DOCTYPE html>\n<html lang="en">')


def test_no_attribute_is_made_from_a_style() -> None:
    sheet = "<style>td{width:10px;height:4px;text-align:left;background-color:#123456}</style>"
    html = inlined(page(sheet, "<table><tr><td>x</td></tr></table>"))
    assert '<td style="width:10px;height:4px;text-align:left;background-color:#123456">x' in html


def test_properties_that_cssutils_does_not_know_stay() -> None:
    html = inlined(page("<style>p{mso-hide:all;overflow-wrap:anywhere}</style>", "<p>x</p>"))
    assert '<p style="mso-hide:all;overflow-wrap:anywhere">' in html


def test_conditional_comments_survive() -> None:
    for comment in (
        "<!--[if mso]><table><tr><td><![endif]-->",
        "<!--[if !mso]><!--><p>x</p><!--<![endif]-->",
    ):
        assert comment in inlined(page(body=comment))


def test_text_that_looks_like_markup_is_left_alone() -> None:
    text = '<p>say class="a b" and style="a; b"&gt; and {{ x }} &lt;p class="q"&gt;</p>'
    assert text in inlined(page(body=text))


def test_nothing_is_logged(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    inlined(page("<style>p{no-such:thing;;}} q{</style>", "<p>x</p>"))
    assert caplog.text == ""
    assert capsys.readouterr() == ("", "")
