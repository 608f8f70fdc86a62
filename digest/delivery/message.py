"""One mail to one recipient as bytes: headers that refuse injection, plain text before HTML.

In: sender, one recipient, subject, both bodies. Out: an `Envelope` of CRLF lines, each far
under 998 octets. Law 5: one recipient per envelope and per header. The message is written
here line by line, because Python's default policy folds a long List-Unsubscribe into encoded
words, which mail clients do not read, and one-click unsubscribing (RFC 8058) breaks.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
import uuid
from binascii import b2a_qp
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime

import idna

from digest.errors import Refused
from digest.values import Envelope, Sender

# RFC 5321 4.5.3.1 and RFC 5322 3.2.3; quoted local parts are not worth their risk.
LOCAL_PART = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)
DOMAIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9-]+)+", re.ASCII)
MESSAGE_ID = re.compile(r"<[\w.!#$%&'*+/=?^`{|}~-]+@[A-Za-z0-9.-]+>", re.ASCII)
# RFC 8058 3.1 asks for https; plain http is for rehearsals, on names that mean nothing
# outside of this house (RFC 6761).
WEB_ADDRESS = re.compile(
    r"https://[!-;=?-~]+|http://([\w-]+|[\w.-]+\.(test|local|localhost)|127\.0\.0\.1|\[::1\])"
    r"(:\d+)?/[!-;=?-~]*",
    re.ASCII,
)
# The letters of a token that no mailto address (RFC 6068 2) has to escape; no ?subject= either.
LEAVE_MAILBOX = re.compile(r"[\w.+-]+@[A-Za-z0-9.-]+", re.ASCII)
FEEDBACK_ID = re.compile(r"\d+:updates:digest:[0-9a-f]{12}", re.ASCII)
MAX_LOCAL, MAX_DOMAIN = 64, 255
MAX_LINE = 998  # RFC 5322 2.1.1, without CRLF
SHORT_LINE = 76
# b2a_qp writes a line of 77, one too long (RFC 2045 6.7), for a blank that ends a line of 75.
SPACE_BEYOND = re.compile(rb"(?<=\n[^\n]{74})(=20|=09)(?=\r\n)")
# No quoted-printable line can hold "=_", so this never stands inside a part.
BOUNDARY = "=_digest_alternative"


def build_envelope(
    *,
    sender: Sender,
    recipient_address: str,
    recipient_name: str,
    subject: str,
    text: str,
    html: str,
    message_id: str,
    date: datetime,
    unsubscribe_url: str,
    list_host: str,
    feedback_id: str,
    unsubscribe_mailto: str | None = None,
) -> Envelope:
    """An issue's mail to one subscriber, with RFC 2369, RFC 2919 and RFC 8058 headers.

    `message_id` stands in angle brackets; `date` is aware; `feedback_id` is what the function of
    that name gives. `unsubscribe_mailto` is a plain address with an opaque token
    (leave+TOKEN@HOST); nobody hands one in as long as nothing reads that mailbox. Two headers
    are left out on purpose: `Precedence` (RFC 2076: discouraged) and `Auto-Submitted` (RFC 3834:
    not for lists); List-Id already keeps well-behaved answering machines quiet (RFC 5230 4.6).
    Raises Refused when a value cannot stand in a header or an address cannot be mailed.
    """
    list_headers = [
        # Never folded and never encoded: what clients match, letter by letter.
        _verbatim("List-Unsubscribe", _ways_to_leave(unsubscribe_url, unsubscribe_mailto)),
        _verbatim("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        _verbatim("List-Id", f"<updates.{_ascii_domain(list_host)}>"),
        _verbatim("Feedback-ID", _matching(FEEDBACK_ID, feedback_id, "Feedback-ID")),
    ]
    head = _head(sender, recipient_address, recipient_name, subject, message_id, date)
    body = _alternatives(text, html)
    return _envelope(sender, recipient_address, message_id, head + list_headers, body)


def build_notice(
    *,
    sender: Sender,
    recipient_address: str,
    recipient_name: str,
    subject: str,
    text: str,
    html: str | None,
    message_id: str,
    date: datetime,
) -> Envelope:
    """A mail that is no issue (a confirmation), marked as automatic (RFC 3834 5).

    Raises Refused as `build_envelope` does.
    """
    head = _head(sender, recipient_address, recipient_name, subject, message_id, date)
    head.append(_verbatim("Auto-Submitted", "auto-generated"))
    body = _part("plain", text.rstrip("\r\n")) if html is None else _alternatives(text, html)
    return _envelope(sender, recipient_address, message_id, head, body)


def message_id_for(identity: str, key: str, host: str) -> str:
    """The Message-ID of a delivery, in angle brackets: the same at each try, so that a retry

    is known as one, and keyed, so that it tells nothing of the subscriber. `identity` names the
    issue as approved and its recipient, and no other delivery of any database.
    """
    keyed = hmac.new(key.encode(), f"message-id {identity}".encode(), hashlib.sha256)
    return f"<{keyed.hexdigest()[:40]}@{_ascii_domain(host)}>"


def feedback_id(number: int, host: str) -> str:
    """Gmail's Feedback-ID of an issue: `number:updates:digest:SenderId`, the same for everybody.

    Google counts complaints by each of the four identifiers (support.google.com/mail/answer/
    6254652: a SenderId of 5-15 characters, the same in all of a sender's mails). Ours is a hash of
    the sender's host in hexadecimal digits, which spell no name; no audience stands here, or a
    header would tell patient from clinician (law 7). Raises Refused for a host that is none.
    """
    hashed = hashlib.sha256(f"feedback-id {_ascii_domain(host).lower()}".encode("ascii"))
    return f"{number}:updates:digest:{hashed.hexdigest()[:12]}"


def new_message_id(host: str) -> str:
    """A Message-ID for a mail that has no delivery; it tells nothing of this machine."""
    return f"<{uuid.uuid4().hex}@{_ascii_domain(host)}>"


def mailable(address: str) -> str:
    """The address as SMTP takes it: the domain in IDNA 2008, the local part ASCII.

    Raises Refused for anything that cannot be mailed without SMTPUTF8 (RFC 6531).
    """
    local, at, domain = address.rpartition("@")
    if local and not local.isascii():
        raise Refused(
            "the part before @ holds letters outside of ASCII, which cannot be mailed yet",
            mend="Ask for an address in plain letters",
        )
    if not at or len(local) > MAX_LOCAL or not LOCAL_PART.fullmatch(local):
        raise Refused("the address is not valid", mend="Correct it to one like name@example.org")
    return f"{local}@{_ascii_domain(domain)}"


def _envelope(
    sender: Sender, recipient: str, message_id: str, headers: list[bytes], body: bytes
) -> Envelope:
    content = b"".join((*headers, b"MIME-Version: 1.0\r\n", body))
    return Envelope(mailable(sender.address), mailable(recipient), message_id, content)


def _head(
    sender: Sender, address: str, name: str, subject: str, message_id: str, date: datetime
) -> list[bytes]:
    head = [
        _mailbox("From", sender.name, sender.address),
        _mailbox("To", name, address),
        _words("Subject", subject),
        _verbatim("Date", format_datetime(date.astimezone(UTC))),
        _verbatim("Message-ID", _matching(MESSAGE_ID, message_id, "Message-ID")),
    ]
    if sender.reply_to:
        head.insert(1, _mailbox("Reply-To", "", sender.reply_to))
    return head


def _ways_to_leave(url: str, mailto: str | None) -> str:
    """RFC 2369 3.2: the most preferred way first; RFC 8058 acts on the web address only."""
    if not WEB_ADDRESS.fullmatch(url):  # not shown: it holds a token
        raise Refused(
            "the link to leave cannot stand in List-Unsubscribe",
            mend="Write publication.site_url with https://",
        )
    if mailto is None:
        return f"<{url}>"
    return f"<{url}>, <mailto:{_matching(LEAVE_MAILBOX, mailable(mailto), 'leaving mailbox')}>"


def _mailbox(header: str, name: str, address: str) -> bytes:
    """`Name <address>`; the name quoted, or in encoded words when it is long or not ASCII."""
    spec = f"<{mailable(address)}>"
    name = _refuse_controls(header, name).strip()
    if name.isascii() and len(name) <= SHORT_LINE - len(header) - 4 and "=?" not in name:
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        words = f'"{quoted}"' if quoted else ""
    else:
        words = _encoded(header, name)
    return f"{header}: {words}\r\n {spec}\r\n".encode("ascii") if words else (
        f"{header}: {spec}\r\n".encode("ascii")
    )  # fmt: skip


def _words(header: str, value: str) -> bytes:
    """Unstructured text: as it is when short and ASCII, else RFC 2047 encoded words of ≤ 75."""
    value = _refuse_controls(header, value)
    plain = value.isascii() and "=?" not in value and value == value.strip()
    if not plain or len(header) + 2 + len(value) > SHORT_LINE:
        value = _encoded(header, value)
    return f"{header}: {value}\r\n".encode("ascii")


def _encoded(header: str, value: str) -> str:
    words = Header(value, charset="utf-8", header_name=header, maxlinelen=SHORT_LINE)
    return words.encode(linesep="\r\n")


def _verbatim(header: str, value: str) -> bytes:
    line = f"{header}: {_refuse_controls(header, value)}"
    if len(line) > MAX_LINE:
        raise Refused(f"the header {header} is longer than {MAX_LINE} characters")
    return f"{line}\r\n".encode("ascii")


def _refuse_controls(header: str, value: str) -> str:
    """Law 8: CR, LF, NUL, other controls, U+2028, U+2029 and lone surrogates start no header."""
    for char in value:
        if unicodedata.category(char) in ("Cc", "Zl", "Zp", "Cs"):
            raise Refused(
                f"the value for {header} holds the control character U+{ord(char):04X}",
                mend="Take it out; a header is one line of plain text",
            )
    return value


def _matching(pattern: re.Pattern[str], value: str, what: str) -> str:
    if not pattern.fullmatch(value):
        raise Refused(f"the {what} cannot stand in a header")  # not shown: it holds a token
    return value


def _ascii_domain(domain: str) -> str:
    try:
        plain = domain if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        plain = ""
    if len(plain) > MAX_DOMAIN or not DOMAIN.fullmatch(plain):
        raise Refused("the domain of the address is not valid", mend="Correct the part after the @")
    return plain


def _alternatives(text: str, html: str) -> bytes:
    """RFC 2046 5.1.4: the plainest part first, the one to be preferred last."""
    delimiter = f"--{BOUNDARY}".encode("ascii")  # the CRLF before it belongs to it, to no part
    return (
        f'Content-Type: multipart/alternative; boundary="{BOUNDARY}"\r\n\r\n'.encode("ascii")
        + delimiter + b"\r\n" + _part("plain", text)
        + delimiter + b"\r\n" + _part("html", html)
        + delimiter + b"--\r\n"
    )  # fmt: skip


def _part(subtype: str, body: str) -> bytes:
    """Quoted-printable UTF-8 (RFC 2045 6.7): no relay has a reason to change a byte of it.

    The body reads back to the letter, each of its line ends a CRLF; one more CRLF ends the part.
    """
    lines = re.sub(r"\r\n|\r|\n", "\r\n", body) + "\r\n"  # b2a_qp breaks lines as the first ends
    headers = f"Content-Type: text/{subtype}; charset=utf-8\r\n"
    headers += "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    part = headers.encode("ascii") + b2a_qp(lines.encode("utf-8"), istext=True)
    return SPACE_BEYOND.sub(rb"=\r\n\1", part)
