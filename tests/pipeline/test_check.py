"""Check: what would shame the operator, or has no effect, is named with its key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from digest.pipeline.check import Finding, check_site
from subscribers.models import Suppression
from subscribers.suppression import suppress
from tests.builders import a_config

pytestmark = pytest.mark.django_db

SMTP = {"kind": "smtp", "host": "127.0.0.1", "port": 1}


def findings(folder: Path, **changes: Any) -> dict[str, Finding]:
    (folder / "incoming").mkdir(exist_ok=True)
    return {finding.key: finding for finding in check_site(a_config(folder, **changes))}


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
        ("http://digest.example.org", False),
        ("https://digest.example.org", True),
        ("http://127.0.0.1:8000", True),
        ("http://mail.test", True),
    ],
)
def test_a_site_without_https_cannot_offer_to_leave_with_one_click(
    tmp_path: Path, address: str, fine: bool
) -> None:
    named = findings(tmp_path, publication={"site_url": address})
    assert ("publication.site_url" not in named) == fine


@pytest.mark.parametrize("key", ["order", "leave_out"])
def test_a_theme_that_is_not_known_is_named_with_the_nearest(tmp_path: Path, key: str) -> None:
    def named(*themes: str) -> dict[str, Finding]:
        words = a_config().audiences["patient"].model_dump()
        audiences = {"audiences": {"patient": {**words, key: themes}}}
        return findings(tmp_path, **audiences)

    found = named("safety", "symptom")[f"audiences.patient.{key}"]
    assert (found.level, found.reason) == ("error", "there is no theme 'symptom'")
    assert found.hint == "Did you mean 'symptoms'?"
    assert "Known are treatment" in named("zzz")[f"audiences.patient.{key}"].hint
    assert f"audiences.patient.{key}" not in named("safety", "symptoms")


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


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        ("privacy.encrypt_addresses", {}),
        ("privacy.retention.delivery_details", {}),
        ("transport.connections", {"transport": {**SMTP, "connections": 10}}),
        ("pace.warm_up", {"pace": {"warm_up": "2w"}}),
        ("feedback.mailbox", {"feedback": {"mailbox": "bounces"}}),
        ("feedback.sendgrid_public_key", {"feedback": {"sendgrid_public_key": "x"}}),
    ],
)
def test_each_key_without_effect_is_named(
    tmp_path: Path, key: str, changes: dict[str, Any]
) -> None:
    found = findings(tmp_path, **changes)[key]
    assert (found.level, found.reason.startswith("not built yet: ")) == ("warning", True)
    assert found.hint


@pytest.mark.parametrize("transport", [SMTP, {**SMTP, "connections": 1}, {"kind": "maildir"}])
def test_connections_are_not_named_when_nobody_asked_for_several(
    tmp_path: Path, transport: dict[str, Any]
) -> None:
    assert "transport.connections" not in findings(tmp_path, transport=transport)


def test_a_source_of_pages_is_an_error(tmp_path: Path) -> None:
    pages = {"name": "x", "kind": "pages", "start": ["https://x.example.org"]}
    assert findings(tmp_path, sources=[pages])["sources[0].kind"].level == "error"


def test_a_glossary_that_cannot_be_used_is_named_with_file_and_term(tmp_path: Path) -> None:
    assert "glossary" not in findings(tmp_path)
    (tmp_path / "words.yaml").write_text("myelin: {meaning: a coat}\n", encoding="utf-8")
    assert "glossary" not in findings(tmp_path, glossary="words.yaml")
    (tmp_path / "words.yaml").write_text("myelin: {means: a coat}\n", encoding="utf-8")
    found = findings(tmp_path, glossary="words.yaml")["glossary"]
    assert found.level == "error"
    assert "words.yaml: myelin.means: unknown key" in found.reason
    assert found.hint == "Known are meaning, forms"
    assert "no such file" in findings(tmp_path, glossary="none.yaml")["glossary"].reason


def test_a_themes_file_that_cannot_be_used_is_named_with_theme_and_key(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("sleep: {name: Sleep}\n", encoding="utf-8")
    found = findings(tmp_path, themes="own.yaml")["themes"]
    assert found.level == "error"
    assert f"{tmp_path / 'own.yaml'}: sleep." in found.reason
