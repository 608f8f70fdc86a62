"""Chooses, for each audience, the sentences of a summary that stand in the mail.

In: a summary and its evidence. Out: lead, a sentence for this audience, the caveat; whole
sentences of the summary, never written by us (law 9: "in mice" is never lost).
"""

from __future__ import annotations

from collections.abc import Iterable

from digest.editorial.cues import plain
from digest.editorial.evidence.reading import GAP
from digest.editorial.teasers.lead import Lead, beside, good_leads, in_order, poor_leads
from digest.editorial.teasers.readers import in_animals, is_bench, sentences_for
from digest.editorial.teasers.telling import names_animals
from digest.editorial.teasers.texts import Line, Texts
from digest.values import AUDIENCES, Audience, Evidence, Summary, Teaser

__all__ = ["LONGEST", "SHORTEST", "make_teasers"]

SHORTEST, LONGEST = 180, 430  # characters of a whole teaser, where the summary allows it
SHORT_LEAD = 110  # a lead that tells less of what was found gets one more sentence


def make_teasers(summary: Summary, evidence: Evidence) -> dict[Audience, Teaser]:
    """The teaser of each audience. Every part is whole sentences, verbatim but for white space."""
    texts = Texts.of(summary)
    return {audience: _teaser(texts, evidence, audience) for audience in AUDIENCES}


def _teaser(texts: Texts, evidence: Evidence, audience: Audience) -> Teaser:
    caveat = evidence.caveat.value
    in_figures = audience == "clinician" and _has_figures(evidence)
    lead = _with_animals(_lead(texts, caveat, in_figures=in_figures), texts, evidence)
    text = _joined(lead) or texts.title
    room = LONGEST - _length(text, caveat) - 1
    candidates = sentences_for(audience, texts, evidence, text)
    sentence = next((s for s in candidates if s not in (text, caveat) and len(s) <= room), None)
    size = _length(text, sentence, caveat)
    if lead and (size < SHORTEST or _is_brief(lead, texts)):
        needed = size < SHORTEST or (texts.titled and lead == (texts.headline,))  # title alone
        more = beside(lead, texts, plainly=audience != "clinician", needed=needed)
        longer = _with_more(lead, more, {sentence, caveat}, size)
        text = _joined(in_order(longer, texts))
    return Teaser(text, sentence, caveat)


def _has_figures(evidence: Evidence) -> bool:
    """Whether numbers may say what was found: no plan has any, and a case is a story."""
    return evidence.results.value and evidence.kind.value != "case"


def _lead(texts: Texts, caveat: str | None, *, in_figures: bool) -> Lead:
    """The best lead that leaves room for the caveat; else the best of all."""
    for leads in (good_leads(texts, in_figures=in_figures), poor_leads(texts)):
        best: Lead = ()
        for lead in leads:
            if any(line.text == caveat for line in lead):
                continue
            if _length(_joined(lead), caveat) <= LONGEST:
                return lead
            best = best or lead
        if best:
            return best
    return ()


def _with_animals(lead: Lead, texts: Texts, evidence: Evidence) -> Lead:
    """A lead that names the animals of the study, unless `lead` or the caveat does."""
    caveat = evidence.caveat.value
    shown = plain(f"{_joined(lead)} {caveat or ''}")
    if not is_bench(evidence) or not in_animals(evidence) or names_animals(shown):
        return lead
    known = [texts.headline, *texts.found] if texts.headline else list(texts.found)
    naming = next((line for line in known if line.opens and names_animals(line.plain)), None)
    if naming is None and evidence.animals_only:  # "a model of MS": named, but not by its kind
        naming = Line.of(evidence.species.read_from.split(GAP)[0])
    if naming is None or naming.plain in shown:
        return lead
    both = in_order((*lead, naming), texts)
    return both if _length(_joined(both), caveat) <= LONGEST else (naming,)


def _is_brief(lead: Lead, texts: Texts) -> bool:
    """Whether a lead that is no headline of its own says little of what was found."""
    if lead == (texts.headline,):
        return texts.titled
    return sum(len(line.text) for line in lead if line.rank < 2) < SHORT_LEAD


def _with_more(lead: Lead, more: Iterable[Line], taken: set[str | None], size: int) -> Lead:
    """`lead` and one of `more` that fits and is not `taken`; more until a teaser is long enough.

    `size`: characters of the whole teaser so far.
    """
    if lead[-1].text[-1:].isalnum():
        return lead  # a heading: what follows would run on
    known = {line.text for line in lead} | taken
    longer = lead
    for line in more:
        if line.text not in known and size + 1 + len(line.text) <= LONGEST:
            longer, size = (*longer, line), size + 1 + len(line.text)
            known.add(line.text)
            if size >= SHORTEST:
                break
    return longer


def _joined(lead: Lead) -> str:
    return " ".join(line.text for line in lead)


def _length(*parts: str | None) -> int:
    """Characters of the parts that are there, a blank between each two."""
    present = [part for part in parts if part]
    return sum(map(len, present)) + max(0, len(present) - 1)
