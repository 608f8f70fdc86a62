"""The documentation matches: every key, command and option of the product is written down."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import typer
from pydantic import BaseModel

from digest.cli.main import app
from digest.config.settings import Config, SmtpTransport
from digest.shipped import shipped
from digest.sources import KINDS

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")


def keys_of(model: type[BaseModel]) -> Iterator[str]:
    """Every key of a section and of the sections below it."""
    for name, field in model.model_fields.items():
        if name != "folder":
            yield name
        for part in (field.annotation, *get_args(field.annotation)):
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from keys_of(part)


def test_every_key_of_the_configuration_stands_in_the_commented_example() -> None:
    text = shipped("config.yaml").read_text(encoding="utf-8")
    models: tuple[type[BaseModel], ...] = (
        Config,
        SmtpTransport,
        *(kind.settings for kind in KINDS),
    )
    wanted = {key for model in models for key in keys_of(model)}
    missing = {key for key in wanted if not re.search(rf"^[#\s-]*{key}:", text, re.MULTILINE)}
    assert missing == set()


def test_every_kind_of_source_stands_in_the_commented_example() -> None:
    text = shipped("config.yaml").read_text(encoding="utf-8")
    shown = re.findall(r"^[#\s]*kind: (\w+)", text, re.MULTILINE)
    assert {kind.name for kind in KINDS} <= set(shown)


def commands_of(group: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        below = hasattr(command, "commands")
        if below:
            yield from commands_of(command, (*words, name))
        if not below or command.invoke_without_command:
            yield (*words, name), command


ALL_COMMANDS = list(commands_of(typer.main.get_command(app)))


@pytest.mark.parametrize(
    ("words", "command"), ALL_COMMANDS, ids=lambda v: " ".join(v) if isinstance(v, tuple) else ""
)
def test_every_command_is_documented_with_its_options(words: tuple[str, ...], command: Any) -> None:
    name = f"digest {' '.join(words)}"
    rows = [line for line in COMMANDS.splitlines() if line.startswith("|")]
    lines = [line for line in rows if re.search(rf"`{name}[` ]", line)]
    assert lines, f"{name} is not in docs/commands.md"
    told = " ".join(line.split("|")[1] for line in lines)
    options = {option for param in command.params for option in param.opts if option[:2] == "--"}
    assert {o for o in options - {"--json", "--help"} if o not in told} == set()
    assert "--json" in options


def test_every_documented_command_is_there() -> None:
    known = {" ".join(words) for words, _ in ALL_COMMANDS}
    groups = "|".join(sorted({words[0] for words, _ in ALL_COMMANDS if len(words) > 1}))
    told = re.findall(rf"^\| `digest ((?:(?:{groups}) )?[a-z-]+)", COMMANDS, re.MULTILINE)
    assert set(told) <= known


def test_every_link_of_the_documentation_leads_somewhere() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            if not target.startswith("http"):
                assert (page.parent / target).exists(), f"{page.name}: {target}"
