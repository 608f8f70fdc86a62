"""Header lines as bytes, and the addresses that stand in them: nothing slips in.

In: names, addresses and identities from outside. Out: whole lines that end in CRLF, or Refused.
Law 8: headers refuse control characters. The lines are written here one by one, because Python's
default policy folds a long List-Unsubscribe into encoded words, which mail clients do not read,
and one-click unsubscribing (RFC 8058) breaks.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime
from functools import lru_cache

import idna

from digest.errors import Refused
from digest.values import Sender

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
NOT_IN_A_WORD = re.compile(rb"[^A-Za-z0-9!*+/-]")  # RFC 2047 5 (3), the strictest place
MAX_LOCAL, MAX_DOMAIN = 64, 255
MAX_LINE = 998  # RFC 5322 2.1.1, without CRLF
SHORT_LINE = 76
ONE_CLICK = b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
MIME_VERSION = b"MIME-Version: 1.0\r\n"


def from_sender(sender: Sender) -> bytes:
    """Who the mail is from, and where answers go. Raises Refused, as all of these do."""
    line = mailbox("From", sender.name, mailable(sender.address))
    return line + mailbox("Reply-To", "", mailable(sender.reply_to)) if sender.reply_to else line


def mailbox(header: str, name: str, address: str) -> bytes:
    """`Name <address>`; the name quoted, or in encoded words when it is long or not ASCII.

    The address is as `mailable` gives it.
    """
    name = refuse_controls(header, name).strip()
    if name.isascii() and len(name) <= SHORT_LINE - len(header) - 4 and "=?" not in name:
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        words = f'"{quoted}"\r\n ' if quoted else ""
    else:
        words = f"{_encoded(header, name)}\r\n "
    return f"{header}: {words}<{address}>\r\n".encode("ascii")


def unstructured(header: str, value: str) -> bytes:
    """Free words: as they are when short and ASCII, else RFC 2047 encoded words of ≤ 75."""
    value = refuse_controls(header, value)
    plain = value.isascii() and "=?" not in value and value == value.strip()
    if not plain or len(header) + 2 + len(value) > SHORT_LINE:
        value = _encoded(header, value)
    return f"{header}: {value}\r\n".encode("ascii")


def verbatim(header: str, value: str) -> bytes:
    """One line, never folded and never encoded: what clients match, letter by letter."""
    line = f"{header}: {refuse_controls(header, value)}"
    if len(line) > MAX_LINE:
        raise Refused(f"the header {header} is longer than {MAX_LINE} characters")
    return f"{line}\r\n".encode("ascii")


def dated(date: datetime) -> bytes:
    """The Date, told in UTC; `date` is aware."""
    return _date_line(int(date.timestamp()))


def identified(message_id: str) -> bytes:
    """The Message-ID, which stands in angle brackets."""
    return verbatim("Message-ID", _matching(MESSAGE_ID, message_id, "Message-ID"))


def ways_to_leave(url: str, mailto: str | None) -> bytes:
    """List-Unsubscribe (RFC 2369 3.2: the most preferred way first) and what RFC 8058 adds.

    `mailto` is a plain address; RFC 8058 acts on the web address only.
    """
    if not WEB_ADDRESS.fullmatch(url):  # not shown: it holds a token
        raise Refused(
            "the link to leave cannot stand in List-Unsubscribe",
            mend="Write publication.site_url with https://",
        )
    ways = f"<{url}>"
    if mailto is not None:
        ways += f", <mailto:{_matching(LEAVE_MAILBOX, mailable(mailto), 'leaving mailbox')}>"
    return verbatim("List-Unsubscribe", ways) + ONE_CLICK


def of_list(host: str, feedback_id: str) -> bytes:
    """List-Id (RFC 2919) and Gmail's Feedback-ID: the same in all mails of an issue."""
    return b"".join([verbatim(*header) for header in headers_of_list(host, feedback_id)])


def headers_of_list(host: str, feedback_id: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """The same as names and values."""
    told = _matching(FEEDBACK_ID, feedback_id, "Feedback-ID")
    return ("List-Id", f"<updates.{ascii_domain(host)}>"), ("Feedback-ID", told)


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
    return f"{local}@{ascii_domain(domain)}"


@lru_cache(maxsize=4096)  # readers share a few domains
def ascii_domain(domain: str) -> str:
    """The domain in IDNA 2008. Raises Refused for what is none."""
    try:
        plain = domain if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        plain = ""
    if len(plain) > MAX_DOMAIN or not DOMAIN.fullmatch(plain):
        raise Refused("the domain of the address is not valid", mend="Correct the part after the @")
    return plain


def refuse_controls(header: str, value: str) -> str:
    """Law 8: CR, LF, NUL, other controls, U+2028, U+2029 and lone surrogates start no header."""
    if value.isprintable():  # the quick way for nearly every value; no such character is
        return value
    for char in value:
        if unicodedata.category(char) in ("Cc", "Zl", "Zp", "Cs"):
            raise Refused(
                f"the value for {header} holds the control character U+{ord(char):04X}",
                mend="Take it out; a header is one line of plain text",
            )
    return value


@lru_cache(maxsize=16)
def _date_line(second: int) -> bytes:
    """Kept, as thousands of mails leave within one second."""
    return verbatim("Date", format_datetime(datetime.fromtimestamp(second, UTC)))


def _encoded(header: str, value: str) -> str:
    """RFC 2047 encoded words: one where that is enough, which is quick; else folded ones."""
    letters = NOT_IN_A_WORD.sub(lambda byte: b"=%02X" % byte[0][0], value.encode("utf-8"))
    word = f"=?utf-8?q?{letters.replace(b'=20', b'_').decode('ascii')}?="
    if len(header) + 2 + len(word) <= SHORT_LINE:
        return word
    words = Header(value, charset="utf-8", header_name=header, maxlinelen=SHORT_LINE)
    return words.encode(linesep="\r\n")


def _matching(pattern: re.Pattern[str], value: str, what: str) -> str:
    if not pattern.fullmatch(value):
        raise Refused(f"the {what} cannot stand in a header")  # not shown: it holds a token
    return value
