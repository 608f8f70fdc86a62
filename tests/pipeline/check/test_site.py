"""Check: what config.yaml says that would shame the operator, or has no effect."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import Any

import pytest

from digest.models import SourceState
from digest.pipeline.check import check_site
from subscribers.models import Suppression
from subscribers.suppression import suppress
from tests.builders import NOW, a_config
from tests.pipeline.check.found import SMTP, findings, listed

pytestmark = pytest.mark.django_db


def test_errors_come_first_and_each_finding_prints_four_keys(tmp_path: Path) -> None:
    found = listed(tmp_path, sender={"name": "News on MS"}, sources=[])
    levels = [finding.level for finding in found]
    assert levels == sorted(levels, key=["error", "warning", "ok"].index)
    assert {"error", "warning", "ok"} == set(levels)
    for finding in found:
        assert list(finding.document()) == ["level", "key", "reason", "hint"]
        assert finding.hint or finding.level == "ok"


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("sender", "name", "News on MS"),
        ("sender", "address", "news@ms-society.example.org"),
        ("sender", "reply_to", "nmosd@example.org"),
        ("publication", "site_url", "https://multiplesclerosis.example.org"),
    ],
)
def test_a_diagnosis_that_others_would_see_is_an_error(
    tmp_path: Path, section: str, key: str, value: str
) -> None:
    def errors(**changes: Any) -> dict[str, str]:
        found = check_site(a_config(tmp_path, **changes))
        return {f.key: f.reason for f in found if f.level == "error"}

    (tmp_path / "incoming").mkdir()
    assert errors() == {}
    (named,) = errors(**{section: {key: value}}).items()
    assert named[0] == f"{section}.{key}"
    assert "names a diagnosis" in named[1]


@pytest.mark.parametrize(
    ("address", "fine"),
    [
        ("http://digest.org", False),
        ("https://digest.org", True),
        ("http://127.0.0.1:8000", True),
        ("http://mail.test", True),
    ],
)
def test_a_site_without_https_cannot_offer_to_leave_with_one_click(
    tmp_path: Path, address: str, fine: bool
) -> None:
    named = findings(tmp_path, publication={"site_url": address})
    assert ("publication.site_url" not in named) == fine


@pytest.mark.parametrize("site", ["https://digest.example.org", "https://example.com:8000"])
def test_a_site_address_that_is_still_an_example_warns(tmp_path: Path, site: str) -> None:
    found = findings(tmp_path, publication={"site_url": site})["publication.site_url"]
    assert (found.level, "is an example" in found.reason) == ("warning", True)
    own = {"site_url": "https://digest.org"}
    assert "publication.site_url" not in findings(tmp_path, publication=own)


def test_it_warns_when_nobody_is_told_of_a_draft(tmp_path: Path) -> None:
    assert "issue.tell" not in findings(tmp_path)
    assert "issue.tell" not in findings(
        tmp_path, issue={"tell": ["ada@example.org"]}, sender={"reply_to": None}
    )
    found = findings(tmp_path, sender={"reply_to": None})["issue.tell"]
    assert (found.level, "nobody is told" in found.reason) == ("warning", True)


def test_an_editor_who_cannot_be_told_is_named(tmp_path: Path) -> None:
    found = findings(tmp_path, issue={"tell": ["jörg@example.org"]})["issue.tell"]
    assert (found.level, "jörg@example.org" in found.reason) == ("error", True)
    suppress("ada@example.org", Suppression.Reason.BOUNCE, "test")
    found = findings(tmp_path, issue={"tell": ["Ada@example.org"]})["issue.tell"]
    assert (found.level, "is suppressed" in found.reason) == ("warning", True)


def test_no_key_is_called_not_built(tmp_path: Path) -> None:
    pace = {"per_second": 5, "per_hour": 900, "per_domain": {"a.org": 1}, "warm_up": [50]}
    for transport in ({**SMTP, "connections": 10}, {"kind": "sendgrid", "batch": 100}):
        found = listed(tmp_path, transport=transport, pace=pace)
        assert [finding.key for finding in found if re.match("not built", finding.reason)] == []


PAGES = {"name": "x", "kind": "pages", "start": ["https://x.example.org"]}
FOLDER = {"name": "drop", "kind": "folder", "path": "incoming"}


def test_a_folder_that_is_not_there_is_an_error_and_a_site_is_none(tmp_path: Path) -> None:
    found = findings(
        tmp_path, sources=[PAGES, {**FOLDER, "name": "none", "path": "nowhere"}, FOLDER]
    )
    assert found["sources[0]"].level == "ok"
    assert found["sources[1].path"].level == "error"
    assert found["sources[2]"].level == "ok"


def test_a_source_that_is_gone_is_an_error_until_it_is_corrected(tmp_path: Path) -> None:
    SourceState.objects.create(name="x", gone_at=NOW)
    found = findings(tmp_path, sources=[PAGES])["sources[0]"]
    assert (found.level, found.reason) == (
        "error",
        "'x' is gone for good, its site says since 21 November 2026",
    )
    assert "digest gather --source x" in found.hint
    SourceState.objects.update(settings_hash="of another section")
    assert findings(tmp_path, sources=[PAGES])["sources[0]"].level == "ok"


def test_a_source_that_fails_at_every_visit_is_a_warning_until_it_is_well(tmp_path: Path) -> None:
    SourceState.objects.create(
        name="x", failures=3, last_error="x: it answered 500. Try later\nentry 2", next_try=NOW
    )
    found = findings(tmp_path, sources=[PAGES])["sources[0]"]
    assert (found.level, found.reason) == (
        "warning",
        "'x' failed 3 times in a row: x: it answered 500. Try later",
    )
    assert "tries it again after 2026-11-2" in found.hint
    assert "(America/New_York)" in found.hint
    SourceState.objects.update(failures=0, next_try=None)
    assert findings(tmp_path, sources=[PAGES])["sources[0]"].level == "ok"


@pytest.mark.parametrize("url", ["feed.xml", "file:feed.xml"])
def test_a_feed_file_that_is_not_there_is_a_warning(tmp_path: Path, url: str) -> None:
    feed = {"name": "x", "kind": "feed", "url": url}
    found = findings(tmp_path, sources=[feed])["sources[0].url"]
    assert (found.level, found.reason) == ("warning", "there is no file feed.xml")
    (tmp_path / "feed.xml").touch()
    assert findings(tmp_path, sources=[feed])["sources[0]"].level == "ok"


@pytest.mark.parametrize(
    ("contact", "sources", "words"),
    [
        ("editors@example.org", [PAGES], "is an example"),
        (None, [PAGES], "are not told whom to write to"),
        ("ada@digest.org", [PAGES], None),
        ("editors@example.org", [FOLDER], None),
    ],
    ids=["an example", "none", "a real one", "no source on the web"],
)
def test_sites_that_are_fetched_are_told_whom_to_write_to(
    tmp_path: Path, contact: str | None, sources: list[dict[str, Any]], words: str | None
) -> None:
    found = findings(tmp_path, sources=sources, fetch={"contact": contact}).get("fetch.contact")
    assert (found.level if found else None) == ("warning" if words else None)
    assert not words or (found and words in found.reason)


@pytest.mark.parametrize("there", [True, False])
def test_the_senders_domain_is_looked_up_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    asked = []

    def lookup(host: str, port: None) -> list[Any]:
        asked.append(host)
        if not there:
            raise socket.gaierror("no such name")
        return []

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    found = findings(tmp_path, sender={"address": "digest@digest.org"})["sender.address"]
    assert asked == ["digest.org"]
    assert found.level == ("ok" if there else "warning")
    assert "DKIM" in found.hint
