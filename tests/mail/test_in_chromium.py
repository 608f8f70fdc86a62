"""The mail as a browser lays it out: no sideways scrolling, large targets, nothing loaded."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from digest.values import AUDIENCES, Audience, ThemeGroup, Word
from tests.builders import a_publication, a_summary, a_teaser, a_theme, an_edition, an_item
from tests.mail.material import EDITIONS, made, mail_of, shipped_wording

CHROMIUM = os.environ.get("DIGEST_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
]  # fmt: skip
LONG_WORD = "Pneumonoultramicroscopicsilicovolcanoconiosis" * 3  # 135 letters
LONG_ADDRESS = f"https://news.example.org/{'x' * 150}"
STYLES = pytest.mark.parametrize("styles", ["with styles", "styles removed"])

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not os.access(CHROMIUM, os.X_OK):
        pytest.skip("no Chromium here: install it or name it in DIGEST_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@cache
def html_of_long_words(audience: Audience) -> str:
    """An edition whose every part holds a word or an address longer than a phone is wide."""
    teaser = a_teaser(
        lead=f"They {LONG_WORD} and {LONG_ADDRESS}.", audience=LONG_WORD, caveat=LONG_WORD
    )
    item = an_item(
        summary=a_summary(title=f"On {LONG_WORD}", journal=LONG_WORD, url=LONG_ADDRESS),
        teasers=dict.fromkeys(AUDIENCES, teaser),
    )
    words = (Word(LONG_WORD, "They", LONG_WORD),)
    edition = an_edition(
        groups=(ThemeGroup(a_theme("one", LONG_WORD), (item,), words, named="One"),),
        articles=(a_summary(kind="article", title=LONG_WORD),),
        publication=a_publication(name=LONG_WORD, postal_address=LONG_WORD),
        wording=replace(shipped_wording(audience), intro=LONG_WORD, readers=LONG_WORD),
    )
    return made(edition).html


def shown(html: str, styles: str) -> str:
    """`html` as it is, or as a client shows it that keeps no style sheet."""
    return re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL) if "removed" in styles else html


def opened(page: Page, html: str) -> list[str]:
    """Shows `html` and gives what it asked the network for; nothing is let through."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.route("**/*", lambda route: route.abort())
    page.set_content(html)
    return asked


def widths(page: Page) -> dict[int, int]:
    """Width of the screen → width that the page takes."""
    taken = {}
    for width in (320, 375, 600):
        page.set_viewport_size({"width": width, "height": 800})
        taken[width] = page.evaluate("document.documentElement.scrollWidth")
    return taken


@EDITIONS
@STYLES
def test_no_sideways_scrolling_and_nothing_loaded(
    browser: Browser, audience: Audience, styles: str
) -> None:
    page = browser.new_page()
    assert opened(page, shown(mail_of(audience, 45).html, styles)) == []
    assert widths(page) == {320: 320, 375: 375, 600: 600}
    page.close()


@EDITIONS
@STYLES
def test_no_word_and_no_address_is_too_long_for_a_phone(
    browser: Browser, audience: Audience, styles: str
) -> None:
    page = browser.new_page()
    opened(page, shown(html_of_long_words(audience), styles))
    assert widths(page) == {320: 320, 375: 375, 600: 600}
    page.close()


def test_the_sheet_stands_in_the_middle_at_600_px(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1000, "height": 800})
    opened(page, mail_of("patient", 5).html)
    sheet = page.evaluate(
        "(box => [box.left, box.width])(document.querySelector('.sheet').getBoundingClientRect())"
    )
    assert sheet == [200, 600]
    page.close()


@EDITIONS
@STYLES
def test_every_link_is_a_large_underlined_target(
    browser: Browser, audience: Audience, styles: str
) -> None:
    page = browser.new_page(viewport={"width": 375, "height": 800})
    mail = mail_of(audience, 15)
    opened(page, shown(mail.html, styles))
    links = page.evaluate(
        "[...document.links].map(a => [a.getBoundingClientRect().height,"
        " getComputedStyle(a).textDecorationLine])"
    )
    assert len(links) == 15 + 2 + 3
    assert [link for link in links if link[0] < 44 or link[1] != "underline"] == []
    page.close()


@EDITIONS
@STYLES
def test_no_text_is_small(browser: Browser, audience: Audience, styles: str) -> None:
    page = browser.new_page()
    opened(page, shown(mail_of(audience, 5).html, styles))
    sizes = page.evaluate(
        """[...document.querySelectorAll('[role=article] *')]
            .filter(node => [...node.childNodes].some(one => one.nodeType === 3 && one.data.trim()))
            .map(node => parseFloat(getComputedStyle(node).fontSize))"""
    )
    assert len(sizes) > 30
    assert min(sizes) >= (14 if audience == "clinician" else 16)
    assert sizes.count(16 if audience == "clinician" else 18) > 10
    page.close()


@EDITIONS
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_colour_schemes_reach_every_part(
    browser: Browser, audience: Audience, scheme: str
) -> None:
    page = browser.new_page(color_scheme="dark" if scheme == "dark" else "light")
    opened(page, mail_of(audience, 5).html)
    shades = page.evaluate(
        """[...document.querySelectorAll('p,h1,h2,h3,li,a,b')].map(node => {
            let ground = node;
            while (getComputedStyle(ground).backgroundColor === 'rgba(0, 0, 0, 0)')
                ground = ground.parentElement;
            const sum = colour => colour.match(/\\d+/g).slice(0, 3).reduce((a, b) => a + +b, 0);
            const of = element => getComputedStyle(element);
            return [sum(of(node).color), sum(of(ground).backgroundColor)];
        })"""
    )
    assert len(shades) > 40
    for text, ground in shades:
        assert (text > ground + 200) if scheme == "dark" else (text < ground - 200)
    page.close()


def test_a_hard_word_has_a_dotted_line_and_is_no_link(browser: Browser) -> None:
    page = browser.new_page()
    opened(page, mail_of("patient", 15).html)
    lines = page.evaluate(
        """[...document.querySelectorAll('i')].map(node => {
            const style = getComputedStyle(node);
            return [style.borderBottomStyle, style.borderBottomColor === style.color,
                    node.closest('a') === null];
        })"""
    )
    assert lines == [["dotted", True, True]] * 2 * 6
    page.close()
