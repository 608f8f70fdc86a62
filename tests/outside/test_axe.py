"""axe-core reads every mail and its public page in Chromium, light and dark: WCAG 2.2 AA, no
violation and nothing left undecided; and 7:1 for text, which AA does not ask."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.editorial.material import needs_corpus
from tests.outside.conftest import from_npm
from tests.outside.mails import FROM_CORPUS, MADE_UP, WITH_A_PAGE, mail

pytestmark = pytest.mark.browser

LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# These two are off unless they are asked for: large targets (2.5.8) and 7:1 (1.4.6).
ASKED_FOR = ["target-size", "color-contrast-enhanced"]
OPTIONS = {
    "runOnly": {"type": "tag", "values": LEVELS},
    "rules": {rule: {"enabled": True} for rule in ASKED_FOR},
    "resultTypes": ["violations", "incomplete"],
}
RUN = """async options => {
    const { violations, incomplete } = await axe.run(document, options);
    return [...violations, ...incomplete].flatMap(rule =>
        rule.nodes.map(node => `${rule.id}: ${node.html}`));
}"""


@pytest.fixture(scope="module")
def axe() -> str:
    return from_npm("axe-core/axe.min.js").read_text(encoding="utf-8")


def complaints(browser: Browser, axe: str, html: str) -> list[str]:
    """What axe holds against `html`, light and dark, each with its scheme and element."""
    page = browser.new_page(viewport={"width": 375, "height": 800})
    page.route("**/*", lambda route: route.abort())
    page.set_content(html)
    page.evaluate(axe)
    found: list[str] = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        found += [f"{scheme} {complaint}" for complaint in page.evaluate(RUN, OPTIONS)]
    page.close()
    return found


@pytest.mark.parametrize(
    "name", [*MADE_UP, *(pytest.param(name, marks=needs_corpus) for name in FROM_CORPUS)]
)
def test_no_mail_shuts_a_reader_out(browser: Browser, axe: str, name: str) -> None:
    assert complaints(browser, axe, mail(name).html) == []


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=needs_corpus) if name in FROM_CORPUS else name
        for name in WITH_A_PAGE
    ],
)
def test_no_public_page_shuts_a_reader_out(browser: Browser, axe: str, name: str) -> None:
    assert complaints(browser, axe, mail(name).page) == []


BROKEN = """<!DOCTYPE html><html><head><title>Broken</title><style>body{background:#fff;color:#000}
@media (prefers-color-scheme:dark){body{background:#000;color:#fff}.dim{color:#222}}</style></head>
<body><img src="x.png"><p style="color:#ccc;background-color:#fff">Pale</p><p class="dim">Dim</p>
<p style="color:#6a6a6a;background-color:#fff">Not quite 7:1</p>
<a href="/a"></a><ul><p>No item</p></ul>
<p><a href="/b" style="font-size:9px;line-height:9px;display:block">b</a><a href="/c"
style="font-size:9px;line-height:9px;display:block">c</a></p></body></html>"""


def test_a_broken_mail_is_found_out(browser: Browser, axe: str) -> None:
    found = complaints(browser, axe, BROKEN)
    rules = {complaint.split(": ")[0].removeprefix("light ") for complaint in found}
    assert rules >= {
        "html-has-lang", "image-alt", "link-name", "list", "color-contrast",
        "color-contrast-enhanced", "target-size",
    }  # fmt: skip
    dim = [complaint for complaint in found if 'class="dim"' in complaint]
    assert dim
    assert all(complaint.startswith("dark color-contrast") for complaint in dim)
