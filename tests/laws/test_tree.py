"""The tree keeps its own rules: names from the field, short files, nothing of one machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from digest.shipped import shipped

ROOT = Path(__file__).resolve().parents[2]
VAGUE = {"util", "utils", "helper", "helpers", "common", "misc", "services", "manager"}
LONGEST = 400  # lines; about 350 is meant


def tracked(pattern: str) -> list[Path]:
    """The files of the tree that match, generated ones aside."""
    found = [path for path in ROOT.rglob(pattern) if not {".venv", "migrations"} & set(path.parts)]
    return [path for path in found if not path.relative_to(ROOT).parts[0].startswith((".", "demo"))]


def test_no_module_has_a_name_that_tells_nothing() -> None:
    assert [path for path in tracked("*.py") if path.stem in VAGUE] == []


def test_every_file_can_be_read_in_one_sitting() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in tracked("*.py")}
    assert {str(path): n for path, n in lengths.items() if n > LONGEST} == {}


def test_every_module_says_what_its_room_is_for() -> None:
    silent = [
        path
        for folder in ("digest", "subscribers")
        for path in (ROOT / folder).rglob("*.py")
        if "migrations" not in path.parts
        and not path.read_text(encoding="utf-8").lstrip().startswith('"""')
        and path.read_text(encoding="utf-8").strip()
    ]
    assert silent == []


def test_the_locks_pin_by_hash_and_name_no_index() -> None:
    for lock in (ROOT / "requirements").glob("*.lock"):
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text
        assert "--index" not in text
        pins = re.findall(r"^[a-z0-9].*?==", text, re.MULTILINE | re.IGNORECASE)
        assert pins
        assert text.count("--hash=sha256:") >= len(pins)


def test_what_runs_is_locked_the_same_for_the_tests() -> None:
    def pins(name: str) -> dict[str, str]:
        text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
        return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", text, re.MULTILINE | re.IGNORECASE))

    run, test = pins("run.lock"), pins("test.lock")
    assert {name for name in run if test.get(name) != run[name]} == set()


@pytest.mark.parametrize("name", ["templates", "examples", "config.yaml"])
def test_what_travels_in_the_wheel_is_found(name: str) -> None:
    assert shipped(name).exists()
    assert f'"digest/_shipped/{name}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_no_template_loads_anything_from_elsewhere() -> None:
    for path in (ROOT / "templates").rglob("*.*"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"<(img|script|link|object|embed)\b|@import|url\((?!')", text), path
