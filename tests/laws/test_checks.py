"""docs/preflight.md tells every check of preflight, and whether it blocks or warns."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STEPS = (ROOT / "digest/pipeline/preflight.py", ROOT / "digest/pipeline/readers.py")
ROOMS = (*(ROOT / "digest/mail/preflight").glob("*.py"), *STEPS)
ROW = re.compile(r"^\| `([a-z ]+)` \| ([a-z, ]+) \|", re.MULTILINE)


def checks_of_the_code() -> dict[str, set[str]]:
    """Name → levels, read from every call of `blocks(name, …)` and `warns(name, …)`."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in ROOMS:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                name = node.args[0]
                if node.func.id in ("blocks", "warns") and isinstance(name, ast.Constant):
                    found[str(name.value)].add(node.func.id)
    return dict(found)


def test_every_check_of_preflight_is_documented_with_its_levels() -> None:
    told = ROW.findall((ROOT / "docs/preflight.md").read_text(encoding="utf-8"))
    assert {name: set(levels.split(", ")) for name, levels in told} == checks_of_the_code()
    assert len(told) == len({name for name, _ in told})
