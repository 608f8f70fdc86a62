"""Where a mail leads: each address well formed, each link told apart from the others by its words.

An address that no mail client can follow blocks; what makes a link hard to use warns.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from digest.mail.links import own_address
from digest.mail.preflight.findings import Finding
from digest.mail.preflight.opened import Mail, RoundUp, Study, blocks, listed, warns, which
from digest.mail.slots import PREFIX
from digest.values import Rendition
from digest.web_address import plain_address, read_address

# Read aloud from a list of links, these say nothing (WCAG 2.2, 2.4.4).
_VAGUE = (
    "read more|more|here|click here|click|link|this link|this|see more|learn more|find out more"
    "|continue|continue reading|details|more details|more info|more information|full story"
    "|read it|read this|read on|go|website|article|study|full text|read the study"
)
VAGUE = frozenset(_VAGUE.split("|"))
_MAILBOX = re.compile(r"[^\s@,<>]+@[^\s@,<>]+\.[^\s@,<>]+")
_AROUND = "()<>[]{}.,;:!?'\"“”‘’"  # what stands around an address in a sentence


def addresses(rendition: Rendition, own: str = "") -> tuple[str, ...]:
    """Every well-formed http(s) address of a frozen mail, each once, in reading order.

    Slots are left out, and so are the pages of `own` (a site's address without a slash at its
    end): they are not public before the issue is.
    """
    hrefs = (address for _, address in _hrefs(LexborHTMLParser(rendition.html)))
    lines = (line.strip() for line in rendition.text.splitlines() if "://" in line)
    followed = (
        one
        for one in (*hrefs, *lines)
        if one.lower().startswith(("http://", "https://"))
        and PREFIX not in one
        and not problem_with(one)
        and not (own and (one == own or one.startswith((f"{own}/", f"{own}#", f"{own}?"))))
    )
    return tuple(dict.fromkeys(followed))


def problem_with(address: str) -> str | None:
    """Why nobody can follow an address from a mail; None when it is well formed."""
    if not address.strip():
        return "is empty"
    if address.startswith("#"):
        return "leads to a place inside the mail, which most clients cannot go to"
    try:
        if address[:7].lower() != "mailto:":
            plain_address(address)
        elif not _MAILBOX.fullmatch(unquote(read_address(address).path)):
            return "names no mailbox"
    except ValueError as error:
        return str(error)
    return None


def malformed(mail: Mail) -> Iterator[Finding]:
    """An address that leads nowhere, in HTML or in text, blocks."""
    wrong: dict[tuple[str, str], str] = {}
    for node, address in _hrefs(mail.page):
        if problem := problem_with(address):
            wrong.setdefault((address, problem), _where(mail, node))
    for address in _written(mail.plain.ours):
        if problem := problem_with(address):
            wrong.setdefault((address, problem), mail.at("text part"))
    for (address, problem), where in wrong.items():
        what = f"a link is of no use: “{address[:80]}” {problem}"
        mend = "Mend it in the text or in the template where it stands."
        yield blocks("links", where, what, mend)


def no_address_of_its_own(mail: Mail) -> Iterator[Finding]:
    """Where our own page has to stand in for the source's."""
    missing: list[Study | RoundUp] = []
    for one in mail.entries:
        if not one.summary.url.strip():
            missing.append(one)
        elif own_address(one.summary) is None:
            what = f"its address cannot be used (“{one.summary.url.strip()[:80]}”), so its title "
            what += "leads to our page"
            yield warns("links", one.where, what, "Mend the address at the source.")
    if missing:
        what = f"no address of its own{which(missing)}, so our page stands in"
        mend = "Add the address at the source, if the summary has one."
        yield warns("links", mail.around(missing), what, mend)


def private(mail: Mail) -> Iterator[Finding]:
    """A reader's own machine or network is not where a page of ours, or of a study, lies."""
    own = urlsplit(mail.edition.publication.site_url).hostname
    hosts = dict.fromkeys(urlsplit(one).hostname or "" for one in addresses(mail.rendition))
    if there := [host for host in hosts if host != own and _is_private(host)]:
        what = f"links lead to the reader's own machine or network: {_quoted(there)}"
        mend = "Write the public address at the source, or in the template where it stands."
        yield warns("links", mail.name, what, mend)


def unclear(mail: Mail) -> Iterator[Finding]:
    """Links that sound alike, or say nothing, in a screen reader's list of links."""
    words = Counter(_said(node) for node, _ in _hrefs(mail.page))
    where, mend = mail.at("HTML part"), "Name in each link what it leads to."
    if twice := [text for text, times in words.items() if text and times > 1]:
        what = f"links have the same words: {_quoted(twice)}"
        yield warns("link words", where, what, "Let the words of each link differ.")
    if vague := [text for text in words if text.casefold().strip(" .…»›>→:") in VAGUE]:
        yield warns("link words", where, f"links say too little: {_quoted(vague)}", mend)
    if words[""]:
        yield warns("link words", where, "a link has no words", mend)


def _is_private(host: str) -> bool:
    """Addresses and names that mean another place on each network (RFC 1918, 6761, 6762)."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".local", ".localhost", ".internal", ".home.arpa"))


def _hrefs(page: LexborHTMLParser) -> Iterator[tuple[LexborNode, str]]:
    for node in page.css("a[href], area[href]"):
        yield node, node.attributes.get("href") or ""


def _written(text: str) -> Iterator[str]:
    """Addresses in text: a line that is one, or a piece of a sentence."""
    for line in text.splitlines():
        if "://" not in line and "mailto:" not in line:
            continue
        pieces = line.split()
        for piece in pieces:
            address = piece if len(pieces) == 1 else piece.strip(_AROUND)
            if "://" in address or address.startswith("mailto:"):
                yield address


def _where(mail: Mail, node: LexborNode) -> str:
    """The study or article in whose card a link stands, else the HTML part."""
    anchors = {one.anchor: one.where for one in mail.entries}
    above: LexborNode | None = node
    while above is not None:
        if above.is_element_node and (above.attributes.get("id") or "") in anchors:
            return anchors[above.attributes["id"] or ""]
        above = above.parent
    return mail.at("HTML part")


def _said(node: LexborNode) -> str:
    return " ".join(node.text().split())


def _quoted(texts: list[str]) -> str:
    return listed([f"“{text[:60]}”" for text in texts])
