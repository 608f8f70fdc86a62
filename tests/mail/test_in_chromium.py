"""The mail as a browser lays it out: no sideways scrolling, large targets, nothing loaded."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from digest.mail.render import mail_environment, render
from digest.mail.slots import personalise
from digest.values import AUDIENCES, Audience, Personal
from tests.builders import a_month, a_summary, with_words

CHROMIUM = os.environ.get("DIGEST_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
]  # fmt: skip
PERSONAL = Personal(
    "https://digest.example.org/leave/abc", "https://digest.example.org/issues/12/x", "3 March 2026"
)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not os.access(CHROMIUM, os.X_OK):
        pytest.skip("no Chromium here: install it or name it in DIGEST_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def mail(audience: Audience) -> str:
    article = a_summary(kind="article", slug="up", title="A Round-Up of the Year", url="")
    edition = a_month(cards=8, themes=3, audience=audience, articles=(article,))
    return personalise(render(with_words(edition), mail_environment()), PERSONAL)[0]


def opened(page: Page, html: str) -> list[str]:
    """Shows `html` and gives what it asked the network for; nothing is let through."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.route("**/*", lambda route: route.abort())
    page.set_content(html)
    return asked


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("styles", ["with styles", "styles removed"])
def test_no_sideways_scrolling_and_nothing_loaded(
    browser: Browser, audience: Audience, styles: str
) -> None:
    html = mail(audience)
    if styles == "styles removed":
        html = re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL)
    page = browser.new_page()
    assert opened(page, html) == []
    for width in (320, 375, 600, 640):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


@pytest.mark.parametrize("audience", AUDIENCES)
def test_every_link_is_a_large_underlined_target(browser: Browser, audience: Audience) -> None:
    page = browser.new_page(viewport={"width": 375, "height": 800})
    opened(page, mail(audience))
    links = page.evaluate(
        "[...document.links].map(a => [a.getBoundingClientRect().height,"
        " getComputedStyle(a).textDecorationLine])"
    )
    assert len(links) == 8 + 1 + 2
    assert all(height >= 44 and line == "underline" for height, line in links)
    page.close()


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_colour_schemes_reach_every_part(
    browser: Browser, audience: Audience, scheme: str
) -> None:
    page = browser.new_page(color_scheme="dark" if scheme == "dark" else "light")
    opened(page, mail(audience))
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
    opened(page, mail("patient"))
    lines = page.evaluate(
        """[...document.querySelectorAll('.word')].map(node => {
            const style = getComputedStyle(node);
            return [style.borderBottomStyle, style.borderBottomColor === style.color,
                    node.closest('a') === null];
        })"""
    )
    assert lines == [["dotted", True, True]] * 2 * 3
    page.close()
