"""Puts a summary into one of the themes, and says how sure that is and which words decided.

The taxonomy is data (themes.yaml, or a site's own file) and checked on load. A summary is scored
by weighted terms: title and headline weigh thrice, what was found once, limits and why hardly.
When two themes are close, the taxonomy's `wins_over` settles it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, StrictStr, ValidationError, field_validator

from digest.errors import ConfigError
from digest.values import AUDIENCES, Audience, Summary, Theme, ThemeVerdict

SHIPPED = Path(__file__).with_name("themes.yaml")

# How much a term counts where it stands. Title and headline say what a study is about; limits
# and why name patients, doctors and daily life in every summary alike.
HEADLINE_WEIGHT = 3.0
FIELD_WEIGHTS = {"found": 1.0, "limits": 0.1, "why": 0.05}
CLOSE = 0.62  # a theme this near to the best may win over it by a tie-break
SECOND = 0.4  # a theme this near to the best is named as second theme
SHOWN_TERMS = 6
KEY_LENGTH = 3
WORD = re.compile(r"\w+")
SIGNS = str.maketrans("‐‑‒–—−’", "------'")  # one for one: places in the text stay


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a theme; `pattern` matches it where a word begins."""

    theme: str
    weight: float
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """The themes in file order, their tie-breaks, and their terms by how they begin (or end)."""

    themes: Mapping[str, Theme]
    wins_over: Mapping[str, frozenset[str]]
    terms: Mapping[str, tuple[Term, ...]]


def load_taxonomy(path: Path | None = None) -> Taxonomy:
    """The taxonomy in `path`, or the shipped one. Raises ConfigError: file, theme, key, mend."""
    path = path or SHIPPED
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
    return Taxonomy(
        themes=MappingProxyType({t: Theme(t, c.names, c.lines) for t, c in read.items()}),
        wins_over=MappingProxyType({t: frozenset(c.wins_over) for t, c in read.items()}),
        terms=MappingProxyType(_index(read)),
    )


def classify(summary: Summary, taxonomy: Taxonomy) -> ThemeVerdict:
    """Where `summary` belongs. With no term found it is the file's first theme, margin 0."""
    hits = _Hits()
    for text, weight in _weighted_texts(summary):
        hits.read(text, weight, taxonomy)
    scores = hits.scores()
    ranked = sorted(taxonomy.themes, key=lambda theme: -scores.get(theme, 0.0))  # stable
    best = ranked[0]
    if not scores:
        return ThemeVerdict(best, None, 0.0, ())
    near = [theme for theme in ranked[1:] if scores.get(theme, 0.0) >= CLOSE * scores[best]]
    theme = next((t for t in near if best in taxonomy.wins_over[t]), best)
    second = next((t for t in ranked if t != theme), None)
    second_score = scores.get(second, 0.0) if second else 0.0
    return ThemeVerdict(
        theme=theme,
        also=second if second_score >= SECOND * scores[theme] else None,
        margin=round(max(0.0, 1 - second_score / scores[theme]), 3),
        terms=hits.deciding(theme),
    )


def _weighted_texts(summary: Summary) -> Iterator[tuple[str, float]]:
    yield summary.title, HEADLINE_WEIGHT
    if summary.headline.casefold() != summary.title.casefold():  # a page without title has one
        yield summary.headline, HEADLINE_WEIGHT
    for field, weight in FIELD_WEIGHTS.items():
        yield getattr(summary, field), weight


class _Hits:
    """What was found of each term: a weighted count and the words as they stand in the text."""

    def __init__(self) -> None:
        self.weights: dict[Term, float] = {}
        self.seen: dict[Term, str] = {}

    def read(self, text: str, weight: float, taxonomy: Taxonomy) -> None:
        """Count the terms in one text; a repeated term counts less each time."""
        plain = text.translate(SIGNS)
        counts: dict[Term, int] = {}
        for word in WORD.finditer(plain):
            for key in _keys(word[0].lower()):
                for term in taxonomy.terms.get(key, ()):
                    if match := term.pattern.match(plain, word.start()):
                        counts[term] = counts.get(term, 0) + 1
                        self.seen.setdefault(term, text[match.start() : match.end()])
        for term, count in counts.items():
            self.weights[term] = self.weights.get(term, 0.0) + weight * term.weight * sqrt(count)

    def scores(self) -> dict[str, float]:
        """The sum of each theme."""
        scores: dict[str, float] = {}
        for term, weight in self.weights.items():
            scores[term.theme] = scores.get(term.theme, 0.0) + weight
        return scores

    def deciding(self, theme: str) -> tuple[str, ...]:
        """The weightiest words for `theme`, each once, as they stand in the summary."""
        own = [term for term in self.weights if term.theme == theme]
        own.sort(key=lambda term: -self.weights[term])
        words = {self.seen[term].casefold(): self.seen[term] for term in reversed(own)}
        return tuple(reversed(words.values()))[:SHOWN_TERMS]


# ── the file ──────────────────────────────────────────────────────────────────────────────


class _ThemeInFile(BaseModel):
    """One theme as it stands in the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    names: dict[Audience, StrictStr]
    lines: dict[Audience, StrictStr]
    terms: dict[Annotated[float, Field(gt=0, le=100)], list[StrictStr]] = Field(min_length=1)
    wins_over: list[StrictStr] = []

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
        for term in (term for group in terms.values() for term in group):
            _pattern(term)
        return terms


def _read_file(path: Path) -> dict[str, Any]:
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            "there is no such file", where=str(path), mend="Mend `themes:` in config.yaml"
        ) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(
            f"cannot be read ({reason})", where=str(path), mend="It must be readable UTF-8 YAML"
        ) from None
    if not isinstance(raw, dict) or not raw:
        raise ConfigError(
            "holds no themes", where=str(path), mend="Start from a copy of our themes.yaml"
        )
    for theme in raw:
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", str(theme)):
            raise ConfigError(
                f"'{theme}' is no name for a theme",
                where=str(path),
                mend="Use small letters, digits and _, at most 40",
            )
    return {str(theme): content for theme, content in raw.items()}


def _explain(path: Path, theme: str, error: ValidationError) -> ConfigError:
    detail = error.errors()[0]
    key = ".".join(str(part) for part in (theme, *detail["loc"]) if part != "[key]")
    if detail["type"] == "extra_forbidden":
        known = ", ".join(_ThemeInFile.model_fields)
        return ConfigError("unknown key", where=f"{path}: {key}", mend=f"Known are {known}")
    problem = detail["msg"].removeprefix("Value error, ")
    return ConfigError(problem, where=f"{path}: {key}", mend="See our themes.yaml for the form")


# ── terms ─────────────────────────────────────────────────────────────────────────────────


def _index(themes: Mapping[str, _ThemeInFile]) -> dict[str, tuple[Term, ...]]:
    """Terms by their first letters ("rem"), or last ones ("*nib"): most are never tried."""
    index: dict[str, tuple[Term, ...]] = {}
    for theme, content in themes.items():
        for weight, terms in content.terms.items():
            for text in dict.fromkeys(terms):
                key = _key_of(text)
                index[key] = (*index.get(key, ()), Term(theme, weight, _pattern(text)))
    return index


def _key_of(term: str) -> str:
    first = re.split(r"[\s-]", term.lower())[0]
    if first.startswith("*"):
        return "*" + first[-KEY_LENGTH:]
    return first.rstrip("*")[:KEY_LENGTH]


def _keys(word: str) -> tuple[str, str]:
    return word[:KEY_LENGTH], "*" + word[-KEY_LENGTH:]


def _pattern(term: str) -> re.Pattern[str]:
    """The pattern of a term of the file. Raises ValueError when it could match anything."""
    words = re.split(r"[\s-]+", term.strip())
    if len(words[0].strip("*")) < (KEY_LENGTH if "*" in words[0] else 1):
        raise ValueError(f"'{term}' is too short; a stem has at least {KEY_LENGTH} letters")
    if not re.fullmatch(r"\*?\w+\*?(?:[\s-]+(?:\w+\*?|\*))*", term.strip()):
        raise ValueError(f"'{term}' is no term; write words, with * for any ending")
    body = r"[\s-]+".join(re.escape(word).replace(r"\*", r"\w*") for word in words)
    flags = re.NOFLAG if term != term.lower() else re.IGNORECASE
    return re.compile(body + r"(?!\w)", flags)
