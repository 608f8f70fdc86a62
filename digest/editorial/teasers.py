"""Chooses, for each audience, the sentences of a summary that stand in the mail.

In: a summary and its evidence. Out: lead, a sentence for this audience, the caveat; whole
sentences of the summary, never written by us (law 9: "in mice" is never lost).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from digest.editorial.cues import cue, opening, plain
from digest.editorial.sentences import split_sentences
from digest.values import AUDIENCES, Audience, Evidence, Summary, Teaser

SHORTEST, LONGEST = 180, 430  # characters of a whole teaser, where the summary allows it
SHORT_LEAD = 110  # a lead from what was found, without its headline, gets a second sentence

HYPE = cue(
    r"hop(?:e|es|ed|ing|eful\w*)|empower\w*|breakthrough\w*|cur(?:e|es|ed|ing)|miracle\w*",
    r"game[- ]?chang\w*|exciting|revolution\w*|encouraged|encouraging|thrill\w*",
)
WHOLE = re.compile(r"""[.!?…]["'”’)\]]*$""")  # headings and cut sentences have no stop
# An opening that points back to a sentence which is not there.
POINTS_BACK = opening(
    r"It|Its|They|Their|Them|He|She|His|Her|This|These|That|Those(?! with MS)|Such",
    r"Here|There|Both|Neither|Others?|Another|Some (?:of|also|did|had|were|cases)|Once|But|And|Or",
    r"So|Yet|Still|Even|However|Therefore|Thus|Hence|Also|Additionally|Moreover|Furthermore",
    r"Instead|Then|Overall|Similarly|Likewise|Nevertheless|Meanwhile|Rather|If so|Not every",
    r"As a result",
    r"For (?:example|instance)|In (?:addition|contrast|turn|other words|short|that|this|these)",
    r"On the other hand|By contrast|Because of (?:this|that|these)",
    r"(?:Of|Among) (?:these|those|them)",
    r"(?:Understanding|Knowing|With|Without) (?:it|this|that|these)",
    r"The (?:same|other|latter|former|first|second|third)",
    # … or behind a short opening: "Before that, they were …", "In 72% of cases it did not"
    r"[^,]{0,60}, (?:they|it|he|she|this|these|the (?:answer|effect|change))",
    r"(?:For|In|At|By) [\d.,]+% (?:of \w+ )?(?:it|they)",
)
# Words inside a sentence that lean on an earlier one: "notice them first", "such an event".
LEANS_BACK = cue(
    r"such (?:an? )?\w+",
    # "cases there were fewer" points at a place; "that there are others" does not
    r"(?<!that )(?<!if )(?<!when )(?<!because )(?<!and )(?<!but )(?<!, )(?<!^)there",
    r"(?:keep|use|follow|at|on|with|from|for) (?:that|those) (?!who\b|with\b|is\b|are\b|the\b)\w+",
    r"^(?:\w+ ){1,4}them\b",
)
RESULT = cue(r"found|finds|showed|shows|shown|discovered|suggests?|linked|tied|improved?|reduced")
PICTURE = cue(
    r"^(?:think of|imagine|picture)",
    r"(?:it is|it's|is rather|is a (?:little|bit)|just) (?:like|as)|as if|resembles?",
    r"similar to how",
    r"(?:is|are|was|works?|acts|behaves?) like|like an?",
)
CARE_BECAUSE = cue(
    r"(?:should|may want to|might want to|will want to|need to|can|must) (?:\w+ )?"
    r"(?:care(?! for)|take (?:note|notice)|be (?:interested|excited)|pay (?:\w+ )?attention"
    r"(?! to (?!this|these|the (?:findings|research|study|results))))",
)
MANY = r"(?:(?:Many|Most|Some|All|Older|Younger|Newly diagnosed|MS) )?"
WITH_MS = (
    r" (?:\w+ )?with (?:\w+ )?(?:MS|multiple sclerosis|NMOSD|MOGAD)(?! specialists?| experts?)"
)
SUBJECTS: dict[Audience, re.Pattern[str]] = {
    "patient": opening(
        rf"{MANY}[Pp]atients(?!['’])",
        rf"{MANY}(?:[Pp]eople|[Ii]ndividuals|[Ww]omen|[Mm]en|[Aa]dults){WITH_MS}",
        rf"(?:Anyone|Everyone|Those){WITH_MS}",
    ),
    "caregiver": opening(
        rf"{MANY}(?:[Ff]amily )?[Cc]aregivers",
        r"Carers|Care partners|Family members|Loved ones|Families|Partners and other caregivers",
        rf"{MANY}[Pp]atients(?:,| and)(?: their)? (?:caregivers|families)",
    ),
    "clinician": opening(
        r"Health[- ]?[Cc]are (?:providers|professionals|workers|teams)|Providers",
        rf"{MANY}(?:[Dd]octors|[Cc]linicians|[Pp]hysicians|[Nn]eurologists|[Nn]urses)",
        r"Medical (?:teams|professionals)",
    ),
}
SPEAKS_TO_READERS = cue(r"can|may|might|could|should|need|must|will|cannot")
# After a study in animals or cells alone, readers may be told what to know, never what to do.
TO_KNOW = cue(r"not|cannot|know|remember|understand|see|expect|note|learn|meet|hear|aware")
FIGURE = re.compile(r"(?<![\w-])\d")
# "More than 6,800 people" is a size, "up to 80% of people" mostly background: no direction.
SIZE = re.compile(r"\b(?:more|less|fewer) than (?=\d)|\bup to [\d.]+%|\brelapsing\b")
DIRECTION = cue(
    r"more|less|fewer|lower\w*|higher|reduc\w*|increas\w*|decreas\w*|rose|fell|drop\w*|worse\w*",
    r"improv\w*|better|faster|slower|greater|smaller|larger|doubled|halved|likely|likelier|than",
    r"no difference|respond\w*|recovered|relapsed?|sensitivity|present in|reported by|alive",
    r"had (?:a|an|no|any|trouble)|named by|found to have|worked in",
)


def make_teasers(summary: Summary, evidence: Evidence) -> dict[Audience, Teaser]:
    """The teaser of each audience. Every part is whole sentences, verbatim but for white space."""
    texts = _Texts.of(summary)
    return {audience: _teaser(texts, evidence, audience) for audience in AUDIENCES}


@dataclass(frozen=True, slots=True)
class _Texts:
    """A summary in sentences. `headline` is empty when it is the title too: readers have it."""

    title: str
    headline: str
    found: tuple[str, ...]
    why: tuple[str, ...]
    limits: tuple[str, ...]

    @classmethod
    def of(cls, summary: Summary) -> _Texts:
        headline = _folded(summary.headline)
        return cls(
            title=_folded(summary.title) or headline,
            headline="" if _bare(headline) == _bare(summary.title) else headline,
            found=tuple(split_sentences(summary.found)),
            why=tuple(split_sentences(summary.why)),
            limits=tuple(split_sentences(summary.limits)),
        )


def _teaser(texts: _Texts, evidence: Evidence, audience: Audience) -> Teaser:
    caveat = evidence.caveat.value
    leads = [s for s in _leads(texts, audience) if s != caveat]
    lead = next((s for s in leads if _length(s, caveat) <= LONGEST), (*leads, texts.title)[0])
    room = LONGEST - _length(lead, caveat)
    candidates = _for_audience(texts, evidence, audience)
    sentence = next((s for s in candidates if s not in (lead, caveat) and len(s) < room), None)
    length = _length(lead, sentence, caveat)
    if length < SHORTEST or (lead != texts.headline and len(lead) < SHORT_LEAD):
        lead = _longer(lead, texts, {lead, sentence, caveat}, LONGEST - length)
    return Teaser(lead, sentence, caveat)


def _length(*parts: str | None) -> int:
    """Characters of the parts, a blank between each two."""
    present = [part for part in parts if part]
    return sum(map(len, present)) + max(0, len(present) - 1)


# ── lead ──────────────────────────────────────────────────────────────────────────────────


def _leads(texts: _Texts, audience: Audience) -> Iterator[str]:
    """Candidates for the lead, the best first."""
    alone = [s for s in texts.found if _stands_alone(s)]
    if audience == "clinician":
        yield from (s for s in alone if _gives_figures(s))
    if texts.headline and not HYPE.search(plain(texts.headline)):
        yield texts.headline
    else:  # a page without a title of its own: what was found before how it was looked for
        yield from (s for s in alone if RESULT.search(plain(s)))
    yield from alone
    yield from (s for s in texts.found if not HYPE.search(plain(s)))
    if texts.headline:
        yield texts.headline


def _longer(lead: str, texts: _Texts, taken: set[str | None], room: int) -> str:
    """`lead` and one more sentence, when one stands beside it and fits into `room`."""
    if not WHOLE.search(lead):
        return lead
    found = texts.found
    # What follows the lead in the text may point back to it; the others must stand alone.
    following = found[found.index(lead) + 1 :][:1] if lead in found else ()
    beside = [s for s in following if WHOLE.search(s) and not _sells_or_paints(s)]
    alone = (s for s in (texts.headline, *found) if _stands_alone(s))
    for sentence in (*beside, *alone):
        if sentence not in taken and len(sentence) < room:
            return f"{lead} {sentence}"
    return lead


def _gives_figures(sentence: str) -> bool:
    result = SIZE.sub("", plain(sentence))
    return bool(FIGURE.search(result)) and bool(DIRECTION.search(result))


def _stands_alone(sentence: str) -> bool:
    return (
        WHOLE.search(sentence) is not None
        and not POINTS_BACK.match(sentence)
        and not _sells_or_paints(sentence)
    )


def _sells_or_paints(sentence: str) -> bool:
    line = plain(sentence)
    return HYPE.search(line) is not None or PICTURE.search(line) is not None


# ── audience sentence ─────────────────────────────────────────────────────────────────────


def _for_audience(texts: _Texts, evidence: Evidence, audience: Audience) -> Iterator[str]:
    """Clean sentences whose subject is the audience; the why paragraph first."""
    bench = evidence.animals_only or evidence.kind.value == "lab"
    # Elsewhere than in why, patients are mostly those who were studied, not those who read.
    others = (s for s in texts.found + texts.limits if SPEAKS_TO_READERS.search(plain(s)))
    for sentence in (*texts.why, *others):
        if not SUBJECTS[audience].match(sentence) or not _stands_alone(sentence):
            continue
        line = plain(sentence)
        if LEANS_BACK.search(line):
            continue
        if not CARE_BECAUSE.search(line) and (not bench or TO_KNOW.search(line)):
            yield sentence


def _folded(text: str) -> str:
    return " ".join(text.split())


def _bare(text: str) -> str:
    """Letters and digits alone: "A B." and "a b" are the same headline."""
    return "".join(char for char in text.casefold() if char.isalnum())
