"""Check: a site's own glossary, themes and templates."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.pipeline.check import Finding, check_site
from tests.builders import a_config
from tests.pipeline.check.found import findings

pytestmark = pytest.mark.django_db


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
