"""What an inbox shows before a mail is opened: subject and preheader, their length and privacy.

Law 7: no diagnosis stands there, in the whole edition or in what any choice of themes makes of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, combinations

from digest.mail.opening import TOP_THEMES, opening_of
from digest.mail.preflight.findings import Finding
from digest.mail.preflight.opened import Mail, blocks, warns

LONGEST_SUBJECT = 60  # characters that most inboxes show on a wide screen
ON_A_PHONE = 40
PREHEADER = (40, 110)  # characters: shorter pulls in the mail's first words, longer is cut


def subject_length(mail: Mail) -> Iterator[Finding]:
    """An empty subject blocks; a long one warns."""
    subject, where = mail.rendition.subject, mail.at("subject")
    if not subject.strip():
        yield blocks("subject", where, "it is empty", f"Write one: {_command(mail, 'subject')}.")
    elif len(subject) > LONGEST_SUBJECT:
        start = subject[:ON_A_PHONE].rstrip()
        what = f"its {len(subject)} characters are cut: most inboxes show {LONGEST_SUBJECT}, "
        what += f"a phone about {ON_A_PHONE} (“{start}…”)"
        mend = f"Put what matters first, or shorten it: {_command(mail, 'subject')}."
        yield warns("subject", where, what, mend)


def preheader_length(mail: Mail) -> Iterator[Finding]:
    """The line after the subject fills its room and no more."""
    size, (least, most) = len(mail.rendition.preheader.strip()), PREHEADER
    if not least <= size <= most:
        what = f"it has {size} characters; {least} to {most} fill the line after a subject well"
        mend = f"{'Lengthen' if size < least else 'Shorten'} it: {_command(mail, 'preheader')}."
        yield warns("preheader", mail.at("preheader"), what, mend)


def diagnosis(mail: Mail) -> Iterator[Finding]:
    """A diagnosis in subject or preheader blocks: others see an inbox too."""
    told: set[tuple[str, str]] = set()
    first: dict[tuple[str, str], str] = {}  # most choices change a count at most
    for part, text, readers in _lines(mail):
        first.setdefault((part, text), readers)
    for (part, text), readers in first.items():
        word = mail.rules.diagnosis_in(text)
        if word and (part, word) not in told:
            told.add((part, word))
            what = f"it names a diagnosis (“{word}”){readers}, and others see an inbox too"
            yield blocks(
                "diagnosis", mail.at(part), what, f"Write another: {_command(mail, part)}."
            )


def _lines(mail: Mail) -> Iterator[tuple[str, str, str]]:
    """(part, text, which readers get it) of the whole edition, and of any choice of themes:

    {top} names two at most, so each theme alone and each two of them tell all there can be.
    """
    yield "subject", mail.rendition.subject, ""
    yield "preheader", mail.rendition.preheader, ""
    splicing = mail.rendition.splicing
    if splicing is None:
        return
    ids = [one.theme for one in splicing.themes]
    for chosen in chain.from_iterable(combinations(ids, n + 1) for n in range(TOP_THEMES)):
        opening = opening_of(splicing, chosen)
        which = f"theme {chosen[0]}" if len(chosen) == 1 else f"themes {' and '.join(chosen)}"
        readers = f" for readers who chose the {which} alone"
        yield "subject", opening.subject, readers
        yield "preheader", opening.preheader, readers


def _command(mail: Mail, part: str) -> str:
    number, audience = mail.edition.number, mail.audience
    return f"`digest {part} {number} --audience {audience} TEXT`"
