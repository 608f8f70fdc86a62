"""docs/templates.md names every part that a site may override, every value it gets, every mark."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from digest.mail.contents import Article, Card, Contents, More, Section
from digest.mail.opening import Opening
from digest.mail.words import Explained
from digest.shipped import shipped
from digest.values import Publication

ROOT = Path(__file__).resolve().parents[2]
TOLD = (ROOT / "docs" / "templates.md").read_text(encoding="utf-8")
PARTS = sorted((shipped("templates") / "email").iterdir())


def test_the_parts_that_are_documented_are_those_that_are_there() -> None:
    rows = re.findall(r"^\| `(email/[a-z_.]+)` \|", TOLD, re.MULTILINE)
    assert sorted(rows) == [f"email/{part.name}" for part in PARTS]


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_every_macro_is_documented_with_what_it_takes(part: Path) -> None:
    row = next(line for line in TOLD.splitlines() if line.startswith(f"| `email/{part.name}` |"))
    macros = re.findall(r"{% macro (\w+\([^)]*\))", part.read_text(encoding="utf-8"))
    if part.name == "full_text.html":
        macros.remove("part(heading, text)")  # for itself alone
    for macro in macros:
        assert f"`{macro.replace('=' + chr(34) * 2, '')}`" in row


@pytest.mark.parametrize("value", [Contents, Section, Card, Article, More, Explained, Publication])
def test_every_value_that_a_part_gets_is_documented(value: type) -> None:
    missing = {field.name for field in fields(value) if not re.search(rf"[`.]{field.name}`", TOLD)}
    assert missing == set()


def test_every_mark_of_our_own_parts_is_documented() -> None:
    every = "".join(part.read_text(encoding="utf-8") for part in PARTS)
    comments = set(re.findall(r"<!--(?!\[if|<!\[)(.*?)-->", every)) - {"<![endif]"}
    lines = set(re.findall(r"^__DIGEST_/?[A-Z]+", every, re.MULTILINE))
    assert len(comments) > 5
    assert {mark for mark in comments if f"`<!--{mark}-->`" not in TOLD} == set()
    assert {mark for mark in lines if f"`{mark}" not in TOLD} == set()
    said = {field.name for field in fields(Opening)} - {"subject"}
    assert {name for name in said if f"<!--say {name}-->" not in TOLD} == set()
