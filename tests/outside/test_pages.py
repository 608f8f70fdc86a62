"""axe-core and Nu read the pages on which people join, get their link and choose."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from subscribers.leave import leave
from subscribers.tokens import confirm_token, make_token, preferences_token
from tests.builders import a_subscriber
from tests.outside import conftest, test_axe, test_nu

pytestmark = pytest.mark.django_db

PARTS = ("", "?saved=lists", "/lists", "/themes", "/look", "/pause", "/address", "/data", "/erase")


@pytest.fixture
def pages() -> dict[str, str]:
    """Each page's HTML by its name: of who is on two lists, types something wrong, or leaves."""
    ann = a_subscriber(lists=("patient", "clinician"))
    ann.paused_until = timezone.localdate() + timedelta(days=9)
    ann.save()
    own = f"/preferences/{preferences_token(ann)}"
    new = a_subscriber("new@example.org", state="pending")
    confirm = f"/confirm/{confirm_token(new, ['patient'])}"
    bob = a_subscriber("bob@example.org")
    leave(bob, "patient", actor="subscriber", source="page")
    looks = {"subscribe": "/subscribe", "link": "/link", "confirm": confirm, "nowhere": "/nowhere"}
    looks |= {f"own {part.strip('/?')}": f"{own}{part}" for part in PARTS}
    looks |= {"leave": f"/leave/{make_token('leave', ann, 'patient')}"}
    looks |= {"left": f"/leave/{make_token('leave', bob, 'patient')}"}
    slip = {"address": "ann@gmial.com"}
    answers = {
        "subscribe wrong": ("/subscribe", slip),
        "subscribe sent": ("/subscribe", {"address": "ann@example.org", "list": "patient"}),
        "link wrong": ("/link", {"address": "ann"}),
        "link sent": ("/link", {"address": "ann@example.org"}),
        "confirmed": (confirm, {}),
        "lists wrong": (f"{own}/lists", {}),
        "address wrong": (f"{own}/address", slip),
    }
    client = Client()
    found = {name: client.get(path) for name, path in looks.items()}
    found |= {name: client.post(path, data) for name, (path, data) in answers.items()}
    assert [name for name, response in found.items() if response.status_code == 404] == ["nowhere"]
    return {name: response.content.decode() for name, response in found.items()}


@pytest.mark.browser
def test_axe_finds_that_no_page_of_a_subscriber_shuts_them_out(pages: dict[str, str]) -> None:
    axe = conftest.from_npm("axe-core/axe.min.js").read_text(encoding="utf-8")
    with conftest.chromium() as browser:
        found = {name: test_axe.complaints(browser, axe, html) for name, html in pages.items()}
    assert {name: said for name, said in found.items() if said} == {}


def test_nu_finds_no_error_in_a_page_of_a_subscriber(pages: dict[str, str], tmp_path: Path) -> None:
    files = [tmp_path / f"{name}.html" for name in pages]
    for file, html in zip(files, pages.values(), strict=True):
        file.write_text(html, encoding="utf-8")
    said = test_nu.messages([str(file) for file in files])
    assert {name: dict(of) for name, of in said.items() if of} == {}
