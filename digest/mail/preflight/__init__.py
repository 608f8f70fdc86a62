"""Preflight: the last look at an edition before it is approved.

In: an `Edition` (what should be there), its frozen `Rendition` (what is) and a site's `Rules`. Out:
`Finding`s that block or warn, each with its place and its mend. A check is a function of one
opened mail; nothing here opens a socket or changes a thing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from digest.mail.preflight import (
    abbreviations,
    contrast,
    essentials,
    grade,
    hype,
    inbox,
    items,
    links,
    placeholders,
    sizes,
    structure,
)
from digest.mail.preflight.findings import Finding, Level, Rules
from digest.mail.preflight.links import addresses
from digest.mail.preflight.opened import Mail, blocks, opened, sample_of
from digest.mail.slots import personalise
from digest.values import Edition, Rendition

__all__ = ["CHECKS", "Finding", "Level", "Rules", "addresses", "inspect"]

CHECKS: tuple[Callable[[Mail], Iterator[Finding]], ...] = (
    inbox.diagnosis,
    inbox.subject_length,
    inbox.preheader_length,
    placeholders.in_our_words,
    placeholders.in_sources_words,
    items.empty_theme,
    items.duplicates,
    items.limits,
    hype.hype,
    abbreviations.undefined,
    grade.reading_grade,
    essentials.empty_part,
    essentials.titles_in_text,
    essentials.caveats,
    essentials.way_out,
    essentials.why_you_get_this,
    essentials.postal_address,
    links.malformed,
    links.no_address_of_its_own,
    links.private,
    links.unclear,
    sizes.size,
    sizes.no_room,
    structure.headings,
    structure.named,
    structure.images,
    structure.tables,
    structure.language,
    contrast.contrast,
)


def inspect(edition: Edition, rendition: Rendition, rules: Rules) -> tuple[Finding, ...]:
    """Every finding: first those that block, then those that warn, each in reading order."""
    sample = sample_of(edition)
    try:
        filled = personalise(rendition, sample)
    except KeyError as slot:
        return (_unknown_slot(edition, slot),)
    mail = opened(edition, rendition, rules, filled, sample)
    found = [finding for check in CHECKS for finding in check(mail)]
    places = mail.places

    def rank(finding: Finding) -> tuple[bool, int]:
        at = next(n for n, place in enumerate(places) if finding.where.startswith(place))
        return finding.level != "blocks", at

    return tuple(sorted(found, key=rank))


def _unknown_slot(edition: Edition, slot: KeyError) -> Finding:
    """Nobody could be sent this mail, so nothing else is looked at."""
    return blocks(
        "placeholder",
        f"{edition.wording.audience} edition",
        f"the mail holds {slot.args[0]}, which nothing fills",
        "Take it out of your own copy of the template.",
    )
