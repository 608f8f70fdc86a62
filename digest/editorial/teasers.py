"""Chooses, for each audience, the sentences of a summary that stand in the mail.

In: a summary and its evidence. Out: lead, a sentence for this audience, the caveat; whole
sentences of the summary, never written by us (law 9: "in mice" is never lost).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

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
    r"Here|There|Both|Neither|Others?|Another|Some (?:of|also|did|had|were|cases)|Once|But|And|Or|So",
    r"Yet|Still|Even|However|Therefore|Thus|Hence|Also|Additionally|Moreover|Furthermore|Instead|Then",
    r"Overall|Similarly|Likewise|Nevertheless|Meanwhile|Rather|If so|Not every|As a result",
    r"For (?:example|instance)|In (?:addition|contrast|turn|other words|short|that|this|these)",
    r"On the other hand|By contrast|Because of (?:this|that|these)",
    r"(?:Of|Among) (?:these|those|them)",
    r"(?:Understanding|Knowing|With|Without) (?:it|this|that|these)",
    r"The (?:same|other|latter|former|first|second|third)",
    # … or behind a short opening: "Before that, they were …", "In 72% of cases it did not"
    r"[^,]{0,60}, (?:they|it|he|she|this|these|the (?:answer|effect|change))",
    r"(?:For|In|At|By) [\d.,]+% (?:of \w+ )?(?:it|they)",
)
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
    return {audience: _teaser(summary, evidence, audience) for audience in AUDIENCES}


def _teaser(summary: Summary, evidence: Evidence, audience: Audience) -> Teaser:
    caveat = evidence.caveat.value
    leads = [s for s in _leads(summary, audience) if s != caveat]
    fitting = (s for s in leads if _length(s, caveat) <= LONGEST)
    lead = next(fitting, leads[0] if leads else _folded(summary.headline or summary.title))
    room = LONGEST - _length(lead, caveat)
    sentence = next(
        (
            s
            for s in _for_audience(summary, evidence, audience)
            if s not in (lead, caveat) and len(s) < room
        ),
        None,
    )
    length = _length(lead, sentence, caveat)
    bare_lead = lead != _folded(summary.headline) and len(lead) < SHORT_LEAD
    if length < SHORTEST or bare_lead:
        lead = _longer(lead, summary, {lead, sentence, caveat}, LONGEST - length)
    return Teaser(lead, sentence, caveat)


def _length(*parts: str | None) -> int:
    """Characters of the parts, a blank between each two."""
    present = [part for part in parts if part]
    return sum(map(len, present)) + max(0, len(present) - 1)


# ── lead ──────────────────────────────────────────────────────────────────────────────────


def _leads(summary: Summary, audience: Audience) -> Iterator[str]:
    """Candidates for the lead, the best first."""
    found = split_sentences(summary.found)
    if audience == "clinician":
        yield from (s for s in found if _stands_alone(s) and _gives_figures(s))
    headline = _own_headline(summary)
    if headline and not HYPE.search(plain(headline)):
        yield headline
    yield from (s for s in found if _stands_alone(s))
    yield from (s for s in found if not HYPE.search(plain(s)))
    if summary.headline:
        yield _folded(summary.headline)


def _own_headline(summary: Summary) -> str:
    """The headline, unless it is the title too (pages without a title): readers have it then."""
    headline = _folded(summary.headline)
    return headline if _bare(headline) != _bare(summary.title) else ""


def _longer(lead: str, summary: Summary, taken: set[str | None], room: int) -> str:
    """`lead` and one more sentence, when one stands beside it and fits into `room`."""
    found = split_sentences(summary.found)
    following = found[found.index(lead) + 1 :][:1] if lead in found else []
    beside = [
        s
        for s in following
        if WHOLE.search(s) and not (HYPE.search(plain(s)) or PICTURE.search(plain(s)))
    ]
    alone = [s for s in (_own_headline(summary), *found) if s and _stands_alone(s)]
    if not WHOLE.search(lead):
        return lead
    for sentence in (*beside, *alone):
        if sentence not in taken and len(sentence) < room:
            return f"{lead} {sentence}"
    return lead


def _gives_figures(sentence: str) -> bool:
    result = SIZE.sub("", plain(sentence))
    return bool(FIGURE.search(result)) and bool(DIRECTION.search(result))


def _stands_alone(sentence: str) -> bool:
    return WHOLE.search(sentence) is not None and not (
        POINTS_BACK.match(sentence)
        or PICTURE.search(plain(sentence))
        or HYPE.search(plain(sentence))
    )


# ── audience sentence ─────────────────────────────────────────────────────────────────────


def _for_audience(summary: Summary, evidence: Evidence, audience: Audience) -> list[str]:
    """Clean sentences whose subject is the audience; the why paragraph first."""
    bench = evidence.animals_only or evidence.kind.value == "lab"
    sentences = split_sentences(summary.why)
    for text in (summary.found, summary.limits):  # there, patients are mostly those studied
        sentences += [s for s in split_sentences(text) if SPEAKS_TO_READERS.search(plain(s))]
    return [
        sentence
        for sentence in sentences
        if SUBJECTS[audience].match(sentence)
        and _stands_alone(sentence)
        and not CARE_BECAUSE.search(plain(sentence))
        and (not bench or TO_KNOW.search(plain(sentence)))
    ]


def _folded(text: str) -> str:
    return " ".join(text.split())


def _bare(text: str) -> str:
    """Letters and digits alone: "A B." and "a b" are the same headline."""
    return "".join(char for char in text.casefold() if char.isalnum())
