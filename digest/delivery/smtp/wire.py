"""What we say about one mail: an envelope → the bytes of its commands and of its body.

Law 5: one recipient an envelope. Law 8: no bare CR or LF leaves, no address brings a command.
"""

from __future__ import annotations

import re

from digest.delivery.smtp.features import Features
from digest.values import Envelope

RSET, DATA, DOT, QUIT = b"RSET\r\n", b"DATA\r\n", b".\r\n", b"QUIT\r\n"
# No control character, blank or angle bracket: those end an address and begin a parameter.
_ADDRESS = re.compile(r"[^\s\x00-\x20\x7f<>]{1,320}")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)


class WireForm(bytes):
    """Content whose maker vouches for it: ASCII, CRLF alone ends lines, the last one too, and

    leading dots are doubled. It is sent as it is: to look at it again costs what sending costs.
    """

    __slots__ = ()


class Unsendable(Exception):
    """This server cannot take this mail; said here, before anything is sent."""


class UnsendableToAnybody(Unsendable):
    """It would not take it for another recipient either: its size, its content, its sender."""


def wire_form(content: bytes) -> bytes:
    """CRLF line ends only (a bare CR or LF smuggles mails past some servers) and dots doubled

    at the start of a line (RFC 5321 4.5.2).
    """
    if type(content) is WireForm:
        return content
    ends = content.count(b"\r\n")
    if ends != content.count(b"\n") or ends != content.count(b"\r"):
        content = _LINE_END.sub(b"\r\n", content)
    if not content.endswith(b"\r\n"):
        content += b"\r\n"
    if content.startswith(b".") or b"\n." in content:
        content = _LEADING_DOT.sub(b"..", content)
    return content


def envelope_lines(envelope: Envelope, features: Features) -> tuple[bytes, bytes]:
    """MAIL and RCPT, with the parameters that are needed and offered.

    Raises Unsendable: an address that cannot stand in a command, or an international one (RFC
    6531) where that is not offered; UnsendableToAnybody: too large (RFC 1870), 8-bit (RFC 6152),
    or an international sender.
    """
    if not _ADDRESS.fullmatch(envelope.recipient) or not envelope.recipient.isprintable():
        raise Unsendable("the address cannot be written in an SMTP command")
    parameters = _size(envelope, features)
    if type(envelope.content) is not WireForm and not envelope.content.isascii():
        parameters += _eight_bit(features)
    if not (envelope.recipient.isascii() and envelope.sender.isascii()):
        parameters += _international(envelope, features)
    return (
        f"MAIL FROM:<{envelope.sender}>{parameters}\r\n".encode(),
        f"RCPT TO:<{envelope.recipient}>\r\n".encode(),
    )


def is_sender(address: str) -> bool:
    """Whether it may stand in MAIL FROM; "" is the null sender."""
    return not address or bool(_ADDRESS.fullmatch(address) and address.isprintable())


def _size(envelope: Envelope, features: Features) -> str:
    if features.size is None:
        return ""
    octets = len(envelope.content)
    if 0 < features.size < octets:
        raise UnsendableToAnybody(
            f"{octets} octets are more than the server takes ({features.size})"
        )
    return f" SIZE={octets}"


def _eight_bit(features: Features) -> str:
    if not features.eight_bit:
        raise UnsendableToAnybody("the server takes no 8-bit content")
    return " BODY=8BITMIME"


def _international(envelope: Envelope, features: Features) -> str:
    if not features.smtputf8:
        kind = Unsendable if envelope.sender.isascii() else UnsendableToAnybody
        raise kind("the server takes no address with letters beyond ASCII")
    return " SMTPUTF8"
