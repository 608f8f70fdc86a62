"""One's own page in a real browser, without JavaScript: choose, change, leave, come back."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from playwright.sync_api import Page

from subscribers.addresses import address_key
from subscribers.leave import leave
from subscribers.models import Subscriber
from subscribers.tokens import change_url, make_token, preferences_token
from tests.builders import NOW, a_subscriber
from tests.subscribers.test_in_chromium import LEAST_CONTRAST, _browser, site

__all__ = ["site"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PARTS = ("", "/lists", "/themes", "/look", "/pause", "/address", "/data", "/erase")
OWN = "https://digest.example.org"


def press(page: Page, name: str) -> str:
    """Press a button; the heading that comes."""
    page.get_by_role("button", name=name).click()
    return page.get_by_role("heading", level=1).inner_text()


def open_line(page: Page, name: str) -> None:
    page.get_by_role("link", name=name).first.click()


def saved(page: Page) -> str:
    return page.get_by_role("status").inner_text().replace("\n", " ")


def test_choosing_is_one_question_and_one_button_at_a_time(site: str) -> None:
    ann = a_subscriber()
    said = []
    with _browser() as browser:
        page = browser.new_context(java_script_enabled=False).new_page()
        page.goto(f"{site}/preferences/{preferences_token(ann)}")
        open_line(page, "Themes")
        assert page.get_by_role("checkbox").count() == 0  # every theme: nothing to tick
        page.get_by_label("All but the ones I tick").check()
        page.get_by_role("checkbox", name="Causes, genes & viruses").check()
        press(page, "Save my choice")
        said.append(saved(page))
        open_line(page, "How it looks")
        page.get_by_label("Plain text").check()
        press(page, "Save")
        said.append(saved(page))
        open_line(page, "Pause")
        page.get_by_label("Until a day that I choose").check()
        press(page, "Pause")
        assert page.get_by_role("alert").is_visible()
        page.get_by_label("Three months").check()
        press(page, "Pause")
        said.append(saved(page))
        open_line(page, "What you get")
        page.get_by_label("the edition for clinicians").check()
        press(page, "Join")
        said.append(saved(page))
    ann.refresh_from_db()
    assert ann.not_now == ["causes"]
    assert ann.text_only
    assert ann.paused_until is not None
    assert "All but 1 of 12" in said[0]
    assert said[1].endswith("How it looks: Plain text.")
    assert "No mail before" in said[2]
    assert "your 2 lists" in said[3]


def test_an_address_is_changed_by_a_press_at_the_new_one(site: str) -> None:
    ann = a_subscriber()
    with _browser() as browser:
        page = browser.new_context(java_script_enabled=False).new_page()
        page.goto(f"{site}/preferences/{preferences_token(ann)}")
        open_line(page, "Your address")
        page.get_by_label("Your new e-mail address").fill("new@example.org")
        press(page, "Write to my new address")
        assert "waits for your yes" in saved(page)
        found = re.search(rf"{OWN}(\S+)", str(mail.outbox[0].body))
        assert found
        page.goto(site + found[1])
        assert press(page, "Yes, write to me here") == "Your address is changed"
    assert [message.to for message in mail.outbox] == [["new@example.org"], ["ann@example.org"]]
    assert Subscriber.objects.get().address == "new@example.org"


def test_leaving_undoing_saying_why_returning_and_being_erased(site: str) -> None:
    ann = a_subscriber()
    own = f"{site}/preferences/{preferences_token(ann)}"
    with _browser() as browser:
        page = browser.new_context(java_script_enabled=False).new_page()
        page.goto(own)
        open_line(page, "Leave")
        assert press(page, "Leave this list") == "You have left the list"
        assert press(page, "Undo") == "You are back"
        assert page.get_by_role("link").count() == 0  # no way to the page
        page.goto(own)
        open_line(page, "Leave")
        press(page, "Leave this list")
        page.get_by_label("It is hard to read").check()
        press(page, "Tell us")
        assert "Thank you for telling us" in saved(page)
        page.goto(own)
        open_line(page, "What you get")
        page.get_by_label("people living with MS").check()
        press(page, "Join")
        assert "Saved" in saved(page)
        open_line(page, "Your data")
        with page.expect_download() as download:
            page.get_by_role("button", name="Download my data").click()
        assert "ann@example.org" in download.value.path().read_text(encoding="utf-8")
        page.goto(own)
        open_line(page, "Erase me")
        assert press(page, "Erase me") == "You are erased"
        page.goto(own)
        assert page.get_by_role("heading", level=1).inner_text() == "This page is not here"
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])  # 320: also what 200 % and more leave of a screen
def test_every_page_fits_reads_well_and_names_its_fields(
    site: str, scheme: str, width: int
) -> None:
    ann = a_subscriber(lists=("patient", "clinician"))
    waits = a_subscriber(
        "bob@example.org", themes=["symptoms"], new_address="new@example.org", new_address_at=NOW
    )
    gone = a_subscriber("cy@example.org")
    leave(gone, "patient", actor="subscriber", source="page")
    paths = [
        f"/preferences/{preferences_token(who)}{part}" for who in (ann, waits) for part in PARTS
    ]
    paths += [
        f"/preferences/{preferences_token(ann)}?saved=themes",
        f"/preferences/{preferences_token(gone)}",
        f"/leave/{make_token('leave', gone, 'patient')}",
        change_url(waits, address_key("new@example.org")).removeprefix(OWN),
    ]
    with _browser() as browser:
        page = browser.new_context(
            viewport={"width": width, "height": 640},
            color_scheme="dark" if scheme == "dark" else "light",
        ).new_page()
        for path in paths:
            page.goto(site + path)
            assert page.evaluate(FAULTS) == [], path
            assert page.evaluate(LEAST_CONTRAST) >= 7, path
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path


# What is seen and yet too small to read or press, or nameless (WCAG 2.2: 1.3.1, 2.5.5, 4.1.2).
FAULTS = """() => {
  const faults = [];
  const seen = [...document.body.querySelectorAll('*')].filter(one => one.checkVisibility());
  for (const one of seen) {
    const box = one.getBoundingClientRect();
    const says = `${one.tagName} ${one.textContent.trim().slice(0, 30)}`;
    const text = [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    const size = parseFloat(getComputedStyle(one).fontSize);
    if (text && size < 18) faults.push(`small letters: ${says}`);
    const alone = one.matches('button, label.choice, nav a, .lines a, .way, a.button');
    const field = one.matches('input:not([type=hidden], [type=radio], [type=checkbox])');
    if ((alone || field) && box.height < 44) faults.push(`small target: ${says}`);
    if (one.matches('input:not([type=hidden])') && !one.labels.length) faults.push('no label');
    const described = one.getAttribute('aria-describedby');
    if (described && !document.getElementById(described)) faults.push(`describes nothing: ${says}`);
    if (one.matches('button, a') && !one.textContent.trim()) faults.push('nameless');
  }
  const ids = seen.map(one => one.id).filter(Boolean);
  if (new Set(ids).size < ids.length) faults.push('an id twice');
  const levels = seen.filter(one => /^H[1-6]$/.test(one.tagName)).map(one => +one.tagName[1]);
  const leaps = levels.some((level, n) => n && level > levels[n - 1] + 1);
  if (levels[0] !== 1 || leaps) faults.push('headings');
  if (!document.documentElement.lang || !document.title) faults.push('no language or title');
  return faults;
}"""
