"""What somebody meant to fill in later: TK, lorem ipsum, {{ name }}, {field}, [insert a quote].

In our own words any of it blocks. In the sources' words only what cannot be meant blocks (TK is an
enzyme, XXX a set of chromosomes, {x} a set): what they wrote must stay approvable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from digest.fields import BRACES, KNOWN_FIELDS
from digest.mail.opening import opening_of
from digest.mail.preflight.findings import Finding
from digest.mail.preflight.opened import Mail, RoundUp, Study, blocks, listed, warns
from digest.mail.slots import PREFIX
from digest.mail.wording import one_line

_UNMISTAKABLE = (
    r"\{\{[^{}]*\}\}|\{%[^{}]*%\}"  # a template's {{ name }} and {% if %}
    r"|\b[Ll]orem\s+[Ii]psum\b|\bLOREM\s+IPSUM\b"
    r"|\[\s*(?:[Ii]nsert|INSERT)\b[^\]]{0,80}\]"
    r"|\b(?:TK){2,}\b"
)
_DOUBTFUL = r"\bTK\b|\bTODO\b|\bX{3,}\b"
UNMISTAKABLE = re.compile(_UNMISTAKABLE)
DOUBTFUL = re.compile(_DOUBTFUL)
IN_OUR_WORDS = re.compile(rf"{_UNMISTAKABLE}|{_DOUBTFUL}|{BRACES.pattern}|{PREFIX}\w*")
LONGEST_SHOWN = 40  # characters of a placeholder in a finding


def in_our_words(mail: Mail) -> Iterator[Finding]:
    """Subject, preheader, introduction, and all that is read between the studies."""
    told: set[str] = set()
    number, audience = mail.edition.number, mail.audience
    for part, template, text in _opening(mail):
        stray = [one for one in _found(BRACES, template) if one not in KNOWN_FIELDS]
        filled = _found(IN_OUR_WORDS, text)
        told |= {*stray, *filled}
        # A field that was filled within too many braces is shown as it was written.
        if found := [*stray, *(one for one in filled if not stray or one[0] not in "{}")]:
            where = mail.at("introduction" if part == "intro" else part)
            mend = f"Write another: `digest {part} {number} --audience {audience} TEXT`."
            yield blocks("placeholder", where, _left(found), mend)
    rest = _found(IN_OUR_WORDS, f"{mail.seen.ours}\n{mail.plain.ours}")
    if PREFIX in mail.html and not any(one.startswith(PREFIX) for one in rest):
        rest.append(PREFIX)
    if others := [one for one in rest if one not in told]:
        mend = "Look into config.yaml, themes.yaml, glossary.yaml and your own templates."
        yield blocks("placeholder", mail.at("our own words"), _left(others), mend)


def in_sources_words(mail: Mail) -> Iterator[Finding]:
    """Titles, sentences and journals as their sources wrote them."""
    for study in mail.studies:
        texts = (study.card.title, *study.sentences, one_line(study.summary.journal))
        yield from _in_source(mail, study, "\n".join(texts))
    for article in mail.round_ups:
        yield from _in_source(mail, article, article.link.title)


def _opening(mail: Mail) -> Iterator[tuple[str, str, str]]:
    """(part, its words with the {fields} open, the same filled), as they were frozen."""
    rendition, splicing = mail.rendition, mail.rendition.splicing
    intro = mail.contents.intro if splicing is None else opening_of(splicing).intro
    yield "subject", splicing.subject if splicing else "", rendition.subject
    yield "preheader", splicing.preheader if splicing else "", rendition.preheader
    yield "intro", splicing.intro if splicing else "", intro


def _in_source(mail: Mail, one: Study | RoundUp, text: str) -> Iterator[Finding]:
    number, slug = mail.edition.number, one.summary.slug
    if found := _found(UNMISTAKABLE, text):
        mend = f"Exclude or hold it: `digest exclude {number} {slug}` or `digest hold …`."
        yield blocks("placeholder", one.where, f"its source left {listed(found)} in it", mend)
    elif found := _found(DOUBTFUL, text):
        mend = f"Read it; if it is none, all is well. Else: `digest exclude {number} {slug}`."
        yield warns("placeholder", one.where, f"{listed(found)} may be a placeholder", mend)


def _found(pattern: re.Pattern[str], text: str) -> list[str]:
    """Every placeholder once, on one line and not too long to show."""
    found = (one_line(match[0])[:LONGEST_SHOWN] for match in pattern.finditer(text))
    return list(dict.fromkeys(found))


def _left(found: list[str]) -> str:
    return f"{listed(found)} was left in it"
