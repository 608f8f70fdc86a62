"""What people type as their address on a public page: what is wrong with it, in plain words.

In: the text alone, so that no answer tells who is a subscriber. Out: one sentence to show beside
the field, or "".
"""

from __future__ import annotations

from subscribers.addresses import MAX_ADDRESS, MAX_LOCAL, parse_address
from subscribers.errors import BadAddress
from subscribers.hints import meant

NO_ADDRESS = "Please write your e-mail address, such as ann@example.org."
SUCH_AS = "Please write it such as ann@example.org."


def wrong_with(text: str) -> str:
    """Why we cannot write to what was typed, and how to write it; "" for an address."""
    if not text.strip():
        return NO_ADDRESS
    try:
        parse_address(text)
    except BadAddress:  # its reason is an operator's: RFCs, and rows of a spreadsheet
        return f"We cannot write to this address: {_plainly(text.strip())}. {SUCH_AS}"
    return ""


def question_about(text: str, asked: str) -> str:
    """The question about a likely slip in an address; "" when `asked` is the same text.

    `asked` comes back with the form: pressing again answers that it was meant so.
    """
    if text.strip() == asked.strip():
        return ""
    domain = meant(parse_address(text).address)
    return f"Did you mean @{domain}? Send again to use what you wrote." if domain else ""


def _plainly(text: str) -> str:
    local, at, domain = text.partition("@")
    if not text.isprintable():
        return "it holds a line break or a sign that cannot be seen"
    if not at:
        return "it has no @"
    if "@" in domain:
        return "it has more than one @"
    if not local:
        return "nothing stands before the @"
    if len(local) > MAX_LOCAL or len(text) > MAX_ADDRESS:
        return "it is too long"
    if " " in text:
        return "it holds a space"
    if not local.isascii():
        return "before the @ it needs plain letters, without accents"
    if "." not in domain:
        return "a dot is missing after the @"
    return "it has a sign or a dot in a place where none can be"
