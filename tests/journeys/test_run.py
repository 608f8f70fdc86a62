"""`digest run`: pages, schedule and sending in one process, met over HTTP as people meet it."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.journeys.conftest import Shell


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shell, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("run") / "site"
    made = Shell(folder.parent).json("demo", folder)
    return Shell(folder), made


@pytest.fixture(scope="module")
def web(site: tuple[Shell, dict[str, Any]]) -> Iterator[httpx.Client]:
    process = site[0].start("run", "--port", "0", "--json")
    assert process.stdout is not None
    told = "".join(process.stdout.readline() for _ in range(4))  # {, two addresses, }
    match = re.search(r'"address": "(http://127\.0\.0\.1:\d+)/"', told)
    assert match, told
    with httpx.Client(base_url=match[1], timeout=20) as client:
        yield client
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
    process.stdout.close()


def leave_link(site: tuple[Shell, dict[str, Any]], address: str) -> str:
    for path in (site[0].folder / "outbox" / "new").iterdir():
        raw = path.read_bytes()
        if f"<{address}>".encode() in raw or f"To: {address}".encode() in raw:
            found = re.search(rb"List-Unsubscribe: <http://127\.0\.0\.1:8000([^>]+)>", raw)
            assert found
            return found[1].decode()
    raise AssertionError(f"no mail to {address}")


def states(site: tuple[Shell, dict[str, Any]], address: str) -> dict[str, str]:
    shown = site[0].json("subscribers", "show", address)
    return {membership["list"]: membership["state"] for membership in shown["memberships"]}


def test_the_health_check_and_the_public_pages_answer(web: httpx.Client) -> None:
    assert web.get("/healthz").json() == {"status": "ok"}
    assert "Issue 1 for clinicians" in web.get("/").text
    page = web.get("/issues/1/caregiver")
    assert page.status_code == 200
    assert "/leave/" not in page.text


def test_every_link_of_a_mail_to_our_pages_leads_somewhere(
    site: tuple[Shell, dict[str, Any]], web: httpx.Client
) -> None:
    html = (site[0].folder / "previews" / "patient.html").read_text(encoding="utf-8")
    ours = set(re.findall(r'href="http://127\.0\.0\.1:8000(/issues[^"]+)"', html))
    assert any("#study-" in link for link in ours)
    for link in ours:
        path, _, anchor = link.partition("#")
        page = web.get(path)
        assert page.status_code == 200
        assert not anchor or f'id="{anchor}"' in page.text


def test_one_click_leaves_at_once_without_cookie_or_token(
    site: tuple[Shell, dict[str, Any]], web: httpx.Client
) -> None:
    link = leave_link(site, "ada.mori@example.org")
    for _ in range(3):
        assert web.get(link).status_code == 200
        assert web.head(link).status_code == 200
    assert states(site, "ada.mori@example.org") == {"patient": "confirmed"}
    response = web.post(link, data={"List-Unsubscribe": "One-Click"})
    assert response.status_code == 200
    assert states(site, "ada.mori@example.org") == {"patient": "left"}


def test_the_page_with_a_button_leaves_and_says_so_kindly_when_repeated(
    site: tuple[Shell, dict[str, Any]], web: httpx.Client
) -> None:
    link = leave_link(site, "sam.carter@example.net")
    assert 'method="post"' in web.get(link).text
    first, second = web.post(link), web.post(link)
    assert (first.status_code, second.status_code) == (200, 200)
    assert states(site, "sam.carter@example.net") == {"caregiver": "left"}


def test_a_wrong_token_gets_the_same_404_as_an_unknown_page(
    site: tuple[Shell, dict[str, Any]], web: httpx.Client
) -> None:
    good = leave_link(site, "ben.okafor@example.org")
    answers = {web.get(path).text for path in ("/leave/nonsense", good[:-2], "/leave/a.b")}
    assert len(answers) == 1
    assert web.post(good[:-2]).status_code == 404
    assert states(site, "ben.okafor@example.org") == {"patient": "confirmed"}


def test_an_editor_signs_in_and_sees_each_rendition(
    site: tuple[Shell, dict[str, Any]], web: httpx.Client
) -> None:
    administrator = site[1]["administrator"]
    form = web.get("/studio/login").text
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    assert token
    fields = {"username": administrator["name"], "password": administrator["password"]}
    signed = web.post("/studio/login", data={**fields, "csrfmiddlewaretoken": token[1]})
    assert signed.headers["location"] == "/studio/"
    assert "Issue 1" in web.get("/studio/").text
    for audience in ("patient", "caregiver", "clinician"):
        assert "What 23 studies" in web.get(f"/studio/issues/1/{audience}.html").text or (
            audience == "clinician"
        )
    web.cookies.clear()
    assert web.get("/studio/").status_code == 302


def test_the_database_and_the_keys_are_no_pages(web: httpx.Client) -> None:
    for path in ("/digest.db", "/digest.keys", "/../digest.keys", "/config.yaml", "/outbox/"):
        assert web.get(path).status_code == 404


def test_a_port_that_is_taken_is_one_line(
    site: tuple[Shell, dict[str, Any]], web: httpx.Client
) -> None:
    ran = site[0].digest("run", "--port", str(web.base_url.port), code=1)
    assert "cannot listen on 127.0.0.1" in ran.err
    assert Path(site[0].folder / "digest.db").exists()
