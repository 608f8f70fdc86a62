"""What a screen reader builds on: headings, language, alternative texts, tables that are no data.

Our own templates keep all of it; a site's own copy may not. All of it warns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from textwrap import shorten

from digest.mail.preflight.findings import Finding
from digest.mail.preflight.opened import Mail, listed, warns

FEW = 3  # headings that one finding names
_MEND = "Mend your own copy of the template."


def headings(mail: Mail) -> Iterator[Finding]:
    """One h1, and no level left out."""
    found = _headings(mail)
    ones = sum(level == 1 for level, _ in found)
    if ones != 1:
        yield _structure(mail, f"it has {ones or 'no'} h1 headings; a mail has one")
    left_out: dict[tuple[int, int], list[str]] = {}
    for (above, _), (level, text) in pairwise(found):
        if level > above + 1:
            left_out.setdefault((level, above), []).append(_quoted(text))
    for (level, above), texts in left_out.items():
        be = "is an" if len(texts) == 1 else "are each an"
        yield _structure(mail, f"{listed(texts, FEW)} {be} h{level} under an h{above}")


def named(mail: Mail) -> Iterator[Finding]:
    """An h2 for each theme and an h3 for each card, with its name."""
    sections = mail.shown.sections
    found = _headings(mail)
    titles = [card.title for section in sections for card in section.cards]
    for level, what, names in ((2, "themes", [s.name for s in sections]), (3, "cards", titles)):
        there = {text.casefold() for at, text in found if at == level}
        if missing := [name for name in names if _plain(name).casefold() not in there]:
            quoted = listed([_quoted(name) for name in missing], FEW)
            wrong = f"{what} are without their h{level} heading: {quoted}"
            yield warns("headings", mail.at("HTML part"), wrong, _MEND)


def images(mail: Mail) -> Iterator[Finding]:
    """The mails hold none; one without a text for it tells nothing to who cannot see it."""
    every = mail.page.css("img")
    if without := sum("alt" not in image.attributes for image in every):
        what = f"{_count(without, 'image')} without an alternative text"
        yield warns("images", mail.at("HTML part"), what, 'Add alt="…", or alt="" to an ornament.')
    if every:
        what = f"it holds {_count(len(every), 'image')}, which many inboxes block"
        mend = "Say it in words; an image from another site tells that site who reads."
        yield warns("images", mail.at("HTML part"), what, mend)


def tables(mail: Mail) -> Iterator[Finding]:
    """A layout table that does not say so is read out as data."""
    every = mail.page.css("table")
    if wrong := sum(table.attributes.get("role") not in _LAYOUT for table in every):
        yield _structure(mail, f'{_count(wrong, "table")} without role="presentation"')


def language(mail: Mail) -> Iterator[Finding]:
    """A screen reader speaks in the language that the page names."""
    root = mail.page.css_first("html")
    if root is None or not (root.attributes.get("lang") or "").strip():
        yield _structure(mail, "its html element names no language (lang)")


_LAYOUT = ("presentation", "none")
_HEADINGS = "h1, h2, h3, h4, h5, h6"


def _headings(mail: Mail) -> list[tuple[int, str]]:
    """(level, text) of each heading in reading order."""
    return [(int((node.tag or "h0")[1]), _plain(node.text())) for node in mail.page.css(_HEADINGS)]


def _structure(mail: Mail, what: str) -> Finding:
    return warns("structure", mail.at("HTML part"), what, _MEND)


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _quoted(text: str) -> str:
    return f"“{shorten(text, 60, placeholder='…')}”"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
