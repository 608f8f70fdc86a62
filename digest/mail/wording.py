"""Our own words in the mail: counts, months, kinds of study, animals, the standing sentences.

Values in, short English phrases out. Nothing here says more than the evidence states
(law 9): what is not stated gives no word at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from digest.values import Audience, Evidence, StudyKind

WORDS_PER_MINUTE = 200
NEW_RESEARCH = "New research"  # what {top} says of an edition whose themes it cannot name
NO_LIMITS = "The summary names no limits."
WORDS_LABEL = "Words explained"
ALSO_WORTH_READING = "Also worth reading"
ABOUT_HEADING = "About this research"

# Control characters and lone surrogates: lxml stops at the first, UTF-8 refuses the second.
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
_NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
_ANIMALS = {"mouse": "mice", "rat": "rats", "zebrafish": "zebrafish", "animal": "animals"}

_PLAIN_KINDS: dict[StudyKind, str] = {
    "review": "Review of earlier studies",
    "trial": "Trial",
    "observational": "People observed",
    "case": "Case report",
    "survey": "Survey",
    "lab": "Laboratory study",
    "mixed": "People and laboratory",
}
_CLINICAL_KINDS: dict[StudyKind, str] = {
    "review": "Review",
    "trial": "Randomized trial",
    "observational": "Observational study",
    "case": "Case report or series",
    "survey": "Survey or interviews",
    "lab": "Laboratory study",
    "mixed": "Clinical and laboratory study",
}
_KINDS: dict[Audience, dict[StudyKind, str]] = {
    "patient": _PLAIN_KINDS,
    "caregiver": _PLAIN_KINDS,
    "clinician": _CLINICAL_KINDS,
}

_ABOUT: dict[Audience, str] = {
    "patient": "One study is one piece of a puzzle. Please talk with your health-care team "
    "before you change anything in your treatment.",
    "caregiver": "One study is one piece of a puzzle. Please talk with the health-care team "
    "before anything changes in treatment or care.",
    "clinician": "One study is one piece of a puzzle, and a plain-language summary leaves much "
    "out. Please read the original first, before it changes what you advise or do.",
}


@dataclass(frozen=True, slots=True)
class Phrase:
    """A few words of an evidence line; `strong` ones are set in bold."""

    text: str
    strong: bool = False


def one_line(text: str) -> str:
    """The same words with no control character and single spaces between them."""
    return " ".join(_UNWRITABLE.sub(" ", text).split())


def studies(count: int) -> str:
    """`1 study`, `6 studies`."""
    return f"{count:,} {'study' if count == 1 else 'studies'}"


def new_studies(count: int) -> str:
    """`1 new study`, `6 new studies`."""
    return f"{count:,} new {'study' if count == 1 else 'studies'}"


def themes(count: int) -> str:
    """`1 theme`, `3 themes`."""
    return f"{count:,} {'theme' if count == 1 else 'themes'}"


def people(count: int) -> str:
    """`1 person`, `1,861 people`."""
    return f"{count:,} {'person' if count == 1 else 'people'}"


def more_on_the_web(count: int, theme: str) -> str:
    """`3 more on the web: Everyday symptoms`."""
    return f"{count:,} more on the web: {theme}"


def more_than_chosen(count: int) -> str:
    """What someone reads who chose themes, and for whom `count` studies were left away."""
    more = f"{count:,} more {'study is' if count == 1 else 'studies are'}"
    return f"You see the themes that you chose. {more} in the whole issue, on the web."


def month_of(instant: datetime, timezone: str) -> str:
    """The month of a UTC instant as the publication's readers see it: `November 2026`."""
    local = instant.astimezone(ZoneInfo(timezone))
    return f"{_MONTHS[local.month - 1]} {local.year}"


def fill(template: str, fields: Mapping[str, str]) -> str:
    """`template` with its {fields} filled in one pass; a brace that is no field stays as it is."""
    return re.sub(r"\{(\w+)\}", lambda match: fields.get(match[1], match[0]), template)


def reading_time(words: int) -> str:
    """`Reading time: 4 minutes.`, at 200 words a minute and never under one minute."""
    minutes = max(1, round(words / WORDS_PER_MINUTE))
    return f"Reading time: {minutes} {'minute' if minutes == 1 else 'minutes'}."


def animals_fact(in_animals: Sequence[Sequence[str]], of: int) -> str:
    """`One was done in mice, not people.`; empty when none of the `of` was in animals alone.

    `in_animals` holds the species of each that was. Where they differ it names every kind:
    `Three were done in mice or rats, not people.`
    """
    if not in_animals:
        return ""
    every = tuple(dict.fromkeys(one for species in in_animals for one in species))
    differ = any(set(species) != set(every) for species in in_animals)
    which = _animals(every, "or" if differ else "and")
    return f"{_how_many(len(in_animals), of)} done in {which}, not people."


def evidence_line(evidence: Evidence, journal: str, audience: Audience) -> tuple[Phrase, ...]:
    """Kind, how many people or which animals, journal; nothing for what is not stated."""
    return tuple(
        phrase
        for phrase in (
            Phrase(_kind(evidence, audience)),
            Phrase(people(evidence.participants.value) if evidence.participants.value else ""),
            Phrase(_in_animals(evidence), strong=True),
            Phrase(journal),
        )
        if phrase.text
    )


def about(audience: Audience) -> str:
    """The standing caution about single studies, for one audience."""
    return _ABOUT[audience]


def why_you_get_this(readers: str, joined: str) -> str:
    """The sentence that says where the reader's consent came from."""
    return f"You get this because you joined the list for {readers} on {joined}."


def _how_many(count: int, of: int) -> str:
    if of == 1:
        return "It was"
    if count == of:
        return "Both were" if of == 2 else "All were"
    number = _NUMBERS[count] if count < len(_NUMBERS) else str(count)
    return f"{number} {'was' if count == 1 else 'were'}"


def _kind(evidence: Evidence, audience: Audience) -> str:
    kind = _KINDS[audience].get(evidence.kind.value, "")  # "unclear" is not stated
    if kind == "Case report" and (evidence.participants.value or 0) > 1:
        kind = "Case reports"
    if evidence.results.value:
        return kind
    return f"{kind}: plan only, no results yet" if kind else "Study plan, no results yet"


def _in_animals(evidence: Evidence) -> str:
    """`mice, not people`; `partly in mice` where people, or their tissue, were studied too."""
    which = _animals(evidence.species.value)
    if not which:
        return ""
    return f"{which}, not people" if evidence.animals_only else f"partly in {which}"


def _animals(species: Sequence[str], last: str = "and") -> str:
    names = [_ANIMALS.get(one, one) for one in species if one != "human"]
    if len(names) > 1 and "animals" in names:
        names = [name for name in names if name != "animals"] + ["other animals"]
    return f" {last} ".join(", ".join(names).rsplit(", ", 1))
