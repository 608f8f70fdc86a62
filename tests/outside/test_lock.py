"""What npm installs for these tests is pinned by hash, names no registry, and runs no script."""

from __future__ import annotations

import json
from pathlib import Path

FOLDER = Path(__file__).parent


def test_the_lock_pins_by_hash_and_names_no_registry() -> None:
    text = (FOLDER / "package-lock.json").read_text(encoding="utf-8")
    packages = {name: one for name, one in json.loads(text)["packages"].items() if name}
    assert packages
    assert "resolved" not in text
    assert [name for name, one in packages.items() if "sha512-" not in one["integrity"]] == []


def test_what_is_asked_for_is_pinned_to_one_version() -> None:
    asked = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))["dependencies"]
    lock = json.loads((FOLDER / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert asked == {name: lock[f"node_modules/{name}"]["version"] for name in asked}


def test_no_package_runs_a_script_when_it_is_installed() -> None:
    assert "ignore-scripts=true" in (FOLDER / ".npmrc").read_text(encoding="utf-8").splitlines()
