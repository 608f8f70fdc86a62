"""Joining in a real browser: the whole way, without JavaScript, on a narrow phone, by keyboard."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from playwright.sync_api import Page
from pytest_django import Settings

from digest.models import QueuedMail
from digest.pipeline.answer import answer
from subscribers.leave import leave
from subscribers.models import ConsentRecord, Membership, Request, Subscriber
from subscribers.tokens import confirm_token
from tests.builders import NOW, a_subscriber
from tests.subscribers.test_in_chromium import LEAST_CONTRAST, _browser, site

__all__ = ["site"]  # the fixture
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

BACKEND = "digest.delivery.queue.QueueBackend"  # as on the site; the test runner puts its own
ANN = "ann@example.org"


def _said(page: Page) -> str:
    return page.get_by_role("heading", level=1).inner_text()


def _states() -> dict[str, str]:
    return dict(Membership.objects.values_list("list_name", "state"))


def _link() -> str:
    """The path of the link in the one mail that waits."""
    message = message_from_bytes(bytes(QueuedMail.objects.get().content), policy=policy.default)
    found = re.search(r"https://digest\.example\.org(/confirm/\S+)", message.get_content())
    assert found
    return found[1]


def _join(where: str) -> None:
    with _browser() as browser:
        page = browser.new_context(java_script_enabled=False).new_page()
        page.goto(f"{where}/subscribe")
        page.get_by_label("Your e-mail address").fill(ANN)
        page.get_by_label("Your name").fill("Ann Lee")
        page.get_by_role("button").click()
        assert _said(page).startswith("Get ")
        page.get_by_role("link", name="Please tick at least one edition").click()
        assert page.get_by_label("Your e-mail address").input_value() == ANN
        page.get_by_label("For people living with MS").check()
        page.get_by_label("For clinicians").check()
        page.get_by_label("Your e-mail address").fill("ann@gmial.com")
        page.get_by_role("button", name="Join").click()
        page.get_by_role("link", name="Did you mean @gmail.com?").click()
        assert page.get_by_label("For clinicians").is_checked()
        page.get_by_label("Your e-mail address").fill(ANN)
        page.get_by_role("button", name="Join").click()
        assert _said(page) == "Please check your mail"


def _press(where: str) -> None:
    with _browser() as browser:
        page = browser.new_context(java_script_enabled=False).new_page()
        page.goto(where)
        page.get_by_role("button").click()
        assert _said(page) == "Thank you, all is set"
        page.get_by_role("link", name="See or change what you get").click()
        assert _said(page) == "Your page"


def test_someone_joins_confirms_leaves_and_returns(
    site: str, settings: Settings, tmp_path: Path
) -> None:
    settings.EMAIL_BACKEND = BACKEND
    settings.SUBSCRIBERS_DEPARTURES = str(tmp_path / "departures.log")
    _join(site)
    assert not Subscriber.objects.exists()  # the page only noted it
    answer(datetime.now(UTC))
    assert _states() == {"patient": "pending", "clinician": "pending"}
    _press(site + _link())
    assert _states() == {"patient": "confirmed", "clinician": "confirmed"}
    assert ConsentRecord.objects.count() == 4
    ann = Subscriber.objects.get()
    assert ann.name == "Ann Lee"
    leave(ann, None, actor="subscriber", source="page")
    QueuedMail.objects.all().delete()
    _join(site)
    answer(datetime.now(UTC))
    assert set(_states().values()) == {"left"}
    _press(site + _link())
    assert _states() == {"patient": "confirmed", "caregiver": "left", "clinician": "confirmed"}


def test_a_scanner_that_runs_scripts_and_follows_every_link_changes_nothing(site: str) -> None:
    ann = a_subscriber(state="pending", lists=("patient", "clinician"))
    bob = a_subscriber("bob@example.org")
    leave(bob, "patient", actor="subscriber", source="page", now=NOW)
    token = confirm_token(ann, ["patient", "clinician"])
    with _browser() as browser:
        page = browser.new_page()
        for path in (f"/confirm/{token}", "/subscribe", "/link"):
            for _ in range(3):
                page.goto(site + path, wait_until="networkidle")
            for link in page.locator("a[href^='/']").all():
                page.request.get(site + str(link.get_attribute("href")))
            page.request.head(site + path)
    assert set(ann.memberships.values_list("state", flat=True)) == {"pending"}
    assert bob.memberships.get().state == "left"
    assert not Request.objects.exists()


def test_the_trap_is_hidden_from_eyes_keyboard_and_screen_readers(site: str) -> None:
    with _browser() as browser:
        page = browser.new_page()
        page.goto(f"{site}/subscribe")
        assert not page.locator("[name=homepage]").is_visible()
        assert "Leave this empty" not in page.locator("main").aria_snapshot()
        reached = []
        for _ in range(8):
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.name || ''"))
    assert [name for name in reached if name][:5] == ["address", "name", "list", "list", "list"]
    assert "homepage" not in reached


def test_what_is_wrong_has_the_focus_and_is_tied_to_its_field(site: str) -> None:
    with _browser() as browser:
        page = browser.new_page()
        page.goto(f"{site}/subscribe")
        _send(page)
        focused = page.evaluate("document.activeElement.className")
        field = page.get_by_label("Your e-mail address")
        told = page.locator(f"#{field.get_attribute('aria-describedby')}").inner_text()
        invalid, title = field.get_attribute("aria-invalid"), page.title()
    assert (focused, invalid) == ("summary", "true")
    assert "Please write your e-mail address" in told
    assert title.startswith("Please look again")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_forms_fit_a_narrow_phone_with_large_letters_and_strong_contrast(
    site: str, scheme: str
) -> None:
    token = confirm_token(a_subscriber(state="pending"), ["patient"])
    with _browser() as browser:
        page = browser.new_context(
            viewport={"width": 320, "height": 640},
            color_scheme="dark" if scheme == "dark" else "light",
        ).new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        for path in ("/subscribe", "/link", f"/confirm/{token}"):
            page.goto(site + path)
            _fits(page)
            if not path.startswith("/confirm"):
                _send(page)
                _fits(page)
                page.get_by_label("address").fill(ANN)
                for box in page.get_by_role("checkbox").all():
                    box.check()
                _send(page)
                _fits(page)
    assert all(url.startswith(site) for url in asked)


def _send(page: Page) -> None:
    """Press the button; the page that comes is there in full."""
    with page.expect_navigation(wait_until="load"):
        page.get_by_role("button").click()


def _fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.evaluate("getComputedStyle(document.body).fontSize") == "18px"
    assert page.evaluate(LEAST_CONTRAST) >= 7
    for target in page.locator("button, .choice, .field input, .summary a").all():
        box = target.bounding_box()
        assert box
        assert box["height"] >= 44
