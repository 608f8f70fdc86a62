"""What a screen reader builds on: headings, language, alternative texts, tables that are no data.

Our own templates keep all of it; a site's own copy may not. All of it warns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from digest.mail.preflight.findings import Finding
from digest.mail.preflight.opened import Mail, listed, warns

_MEND = "Mend your own copy of the template."


def headings(mail: Mail) -> Iterator[Finding]:
    """One h1, an h2 a theme, an h3 a card, no level left out."""
    found = [(int((node.tag or "h0")[1]), _plain(node.text())) for node in mail.page.css(_HEADINGS)]
    ones = sum(level == 1 for level, _ in found)
    if ones != 1:
        yield _structure(mail, f"it has {ones or 'no'} h1 headings; a mail has one")
    for (above, _), (level, text) in pairwise(found):
        if level > above + 1:
            yield _structure(mail, f"“{text[:60]}” is an h{level} under an h{above}")
    sections = mail.shown.sections
    titles = [card.title for section in sections for card in section.cards]
    for level, what, names in ((2, "themes", [s.name for s in sections]), (3, "cards", titles)):
        there = {text.casefold() for at, text in found if at == level}
        if missing := [name for name in names if _plain(name).casefold() not in there]:
            quoted = listed([f"“{name[:60]}”" for name in missing])
            yield _structure(mail, f"{what} are without their h{level} heading: {quoted}")


def images(mail: Mail) -> Iterator[Finding]:
    """The mails hold none; one without a text for it tells nothing to who cannot see it."""
    every = mail.page.css("img")
    if without := sum(not _has_alt(image.attributes) for image in every):
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


def _structure(mail: Mail, what: str) -> Finding:
    return warns("structure", mail.at("HTML part"), what, _MEND)


def _has_alt(attributes: dict[str, str | None]) -> bool:
    return "alt" in attributes


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
