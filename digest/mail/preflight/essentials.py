"""What no mail goes out without, in HTML and in text: titles, caveats, the footer, who sends it.

Each of these blocks when it is missing. A part without a word gives one finding, not one a line.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from digest.mail.preflight.findings import Finding
from digest.mail.preflight.opened import Mail, Study, blocks, listed, which
from digest.mail.preflight.part import Part

FILES = {"HTML part": "email/issue.html", "text part": "email/issue.txt"}
FOOTERS = {"HTML part": "email/footer.html", "text part": "email/issue.txt"}


def empty_part(mail: Mail) -> Iterator[Finding]:
    """A part that shows nothing."""
    for part in mail.parts:
        if part.is_empty:
            mend = f"Mend your own copy of {FILES[part.name]}, or remove it to use ours."
            yield blocks("parts", mail.at(part.name), "it is empty", mend)


def titles_in_text(mail: Mail) -> Iterator[Finding]:
    """Who reads the text part alone finds every study there."""
    missing = [one for one in mail.shown_studies if not mail.plain.count(one.card.title)]
    if missing and not mail.plain.is_empty:
        what = f"it does not hold the title of {listed(missing)}"
        mend = "Put {{ card.title|wrapped }} into email/issue.txt."
        yield blocks("parts", mail.at("text part"), what, mend)


def caveats(mail: Mail) -> Iterator[Finding]:
    """Every card says how far its study can be trusted (law 9)."""
    for part in mail.read_parts:
        if missing := _without_caveat(mail, part):
            label = mail.contents.caveat_label
            what = f"the {part.name} has no caveat line (“{label} …”){which(missing)}"
            file = "email/card.html" if part is mail.seen else "email/issue.txt"
            mend = f"Put {{{{ issue.caveat_label }}}} and the card's caveat into {file}."
            yield blocks("caveat", mail.around(missing), what, mend)


def way_out(mail: Mail) -> Iterator[Finding]:
    """A link to leave the list in both parts."""
    way = mail.sample.unsubscribe_url
    in_html = any(link.attributes.get("href") == way for link in mail.page.css("a[href]"))
    for part, there in ((mail.seen, in_html), (mail.plain, way in mail.text)):
        if not there and not part.is_empty:
            mend = f"Put {{{{ unsubscribe_url }}}} into {FOOTERS[part.name]}."
            yield blocks("footer", mail.at(part.name), "it has no way to leave the list", mend)


def why_you_get_this(mail: Mail) -> Iterator[Finding]:
    """The sentence that says where the reader's consent came from."""
    what = "it does not say why its reader gets it"
    yield from _sentence(mail, "footer", mail.contents.why_you_get_this, what, "why_you_get_this")


def postal_address(mail: Mail) -> Iterator[Finding]:
    """Who sends a mail stands in it (CAN-SPAM, 15 USC 7704 (a)(5))."""
    address = mail.edition.publication.postal_address
    if not address.strip():
        mend = "Set sender.postal_address in config.yaml; the law asks for it."
        yield blocks("postal address", mail.name, "there is no postal address", mend)
        return
    what, slot = "it does not hold the postal address", "publication.postal_address"
    yield from _sentence(mail, "postal address", address, what, slot)


def _sentence(mail: Mail, check: str, text: str, what: str, slot: str) -> Iterator[Finding]:
    for part in mail.read_parts:
        if not part.count(text):
            mend = f"Put {{{{ issue.{slot} }}}} into {FOOTERS[part.name]}."
            yield blocks(check, mail.at(part.name), what, mend)


def _without_caveat(mail: Mail, part: Part) -> list[Study]:
    """Studies with the same caveat line are counted together: it stands as often as they do."""
    sharing: dict[str, list[Study]] = defaultdict(list)
    for study in mail.shown_studies:
        sharing[f"{mail.contents.caveat_label} {study.card.caveat}"].append(study)
    return [
        study
        for line, studies in sharing.items()
        for study in studies[: max(0, len(studies) - part.count(line))]
    ]
