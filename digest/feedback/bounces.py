"""One mail of the feedback mailbox → what it means: a bounce, a complaint, a wish to leave.

In: bytes of anybody's. Out: a `FeedbackEvent`, or a `Passed` with its reason; nothing raises.
A mail is matched by the keyed address that it came to (VERP; leave+…) or by a Message-ID of ours
in what it returns. Both are keyed hashes of 64 and 160 bits that only the reader's side has
seen, so that nobody can bounce, complain or leave for somebody else by naming a mail that they
never got. The recipient that a report names is a hint and no more: anybody can write it.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime

from digest.feedback.addresses import Purpose, read_token, tokens_addressed, tokens_in
from digest.feedback.events import FeedbackEvent, Passed, one_line
from digest.feedback.free_text import (
    bounce_in_words,
    is_auto_reply,
    surely_bounced,
    told_by_a_mail_system,
    written_by_a_machine,
)
from digest.feedback.mime import MAX_MAIL, Mail, Part, read_headers, read_mime
from digest.feedback.reports import Finding, complaint, delivery_status

# Where systems write whom a mail came to. To is its writer's word, asked when no system wrote a
# tokened address; Cc is not, as an answer to all would ask for what its writer never did.
ARRIVED_AT = (
    "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to",
    "x-rcpt-to", "original-recipient",
)  # fmt: skip
RETURNED_MAIL = ("message/rfc822", "message/global", "text/rfc822-headers",
                 "message/rfc822-headers", "message/global-headers")  # fmt: skip
ANSWERED = ("in-reply-to", "references", "x-original-message-id")
MAX_SEARCHED = 10  # leaves
MAX_TOKENS = 20
SENT_FROM = ("return-path", "x-envelope-from", "x-original-return-path")


def read_mail(raw: bytes, *, at: datetime, key: str, host: str) -> FeedbackEvent | Passed:
    """What one mail means. Never raises, whatever the bytes.

    `at` is when it came (UTC); `key` is what our Message-IDs and tokened addresses are
    keyed with, `host` the sender's domain, on which both end. A complaint that comes to an address
    to leave is a complaint.
    """
    raw_id = f"mail:{hashlib.sha256(raw).hexdigest()}"
    if len(raw) > MAX_MAIL:
        return Passed("larger than 10 MB", raw_id)
    mail = read_mime(raw)
    leaving = _arrived(mail.top, "leave", host)
    if leaving and not complaint(mail):
        return _leaving(mail, _proven("leave", leaving, key), at, raw_id)
    finding = _finding(mail)
    if isinstance(finding, str):
        return Passed(finding, raw_id)
    if not finding.kind:
        return Passed("a report that asks for nothing", raw_id)
    delivery_id, message_id = _delivery(mail, key, host), _message_id(mail, host)
    named = finding.recipient
    if named.casefold().endswith(f"@{host}".casefold()):  # a Message-ID, or our own address
        named = ""
    if not (delivery_id or message_id or named):
        return Passed("about no mail of ours", raw_id)
    return FeedbackEvent(
        finding.kind,
        at,
        raw_id,
        delivery_id=delivery_id,
        message_id=message_id,
        recipient=named,
        detail=one_line(finding.words, finding.recipient),
    )


def _leaving(mail: Mail, delivery_id: str, at: datetime, raw_id: str) -> FeedbackEvent | Passed:
    """A mail to an address to leave: what it says is not read, only who wrote it."""
    if not delivery_id:
        return Passed("an address to leave that we never made", raw_id)
    if written_by_a_machine(mail):
        return Passed("no person's mail to an address to leave", raw_id)
    return FeedbackEvent("leave", at, raw_id, delivery_id=delivery_id, detail="by mail")


def _finding(mail: Mail) -> Finding | str:
    """What happened, or why the mail is none of this; what is structured is asked first.

    Reports are automatic replies themselves (RFC 3464 2, RFC 3834 5), so these come after.
    """
    report = complaint(mail) or delivery_status(mail)
    if report:
        return report
    if mail.of_kind("message/disposition-notification"):
        return "a receipt"
    if surely_bounced(mail):
        return bounce_in_words(mail)
    if is_auto_reply(mail):
        return "an automatic reply"
    return bounce_in_words(mail) if told_by_a_mail_system(mail) else "not a bounce"


def _delivery(mail: Mail, key: str, host: str) -> str:
    """The delivery whose bounce address the mail came to, or whose mail it returns."""
    tokens = _arrived(mail.top, "bounce", host)
    for returned in _returned(mail):
        tokens += [t for value in returned.all(SENT_FROM) for t in tokens_in(value, "bounce")]
    leaving = _arrived(mail.top, "leave", host)  # where a provider sends complaints, too
    return _proven("bounce", tokens, key) or _proven("leave", leaving, key)


def _proven(purpose: Purpose, tokens: list[str], key: str) -> str:
    """The first identity whose token is ours; "" when none is."""
    found = (read_token(purpose, token, key) for token in tokens[:MAX_TOKENS])
    return next((identity for identity in found if identity), "")


def _message_id(mail: Mail, host: str) -> str:
    """Our Message-ID of the returned mail; else the one that stands anywhere, if it is one.

    Two different ones tell nothing: somebody may have forwarded both.
    """
    ours = re.compile(rf"(?<![0-9a-f])([0-9a-f]{{40}})@{re.escape(host)}(?![\w.-])", re.IGNORECASE)
    returned = [part.header("message-id") for part in _returned(mail)]
    texts = [leaf.text for leaf in mail.leaves[:MAX_SEARCHED]]
    for place in (returned, mail.top.all(ANSWERED), texts):
        found = {match.lower() for text in place for match in ours.findall(text)}
        if found:
            return f"<{found.pop()}@{host}>" if len(found) == 1 else ""
    return ""


def _returned(mail: Mail) -> list[Part]:
    """The headers of the mails, or of the beginnings of mails, that it returns."""
    leaves = mail.of_kind(*RETURNED_MAIL)[:MAX_SEARCHED]
    return [Part(leaf.kind, read_headers(_head(leaf.body)), b"") for leaf in leaves]


def _head(mail: bytes) -> bytes:
    head, _, _ = mail.lstrip().replace(b"\r\n", b"\n").partition(b"\n\n")
    return head


def _arrived(top: Part, purpose: Purpose, host: str) -> list[str]:
    """The tokens of the addresses that the mail came to: the envelope's where it is told."""
    for names in (ARRIVED_AT, ("to",)):
        found = [t for value in top.all(names) for t in tokens_addressed(value, purpose, host)]
        if found:
            return found
    return []
