"""Mails in a format that was agreed on: delivery status (RFC 3464) and complaints (RFC 5965).

In: a `Mail`. Out: a `Finding` that says what happened, "" as its kind when the report asks for
nothing, or None when the mail holds no such report. Which mail it is about is found elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from digest.feedback.events import Kind
from digest.feedback.hardness import Hardness, hardness
from digest.feedback.mime import Mail, Part, blocks

STATUS = ("message/delivery-status", "message/global-delivery-status")  # RFC 6533 for the latter
BOUNCED: dict[Hardness, Kind] = {
    "hard": "hard bounce",
    "soft": "soft bounce",
    "blocked": "blocked",
}
ACTIONS: dict[str, Kind] = {  # RFC 3464 2.3.3; "failed" is asked of `hardness`
    "delayed": "deferred",
    "delivered": "delivered",
    "relayed": "processed",
    "expanded": "processed",
}
# RFC 5965 7.3; "opt-out" stood in its drafts and is still sent. What is not here asks for
# nothing: not-spam (RFC 6430), auth-failure (RFC 6591).
COMPLAINTS: dict[str, Kind] = {
    "abuse": "complaint",
    "fraud": "complaint",
    "virus": "complaint",
    "other": "complaint",
    "": "complaint",
    "opt-out": "leave",
    "opt-out-list": "leave",
}
FIELDS = re.compile(rb"^(Reporting-MTA|Final-Recipient)[ \t]*:", re.MULTILINE | re.IGNORECASE)
CODE = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a mail says happened; `recipient` is whom it names, which anybody can write."""

    kind: Kind | Literal[""]
    words: str = ""
    recipient: str = field(default="", repr=False)


def complaint(mail: Mail) -> Finding | None:
    """What a feedback report says; a reader's "not spam" says nothing."""
    for part in mail.of_kind("message/feedback-report"):
        fields = _merged(part)
        said = fields.header("feedback-type").lower().strip()
        about = fields.header("original-rcpt-to") or fields.header("removal-recipient")
        return Finding(COMPLAINTS.get(said, ""), f"feedback report: {said}", _address(about))
    # Microsoft's junk mail reports were the returned mail alone, before they were ARF.
    from_them = re.search(r"\bstaff@hotmail\.com\b", mail.top.header("from"), re.IGNORECASE)
    subject = mail.top.header("subject").lower()
    if from_them and subject.startswith("complaint about message from"):
        return Finding("complaint", "junk mail report")
    return None


def delivery_status(mail: Mail) -> Finding | None:
    """What a delivery status says; of several recipients, the first that failed."""
    found = [_of_recipient(block) for block in _recipients(mail)]
    bad = [finding for finding in found if finding.kind in BOUNCED.values()]
    return next(iter(bad or found), None)


def _recipients(mail: Mail) -> list[Part]:
    """The blocks of fields about a recipient; some senders call the part plain text."""
    parts = mail.of_kind(*STATUS)
    if not parts:
        mislabelled = mail.of_kind("text/plain", "application/octet-stream")
        parts = [part for part in mislabelled if len(FIELDS.findall(part.body[:4096])) >= 2]
    named = ("final-recipient", "original-recipient", "action")
    return [block for part in parts for block in blocks(part.body) if block.all(named)]


def _of_recipient(block: Part) -> Finding:
    code = CODE.search(block.header("status"))
    status = code[0] if code else ""
    said = _typed(block.header("diagnostic-code"))
    words = re.match(r"[a-z]*", block.header("action").lower())
    action = words[0] if words else ""
    who = _address(block.header("final-recipient") or block.header("original-recipient"))
    told = f"{status} {said}".strip() if status not in said else said
    if action not in ACTIONS and action != "failed":
        action = {"2": "delivered", "4": "delayed"}.get(status[:1], "failed")
    kind = ACTIONS.get(action) or BOUNCED[hardness(status, said)]
    return Finding(kind, told, who)


def _merged(part: Part) -> Part:
    return Part("", tuple(header for block in blocks(part.body) for header in block.headers), b"")


def _typed(value: str) -> str:
    """`smtp; 550 …` without its type (RFC 3464 2.3.6)."""
    kind, semicolon, rest = value.partition(";")
    return rest.strip() if semicolon and len(kind) <= 20 else value.strip()


def _address(value: str) -> str:
    """`rfc822; ann@example.org` as the address, if it is one."""
    address = _typed(value).strip("<> ")
    return address if re.fullmatch(r"[^\s@<>]{1,64}@[^\s@<>]{1,255}", address) else ""
