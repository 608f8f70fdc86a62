"""The taxonomy: themes.yaml → themes with their terms, prototypes and tie-breaks, checked."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictStr, ValidationError, field_validator

from digest.config.yaml_file import read_mapping
from digest.editorial.prototypes import Prototypes, make_prototypes, our_labelled
from digest.editorial.terms import key_of, term_pattern
from digest.editorial.themes.weights import counts_of_text, counts_of_texts
from digest.errors import ConfigError
from digest.values import AUDIENCES, Audience, Theme

SHIPPED = Path(__file__).parents[1] / "themes.yaml"
# Chosen by `make eval` on summaries that the prototypes had not seen; it hardly minds a half more.
PROTOTYPE_COUNTS = 3.0  # how many summaries the prototype text of a theme stands for
SHARPNESS = 25.0
LEAST_TELLING = 0.3


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a theme; `pattern` matches it where a word begins."""

    theme: str
    weight: float
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """The themes in file order, and by what they are told apart.

    `wins_over` says how near (a share of its score) a theme must come to win over another.
    `terms` are found by how they begin (or end).
    """

    themes: Mapping[str, Theme]
    definitions: Mapping[str, str]
    wins_over: Mapping[str, Mapping[str, float]]
    terms: Mapping[str, tuple[Term, ...]]
    texts: Mapping[str, str]  # the prototype text of each theme
    prototypes: Prototypes

    def but_for(self, slugs: Collection[str]) -> Taxonomy:
        """The same, as if these labelled summaries were not ours: to measure on them."""
        return replace(self, prototypes=_prototypes(self.texts, slugs))


def load_taxonomy(path: Path | None = None) -> Taxonomy:
    """The taxonomy in `path`, or the shipped one. Raises ConfigError: file, theme, key, mend."""
    return _load(path or SHIPPED, _stamp(path or SHIPPED))


def theme_names(path: Path | None = None) -> tuple[str, ...]:
    """The themes of the same file in its order, without the terms. Raises ConfigError."""
    return _names(path or SHIPPED, _stamp(path or SHIPPED))


def _stamp(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0  # reading it will say what is wrong


@lru_cache(maxsize=4)
def _names(path: Path, stamp: int) -> tuple[str, ...]:
    return tuple(_read_file(path))


@lru_cache(maxsize=4)
def _load(path: Path, stamp: int) -> Taxonomy:
    """Read once per change of the file: its terms take a fifth of a second to prepare."""
    read: dict[str, _ThemeInFile] = {}
    for theme, raw in _read_file(path).items():
        try:
            read[theme] = _ThemeInFile.model_validate(raw)
        except ValidationError as error:
            raise _explain(path, theme, error) from None
    for theme, content in read.items():
        for other in content.wins_over:
            if other not in read or other == theme:
                raise ConfigError(
                    f"'{other}' is no other theme of this file",
                    where=f"{path}: {theme}.wins_over",
                    mend=f"Known are {', '.join(read)}",
                )
    texts = MappingProxyType({theme: content.prototype for theme, content in read.items()})
    return Taxonomy(
        themes=MappingProxyType({t: Theme(t, c.names, c.lines) for t, c in read.items()}),
        definitions=MappingProxyType({t: c.definition for t, c in read.items()}),
        wins_over=MappingProxyType({t: MappingProxyType(c.wins_over) for t, c in read.items()}),
        terms=MappingProxyType(_index(read)),
        texts=texts,
        prototypes=_prototypes(texts),
    )


# ── the file ──────────────────────────────────────────────────────────────────────────────


class _ThemeInFile(BaseModel):
    """One theme as it stands in the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    names: dict[Audience, StrictStr]
    lines: dict[Audience, StrictStr]
    terms: dict[Annotated[float, Field(gt=0, le=100)], list[StrictStr]] = Field(min_length=1)
    wins_over: dict[StrictStr, Annotated[float, Field(gt=0, le=1)]] = {}
    definition: StrictStr = ""
    prototype: StrictStr = ""

    @field_validator("names", "lines")
    @classmethod
    def _for_every_audience(cls, words: dict[Audience, str]) -> dict[Audience, str]:
        for audience in AUDIENCES:
            text = words.get(audience, "")
            if not text.strip() or not text.isprintable():
                raise ValueError(f"needs one line of text for {audience}")
        return words

    @field_validator("terms")
    @classmethod
    def _well_formed(cls, terms: dict[float, list[str]]) -> dict[float, list[str]]:
        seen: set[str] = set()
        for term in (term for group in terms.values() for term in group):
            term_pattern(term)
            if term.lower() in seen:  # it would count twice
                raise ValueError(f"'{term.lower()}' is given twice")
            seen.add(term.lower())
        return terms


def _read_file(path: Path) -> dict[str, Any]:
    raw = read_mapping(path, mend="Mend `themes:` in config.yaml, or start from our themes.yaml")
    for theme in raw:
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", theme):
            raise ConfigError(
                f"'{theme}' is no name for a theme",
                where=str(path),
                mend="Use small letters, digits and _, at most 40",
            )
    return raw


def _explain(path: Path, theme: str, error: ValidationError) -> ConfigError:
    detail = error.errors()[0]
    key = ".".join(str(part) for part in (theme, *detail["loc"]) if part != "[key]")
    if detail["type"] == "extra_forbidden":
        known = ", ".join(_ThemeInFile.model_fields)
        return ConfigError("unknown key", where=f"{path}: {key}", mend=f"Known are {known}")
    problem = detail["msg"].removeprefix("Value error, ")
    return ConfigError(problem, where=f"{path}: {key}", mend="See our themes.yaml for the form")


def _index(themes: Mapping[str, _ThemeInFile]) -> dict[str, tuple[Term, ...]]:
    """Terms by their keys: at each word of a text only a few are tried."""
    index: dict[str, tuple[Term, ...]] = {}
    for theme, content in themes.items():
        for weight, terms in content.terms.items():
            for text in terms:
                key = key_of(text)
                index[key] = (*index.get(key, ()), Term(theme, weight, term_pattern(text)))
    return index


def _prototypes(texts: Mapping[str, str], but_for: Collection[str] = ()) -> Prototypes:
    """From the themes' prototype texts and our summaries of these themes."""
    labelled = [
        (one.theme, counts_of_texts(**one.texts))
        for one in our_labelled()
        if one.theme in texts and one.slug not in but_for
    ]
    written = {theme: counts_of_text(text) for theme, text in texts.items()}
    return make_prototypes(
        labelled, sharpness=SHARPNESS, least=LEAST_TELLING, texts=written, weight=PROTOTYPE_COUNTS
    )
