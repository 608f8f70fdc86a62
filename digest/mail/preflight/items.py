"""What the edition holds: no theme without a study, no study twice, limits that are named."""

from __future__ import annotations

from collections.abc import Iterator

from digest.mail.links import own_address
from digest.mail.preflight.findings import Finding
from digest.mail.preflight.opened import Mail, RoundUp, Study, blocks, warns, which
from digest.mail.wording import one_line

HINTS = ("title", "address")  # a source may link all its entries to one page
_DOI_SITE = ("https://doi.org/", "http://doi.org/", "https://dx.doi.org/", "http://dx.doi.org/")


def empty_theme(mail: Mail) -> Iterator[Finding]:
    """A heading with nothing under it."""
    for group, section in zip(mail.edition.groups, mail.contents.sections, strict=True):
        if not group.items:
            mend = "Run `digest compose` again, or move a study there: `digest move "
            mend += f"{mail.edition.number} SLUG --theme {group.theme.id}`."
            yield blocks("theme", mail.name, f"the theme “{section.name}” holds no study", mend)


def duplicates(mail: Mail) -> Iterator[Finding]:
    """The same study twice blocks; two with one title, or on one page, may be two."""
    first: dict[tuple[str, str], Study | RoundUp] = {}
    for one in mail.entries:
        marks = _marks(one)
        other = next((first[mark] for mark in marks if mark in first), None)
        if other:
            shared = next(name for name, value in marks if (name, value) in first)
            yield _twice(mail, one, other, shared)
        for mark in marks:
            first.setdefault(mark, one)


def limits(mail: Mail) -> Iterator[Finding]:
    """Summaries that name no limits of their study; the mail says so in our words."""
    if silent := [study for study in mail.studies if not study.teaser.caveat]:
        what = f"no caveat of its own{which(silent)}; the mail says that no limits are named"
        mend = "Read the study's limits at the source, and ask for them in the summary."
        yield warns("limits", mail.around(silent), what, mend)


def _marks(one: Study | RoundUp) -> list[tuple[str, str]]:
    """What tells that two are the same, the surest first; `HINTS` alone may be chance."""
    summary = one.summary
    title, headline = one_line(summary.title).casefold(), one_line(summary.headline).casefold()
    address = (own_address(summary) or "").rstrip("/")
    marks = [
        ("slug", summary.slug),
        ("DOI", _doi(summary.doi)),
        ("address and title", f"{address}\n{title}" if address and title else ""),
        ("title and headline", f"{title}\n{headline}" if title and headline else ""),
        ("title", title),
        ("address", address),
    ]
    return [(name, value) for name, value in marks if value]


def _twice(mail: Mail, one: Study | RoundUp, other: Study | RoundUp, shared: str) -> Finding:
    what = f"it has the same {shared} as {other.name}"
    number, slug = mail.edition.number, one.summary.slug
    if shared in HINTS:
        mend = "See whether they are two studies; if not, "
        return warns("duplicate", one.where, what, f"{mend}`digest exclude {number} {slug}`.")
    mend = f"Leave one of them out: `digest exclude {number} {slug}`."
    return blocks("duplicate", one.where, what, mend)


def _doi(text: str) -> str:
    doi = one_line(text).casefold()
    for site in _DOI_SITE:
        doi = doi.removeprefix(site)
    return doi.removeprefix("doi:").strip()
