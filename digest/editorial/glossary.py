"""The glossary: hard words that stand in teasers, each with one plain line.

In: glossary.yaml (or a site's own file) and the teasers of one theme. Out: the `Word`s to mark and
explain, in reading order. The texts themselves are never changed (law 9).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ConfigDict, StrictStr, ValidationError, field_validator

from digest.config.yaml_file import read_mapping
from digest.editorial.terms import SIGNS, WORD, key_of, term_pattern
from digest.errors import ConfigError
from digest.values import Word

SHIPPED = Path(__file__).with_name("glossary.yaml")
LONGEST_MEANING = 110  # characters: two lines on a phone
LONGEST_TERM = 40
MOST_WORDS = 4  # a theme: a box longer than a card helps nobody, and bytes are few


@dataclass(frozen=True, slots=True)
class Form:
    """One way in which a term stands in a text; `pattern` matches it where a word begins."""

    term: str
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Glossary:
    """Terms in file order with their meanings, and their forms by how they begin."""

    meanings: Mapping[str, str]
    forms: Mapping[str, tuple[Form, ...]]


def load_glossary(path: Path | None = None) -> Glossary:
    """The glossary in `path`, or the shipped one. Raises ConfigError: file, term, key, mend."""
    path = path or SHIPPED
    try:
        stamp = path.stat().st_mtime_ns
    except OSError:
        stamp = 0  # reading it will say what is wrong
    return _load(path, stamp)


def find_words(texts: Iterable[str], glossary: Glossary) -> tuple[Word, ...]:
    """The terms that stand in `texts`, in reading order; each once, with the form seen first.

    The longest form wins ("secondary progressive MS" before "progressive MS"); of more than
    MOST_WORDS the first ones stay.
    """
    seen: dict[str, str] = {}
    for text in texts:
        for term, form in _occurrences(text, glossary):
            seen.setdefault(term, form)
        if len(seen) >= MOST_WORDS:
            break
    first = list(seen.items())[:MOST_WORDS]
    return tuple(Word(term, form, glossary.meanings[term]) for term, form in first)


@lru_cache(maxsize=4)
def _load(path: Path, stamp: int) -> Glossary:
    """Read once per change of the file."""
    read: dict[str, _TermInFile] = {}
    for term, raw in _read_file(path).items():
        try:
            read[term] = _TermInFile.model_validate(raw)
        except ValidationError as error:
            raise _explain(path, term, error) from None
    return Glossary(
        meanings=MappingProxyType({term: content.meaning for term, content in read.items()}),
        forms=MappingProxyType(_index(path, read)),
    )


def _occurrences(text: str, glossary: Glossary) -> Iterator[tuple[str, str]]:
    """Every (term, form as it stands) in `text`, none inside another."""
    plain = text.translate(SIGNS)
    end = 0
    for word in WORD.finditer(plain):
        if word.start() < end:
            continue
        longest = None
        for form in glossary.forms.get(key_of(word[0]), ()):
            match = form.pattern.match(plain, word.start())
            if match and match.end() > end:
                end, longest = match.end(), form
        if longest:
            yield longest.term, text[word.start() : end]


# ── the file ──────────────────────────────────────────────────────────────────────────────


class _TermInFile(BaseModel):
    """One term as it stands in the file; without forms it is looked for as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    meaning: StrictStr
    forms: list[StrictStr] = []

    @field_validator("meaning")
    @classmethod
    def _one_plain_line(cls, meaning: str) -> str:
        if not meaning.strip() or not meaning.isprintable():
            raise ValueError("must be one line of text")
        if len(meaning) > LONGEST_MEANING:
            raise ValueError(f"has {len(meaning)} characters, at most {LONGEST_MEANING} fit")
        return meaning.strip()

    @field_validator("forms")
    @classmethod
    def _well_formed(cls, forms: list[str]) -> list[str]:
        for form in forms:
            if form.startswith("*"):
                raise ValueError(f"'{form}': only the end of a word may be left open")
            term_pattern(form)
        return forms


def _read_file(path: Path) -> dict[str, Any]:
    raw = read_mapping(
        path, mend="Mend `glossary:` in config.yaml, or start from our glossary.yaml"
    )
    for term in raw:
        try:
            term_pattern(term)
            fits = len(term) <= LONGEST_TERM and "*" not in term
        except ValueError:
            fits = False
        if not fits:
            raise ConfigError(
                f"'{term}' is no term",
                where=str(path),
                mend=f"Write words and hyphens, at most {LONGEST_TERM} characters",
            )
    return raw


def _index(path: Path, read: Mapping[str, _TermInFile]) -> dict[str, tuple[Form, ...]]:
    """Forms by their first letters: at most words of a text none is tried."""
    index: dict[str, tuple[Form, ...]] = {}
    owner: dict[str, str] = {}
    for term, content in read.items():
        for text in dict.fromkeys(content.forms or [term]):
            if owner.setdefault(text, term) != term:
                raise ConfigError(
                    f"'{text}' is a form of '{owner[text]}' too",
                    where=f"{path}: {term}.forms",
                    mend="Leave it to one of the two",
                )
            index[key_of(text)] = (*index.get(key_of(text), ()), Form(term, term_pattern(text)))
    return index


def _explain(path: Path, term: str, error: ValidationError) -> ConfigError:
    details = error.errors()
    # A misspelt key comes first: it may well be why another one is missing.
    unknown = (detail for detail in details if detail["type"] == "extra_forbidden")
    detail = next(unknown, details[0])
    key = ".".join(str(part) for part in (term, *detail["loc"]))
    if detail["type"] == "extra_forbidden":
        known = ", ".join(_TermInFile.model_fields)
        return ConfigError("unknown key", where=f"{path}: {key}", mend=f"Known are {known}")
    if detail["type"] in ("missing", "model_type"):
        return ConfigError(
            "its `meaning` is missing", where=f"{path}: {term}", mend="Say in one line what it is"
        )
    problem = detail["msg"].removeprefix("Value error, ")
    return ConfigError(problem, where=f"{path}: {key}", mend="See our glossary.yaml for the form")
