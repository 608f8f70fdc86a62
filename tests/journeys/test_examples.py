"""The whole way on the examples: pages in, three inboxes out."""

from __future__ import annotations

import email
import email.policy
import os
import re
import subprocess
import sys
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from digest.shipped import shipped
from tests.journeys.conftest import Shell

LISTS = {"patient": 12, "caregiver": 7, "clinician": 5}  # one caregiver is a patient too


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shell, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("demo") / "site"
    shell = Shell(folder.parent)
    result = shell.json("demo", folder)
    return Shell(folder), result


@pytest.fixture(scope="module")
def mails(demo: tuple[Shell, dict[str, Any]]) -> list[EmailMessage]:
    folder = demo[0].folder / "outbox" / "new"
    return [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in sorted(folder.iterdir())
    ]


def people() -> dict[str, str]:
    """Every sample address and the list whose edition it gets (the first one of the config)."""
    found: dict[str, str] = {}
    for name in LISTS:
        lines = (shipped("examples") / "subscribers" / f"{name}.csv").read_text(encoding="utf-8")
        for line in lines.splitlines()[1:]:
            found.setdefault(line.split(",")[0], name)
    return found


def edition_of(mail: EmailMessage) -> str:
    html = body(mail, "html")
    return next(name for name in LISTS if f"/issues/1/{name}" in html)


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content


def test_the_demo_has_a_month_of_real_size(demo: tuple[Shell, dict[str, Any]]) -> None:
    _, result = demo
    assert result["items"] >= 18
    assert result["themes"] >= 6
    assert result["deliveries"]["accepted"] == 24
    assert [r["audience"] for r in result["renditions"]] == list(LISTS)
    assert all(Path(path).is_file() for path in result["previews"])


def test_one_message_for_each_confirmed_member(mails: list[EmailMessage]) -> None:
    got = {str(mail["To"].addresses[0].addr_spec): edition_of(mail) for mail in mails}
    assert len(mails) == sum(LISTS.values())
    assert got == people()


def test_each_message_names_one_person_only(mails: list[EmailMessage]) -> None:
    everyone = set(people())
    for mail in mails:
        (receiver,) = mail["To"].addresses
        whole = str(mail.as_string()) + body(mail, "plain") + body(mail, "html")
        others = {address for address in everyone if address in whole} - {receiver.addr_spec}
        assert others == set()
        assert mail["Cc"] is None
        assert mail["Bcc"] is None


def test_each_message_has_the_headers_of_a_newsletter(mails: list[EmailMessage]) -> None:
    identities = {mail["Message-ID"] for mail in mails}
    assert len(identities) == len(mails)
    for mail in mails:
        unsubscribe = mail["List-Unsubscribe"]
        assert re.fullmatch(r"<http://127\.0\.0\.1:8000/leave/[\w.-]+>", unsubscribe)
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert mail["From"].addresses[0].addr_spec == "digest@example.org"
        assert mail["Date"].datetime is not None
        assert mail["List-Id"]
        assert unsubscribe.strip("<>") in body(mail, "plain")


def test_no_header_names_a_diagnosis(mails: list[EmailMessage]) -> None:
    for mail in mails:
        for name, value in mail.items():
            assert not re.search(r"\bMS\b|sclerosis|NMOSD|MOGAD|patient", str(value)), name


def test_each_message_has_both_parts_plain_first(mails: list[EmailMessage]) -> None:
    for mail in mails:
        parts = [part.get_content_type() for part in mail.walk()]
        assert parts == ["multipart/alternative", "text/plain", "text/html"]


def test_both_parts_tell_every_study_and_its_caveat_in_order(
    mails: list[EmailMessage], demo: tuple[Shell, dict[str, Any]]
) -> None:
    report = demo[0].json("show", 1)
    mail = next(mail for mail in mails if edition_of(mail) == "patient")
    plain = " ".join(body(mail, "plain").split())
    positions = []
    for item in report["items"]:
        assert item["ledger"]["patient"]["state"] == "in"
        title, teaser = item["summary"]["title"], item["teasers"]["patient"]
        positions.append(plain.index(title))
        assert " ".join(teaser["lead"].split()) in plain
        assert (teaser["caveat"] or "The summary names no limits") in plain
    assert positions == sorted(positions)


def test_nothing_in_a_message_is_loaded_from_elsewhere(mails: list[EmailMessage]) -> None:
    for mail in mails:
        html = body(mail, "html")
        assert not re.search(r"<(img|script|link|iframe|form|object)\b|url\(|@import", html)


def test_no_card_text_reached_a_reader(mails: list[EmailMessage]) -> None:
    for mail in mails:
        whole = body(mail, "plain") + body(mail, "html")
        assert "Read More" not in whole
        assert "New study:" not in whole  # how the examples' cut teasers begin
        assert "can feel like a lot" not in whole  # from their disclaimer


def test_the_same_person_on_two_lists_gets_one_copy_and_the_row_says_which(
    demo: tuple[Shell, dict[str, Any]],
) -> None:
    lines = demo[0].json("deliveries", 1, "--address", "chiara.rossi@example.org")["deliveries"]
    assert [(line["audience"], line["state"]) for line in lines] == [("patient", "accepted")]


def test_sending_twice_sends_nothing_twice(demo: tuple[Shell, dict[str, Any]]) -> None:
    shell, _ = demo
    outbox = shell.folder / "outbox" / "new"
    before = {path.name: path.stat().st_mtime_ns for path in outbox.iterdir()}
    again = shell.json("send", 1)
    assert (again["state"], again["deliveries"]["accepted"]) == ("sent", 24)
    assert sum(again["deliveries"].values()) == 24
    assert {path.name: path.stat().st_mtime_ns for path in outbox.iterdir()} == before


def test_the_preview_is_the_mail_but_for_its_slots(
    demo: tuple[Shell, dict[str, Any]], mails: list[EmailMessage]
) -> None:
    shell, _ = demo
    preview = (shell.folder / "previews" / "clinician.txt").read_text(encoding="utf-8")
    mail = next(mail for mail in mails if edition_of(mail) == "clinician")
    hide = re.compile(r"http://127\.0\.0\.1:8000/(?:leave|preferences)/\S+|on \d+ \w+\s\d{4}")
    plain = body(mail, "plain")
    assert hide.sub("", " ".join(preview.split())) == hide.sub("", " ".join(plain.split()))


def test_the_demo_run_again_goes_on_where_it_was(demo: tuple[Shell, dict[str, Any]]) -> None:
    shell, first = demo
    again = Shell(shell.folder.parent).json("demo", shell.folder)
    assert (again["items"], again["new"]) == (first["items"], 0)
    assert again["deliveries"] == first["deliveries"]


def test_the_demo_never_touches_a_site_that_is_no_demo(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    shell.digest("init", tmp_path / "real")
    before = sorted(path.name for path in (tmp_path / "real").iterdir())
    ran = shell.digest("demo", tmp_path / "real", code=1)
    assert "no demo" in ran.err
    assert sorted(path.name for path in (tmp_path / "real").iterdir()) == before


def test_the_wheel_runs_the_demo_without_the_checkout(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=root, check=True, capture_output=True, timeout=120)
    (wheel,) = tmp_path.glob("ms_research_digest-*.whl")
    place = tmp_path / "installed"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*install, "--target", str(place), str(wheel)], check=True, timeout=120)
    shell = Shell(tmp_path)
    where = "import digest; print(digest.__file__)"
    environment = {**shell.environment(), "PYTHONPATH": str(place)}
    found = subprocess.run(
        [sys.executable, "-c", where], cwd=tmp_path, env=environment, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert str(place) in found.stdout
    demo = [sys.executable, "-c", "from digest.cli.main import run; run()", "demo", "d", "--json"]
    done = subprocess.run(
        demo,
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert os.listdir(tmp_path / "d" / "outbox" / "new")  # noqa: PTH208
