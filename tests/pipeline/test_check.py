"""Check: what would shame the operator, or has no effect, is named with its key."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from digest.pipeline.check import Finding, check_site
from subscribers.models import Suppression
from subscribers.suppression import suppress
from tests.builders import a_config
from tests.feedback.posts import SHOWN

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
        ("transport.batch", {"transport": {"kind": "sendgrid", "batch": 100}}),
        ("pace.warm_up", {"pace": {"warm_up": "2w"}}),
    ],
)
def test_each_key_without_effect_is_named(
    tmp_path: Path, key: str, changes: dict[str, Any]
) -> None:
    found = findings(tmp_path, **changes)[key]
    assert (found.level, found.reason.startswith("not built yet: ")) == ("warning", True)
    assert found.hint


def test_a_feedback_mailbox_and_key_that_cannot_be_used_are_errors(tmp_path: Path) -> None:
    found = findings(tmp_path, feedback={"mailbox": "bounces", "sendgrid_public_key": "x"})
    for key, mend in (("mailbox", "Correct feedback.mailbox"), ("sendgrid_public_key", "Copy it")):
        finding = found[f"feedback.{key}"]
        assert (finding.level, finding.hint.startswith(mend)) == ("error", True)


def test_a_feedback_mailbox_that_opens_and_a_key_that_is_one_are_fine(tmp_path: Path) -> None:
    (tmp_path / "bounces" / "new").mkdir(parents=True)
    found = findings(tmp_path, feedback={"mailbox": "bounces", "sendgrid_public_key": SHOWN})
    assert found["feedback.mailbox"].level == "ok"
    assert found["feedback.sendgrid_public_key"].reason.endswith("/hooks/sendgrid")


@pytest.mark.parametrize("transport", [SMTP, {**SMTP, "connections": 1}, {"kind": "maildir"}])
def test_connections_are_not_named_when_nobody_asked_for_several(
    tmp_path: Path, transport: dict[str, Any]
) -> None:
    assert "transport.connections" not in findings(tmp_path, transport=transport)


SENDGRID = {"kind": "sendgrid"}


def test_sendgrid_without_its_key_is_an_error(tmp_path: Path) -> None:
    found = findings(tmp_path, transport=SENDGRID)["transport.kind"]
    assert found.level == "error"
    assert "SENDGRID_API_KEY is missing" in found.reason
    assert found.hint


def test_sendgrid_with_its_key_says_that_each_mail_is_a_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "KEYS", replace(settings.KEYS, sendgrid_api_key="SG.x"))
    found = findings(tmp_path, transport=SENDGRID)
    assert (found["transport"].level, "transport.batch" in found) == ("ok", False)
    assert "each mail is a request of its own" in found["transport"].reason
    insecure = findings(tmp_path, transport={**SENDGRID, "api_url": "http://api.example.org"})
    assert insecure["transport.api_url"].level == "error"


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


# ── own templates ─────────────────────────────────────────────────────────────────────────


def of_templates(folder: Path, **parts: str) -> list[tuple[str, str, str]]:
    """What is said of a folder with these parts: (level, reason, hint)."""
    (folder / "incoming").mkdir()
    for name, text in parts.items():
        path = folder / "own" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    found = check_site(a_config(folder, templates="own"))
    return [(f.level, f.reason, f.hint) for f in found if f.key == "templates"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("email/crd.html", "email/card.html"),
        ("email/card.htm", "email/card.html"),
        ("card.html", "email/card.html"),
        ("mail/card.html", "email/card.html"),
        ("pages/archives.html", "pages/archive.html"),
    ],
)
def test_an_own_template_that_overrides_nothing_is_named_with_the_nearest(
    tmp_path: Path, name: str, meant: str
) -> None:
    ((level, reason, hint),) = of_templates(tmp_path, **{name: "x"})
    assert (level, reason) == ("warning", f"{name} overrides nothing")
    assert hint.startswith(f"Did you mean {meant}? ")


def test_own_templates_that_take_effect_are_not_named(tmp_path: Path) -> None:
    parts = {
        "email/card.html": '{% include "email/logo.html" %}',
        "email/logo.html": "ours",
        "email/.card.html": "an editor's own",
        "pages/layout.html": "x",
        "notes.md": "x",
    }
    assert of_templates(tmp_path, **parts) == []


def test_of_many_files_that_override_nothing_a_few_are_named(tmp_path: Path) -> None:
    said = of_templates(tmp_path, **{f"incoming/{n}.html": "x" for n in range(9)})
    assert [reason for _, reason, _ in said][-2:] == [
        "incoming/4.html overrides nothing",
        "4 more files override nothing",
    ]


def test_own_templates_that_cannot_be_used_are_errors(tmp_path: Path) -> None:
    (tmp_path / "own" / "email" / "card.html").mkdir(parents=True)
    (tmp_path / "own" / "email" / "theme.html").write_bytes(b"caf\xe9")
    said = of_templates(tmp_path, **{"email/words.html": "\n{% macro %}"})
    assert [(level, reason.partition(": ")[0]) for level, reason, _ in said] == [
        ("error", "email/card.html"),
        ("error", "email/theme.html"),
        ("error", "email/words.html line 2"),
    ]
    assert said[1][1:] == ("email/theme.html: it is not UTF-8", "Save it as UTF-8.")


def test_a_folder_of_templates_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    ((level, reason, _),) = of_templates(tmp_path)
    assert (level, reason) == ("error", f"there is no folder {tmp_path / 'own'}")
