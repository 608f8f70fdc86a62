"""The pages in a real browser, served as on the site: their forms work, and they fit a phone."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.wsgi import get_wsgi_application
from playwright.sync_api import Browser, sync_playwright
from waitress.server import create_server

from subscribers.tokens import make_token, preferences_token
from tests.builders import a_subscriber

CHROMIUM = os.environ.get("DIGEST_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def site() -> Iterator[str]:
    """The whole site on a port of this machine; gives its address."""
    server = create_server(get_wsgi_application(), host="127.0.0.1", port=0, threads=1)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.task_dispatcher.shutdown()
    server.close()
    thread.join(5)


@contextmanager
def _browser() -> Iterator[Browser]:
    """Opened inside a test, after its rows are made: Django refuses rows while it is open."""
    if not os.access(CHROMIUM, os.X_OK):
        pytest.skip("no Chromium here: install it or name it in DIGEST_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def test_confirming_and_leaving_take_one_press_each_without_javascript(site: str) -> None:
    ann = a_subscriber(state="pending")
    confirm, leave = (make_token(purpose, ann, "patient") for purpose in ("confirm", "leave"))
    said = []
    with _browser() as browser:
        page = browser.new_context(java_script_enabled=False).new_page()
        for path in (f"/confirm/{confirm}", f"/leave/{leave}"):
            page.goto(site + path)
            page.get_by_role("button").click()
            said.append(page.get_by_role("heading", level=1).inner_text())
    assert said == ["Thank you, all is set", "You have left the list"]
    assert ann.memberships.get().state == "left"
    events = set(ann.consents.values_list("event", flat=True))
    assert events == {"asked", "confirmed", "withdrawn"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_narrow_phone_with_large_letters_and_buttons(site: str, scheme: str) -> None:
    ann = a_subscriber(state="pending", lists=("patient", "clinician"))
    bob = a_subscriber("bob@example.org")
    paths = [f"/{what}/{make_token(what, ann, 'patient')}" for what in ("confirm", "leave")]
    paths += [f"/preferences/{preferences_token(who)}" for who in (ann, bob)]
    with _browser() as browser:
        context = browser.new_context(
            viewport={"width": 320, "height": 640},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        for path in (*paths, "/nowhere"):
            page.goto(site + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 320
            assert page.evaluate("getComputedStyle(document.body).fontSize") == "18px"
            for button in page.locator("button, label").all():
                box = button.bounding_box()
                assert box
                assert box["height"] >= 44
            assert page.evaluate(LEAST_CONTRAST) >= 7
    assert {url.removeprefix(site) for url in asked} <= {*paths, "/nowhere", "/favicon.ico"}


# The least contrast (WCAG 2.2, 1.4.6) of any text on the page against the ground beneath it.
LEAST_CONTRAST = """() => {
  const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = colour => {
    const [r, g, b] = numbers(colour).slice(0, 3).map(part => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if ((numbers(colour)[3] ?? 1) > 0) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const texts = [...document.body.querySelectorAll('*')].filter(
    element => [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()));
  return Math.min(...texts.map(element => {
    const [low, high] = [light(getComputedStyle(element).color), light(ground(element))]
      .sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  }));
}"""
