"""Mails that come back, in the shapes of the systems that write them; every word is our own.

One table: what wrote it, the bytes, what it means, and how we know which mail it is about.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.feedback.letters import (
    BOUNCE_TO,
    LEAVE_TO,
    OUR_ID,
    READER,
    arf,
    dsn,
    in_base64,
    mail,
    multipart,
    recipient,
    returned,
)


@dataclass(frozen=True)
class Sample:
    """`means` is the event's kind, or "nothing"."""

    name: str
    raw: bytes
    means: str
    by: str = "message id"  # or "address", "both", "recipient", ""


def samples() -> list[Sample]:
    """One of each."""
    return [*_of_agreed_format(), *_in_words(), *_complaints(), *_nothing()]


def _of_agreed_format() -> list[Sample]:
    return [
        Sample(
            "Postfix: no such user",
            dsn(
                recipient("failed", "5.1.1", f"550 5.1.1 <{READER}>: no such user in the table"),
                f"To: {BOUNCE_TO}",
            ),
            "hard bounce",
            "both",
        ),
        Sample(
            "Postfix: full, headers of our mail alone",
            dsn(
                recipient("failed", "5.2.2", f"552 5.2.2 <{READER}> has no room left"),
                copy_kind="text/rfc822-headers",
            ),
            "soft bounce",
        ),
        Sample(
            "Postfix: still trying",
            dsn(
                recipient("delayed", "4.4.1", "connect to mx.reader.example: no answer"),
                subject="Delayed Mail (still being retried)",
            ),
            "deferred",
        ),
        Sample(
            "Postfix: given up after days",
            dsn(recipient("failed", "4.4.1", "connect to mx.reader.example: no answer")),
            "soft bounce",
        ),
        Sample(
            "Exim with DSN: domain without mail",
            dsn(
                "Action: failed\nFinal-Recipient: rfc822;reader@gone.example\nStatus: 5.0.0\n"
                "Diagnostic-Code: X-Exim; all relevant MX records point to no host; unrouteable "
                "address"
            ),
            "hard bounce",
        ),
        Sample(
            "Exchange Online: the edge knows no such reader",
            dsn(
                recipient("failed", "5.4.1", "550 5.4.1 Recipient address rejected: Access denied"),
                f"To: <{BOUNCE_TO}>",
                copy_kind="message/rfc822\nContent-Transfer-Encoding: base64",
                copy=in_base64(returned()),
                subject="Undeliverable: November",
            ),
            "hard bounce",
            "both",
        ),
        Sample(
            "Exchange: our sender is on a list of theirs",
            dsn(
                recipient("failed", "5.7.606", "550 5.7.606 Access denied, banned sending IP"),
                status_kind="message/delivery-status\nContent-Transfer-Encoding: base64",
            ),
            "blocked",
        ),
        Sample(
            "Gmail: the account rests",
            dsn(
                recipient(
                    "failed",
                    "5.2.1",
                    "550-5.2.1 The account that you want to reach is inactive. Learn more at\n"
                    " 550 5.2.1 https://help.example/6596 abc123 - gsmtp",
                ),
                words="** Address not found **",
            ),
            "hard bounce",
        ),
        Sample(
            "Gmail: unsigned mail",
            dsn(recipient("failed", "5.7.26", "550-5.7.26 This mail is unauthenticated")),
            "blocked",
        ),
        Sample(
            "Amazon SES: general code, telling words",
            dsn(
                recipient(
                    "failed",
                    "5.0.0",
                    "smtp; 554 delivery error: This user doesn't have a reader.example account",
                ),
                f"Delivered-To: {BOUNCE_TO}",
                copy=returned("<0100018f-aaaa@email.amazonses.example>"),
            ),
            "hard bounce",
            "address",
        ),
        Sample(
            "International DSN (RFC 6533)",
            dsn(
                "Final-Recipient: utf-8; lesér@reader.example\nAction: failed\nStatus: 5.1.1",
                status_kind="message/global-delivery-status",
                copy_kind="message/global-headers",
            ),
            "hard bounce",
        ),
        Sample(
            "A gateway that relayed it",
            dsn(recipient("relayed", "2.1.9", "250 relayed, no more news")),
            "processed",
        ),
        Sample(
            "A success, as asked for",
            dsn(recipient("delivered", "2.0.0", "250 2.0.0 stored")),
            "delivered",
        ),
        Sample(
            "A status that calls itself plain text",
            dsn(recipient("failed", "5.1.10", "550 5.1.10 no such one"), status_kind="text/plain"),
            "hard bounce",
        ),
        Sample(
            "Nothing returned: the address is a hint",
            dsn(recipient("failed", "5.1.1", "550 no"), copy=returned("<other@else.example>")),
            "hard bounce",
            "recipient",
        ),
    ]


def _in_words() -> list[Sample]:
    copy = "\n------ This is a copy of the message, with all its headers. ------\n\n"
    return [
        Sample(
            "Exim: its own words",
            mail(
                "Mail delivery failed: returning message to sender",
                f"A mail of yours could not be brought to one recipient:\n\n  {READER}\n"
                f"    host mx.reader.example said: 550 No such person here\n{copy}{returned()}",
                f"X-Failed-Recipients: {READER}",
                "Auto-Submitted: auto-replied",
            ),
            "hard bounce",
        ),
        Sample(
            "Exim: a warning",
            mail(
                "Warning: message 1abc-000 delayed 24 hours",
                "It has not been delivered yet. No action is required on your part.\n"
                f"{copy}{returned()}",
                f"X-Failed-Recipients: {READER}",
                "Auto-Submitted: auto-replied",
            ),
            "deferred",
        ),
        Sample(
            "qmail",
            mail(
                "failure notice",
                "Hello. Here speaks the qmail-send program at mx.example.net.\n\n"
                f"<{READER}>:\nSorry, there is no mailbox here by that name. (#5.1.1)\n\n"
                f"--- Below this line is a copy of the message.\n\n{returned()}",
                sender="<>",
            ),
            "hard bounce",
        ),
        Sample(
            "Yahoo: in words, the reader's quota",
            mail(
                "Failure Notice",
                f"We could not bring your mail.\n\n<{READER}>:\n554: 30: user is over quota\n\n"
                f"---- Original message ----\n{returned()}",
                sender="MAILER-DAEMON@mail.isp.example",
            ),
            "soft bounce",
        ),
        Sample(
            "Old Exchange: HTML, and only In-Reply-To",
            mail(
                "Undeliverable: November",
                "<html><body><p>The <b>recipient</b> was&nbsp;not found: the address "
                "could not be found.</p></body></html>",
                f"In-Reply-To: {OUR_ID}",
                sender="System Administrator <postmaster@mx.example.net>",
                kind='text/html; charset="windows-1252"',
            ),
            "hard bounce",
        ),
        Sample(
            "A gateway against spam",
            mail(
                "Returned mail: see transcript for details",
                f"... while talking to mx.reader.example\n<<< 554 rejected: listed by a blocklist\n"
                f"\n{returned()}",
                "Auto-Submitted: auto-generated (failure)",
            ),
            "blocked",
        ),
    ]


def _complaints() -> list[Sample]:
    return [
        Sample("ARF: abuse", arf("abuse"), "complaint"),
        Sample(
            "ARF of Microsoft: our mail inside",
            arf("abuse", f"To: {BOUNCE_TO}", sender="staff@hotmail.com"),
            "complaint",
            "both",
        ),
        Sample(
            "ARF of AOL and Yahoo: addresses struck out",
            arf("abuse", copy=returned().replace(READER, "redacted@isp.example")),
            "complaint",
        ),
        Sample(
            "Microsoft's junk mail report of old",
            mail(
                "complaint about message from 192.0.2.1",
                multipart("mixed", ("message/rfc822", returned()))[1],
                sender="staff@hotmail.com",
                kind='multipart/mixed; boundary="=_b"',
            ),
            "complaint",
        ),
        Sample("ARF: a wish to leave", arf("opt-out"), "leave"),
        Sample("ARF: not spam after all", arf("not-spam"), "nothing", ""),
        Sample("ARF: signature trouble (RFC 6591)", arf("auth-failure"), "nothing", ""),
    ]


def _nothing() -> list[Sample]:
    person = "Ann Reader <reader@reader.example>"
    away = "I am away until Monday. For new mail the mailbox is full; 550 5.1.1 user unknown."
    back = (f"To: {BOUNCE_TO}", f"In-Reply-To: {OUR_ID}")
    return [
        Sample(
            "Out of office (RFC 3834)",
            mail("Re: November", away, "Auto-Submitted: auto-replied", *back, sender=person),
            "nothing",
            "",
        ),
        Sample(
            "Out of office of Exchange",
            mail(
                "Automatic reply: November",
                away,
                "X-Auto-Response-Suppress: All",
                *back,
                sender=person,
            ),
            "nothing",
            "",
        ),
        Sample(
            "Out of office, German, in encoded words",
            mail("=?utf-8?q?Abwesenheitsnotiz=3A_November?=", away, *back, sender=person),
            "nothing",
            "",
        ),
        Sample(
            "Vacation with a precedence",
            mail("Re: November", away, "Precedence: auto_reply", *back, sender=person),
            "nothing",
            "",
        ),
        Sample("A person writes", mail("Thank you", away, *back, sender=person), "nothing", ""),
        Sample(
            "A receipt that it was read",
            mail(
                "Read: November",
                multipart(
                    "report",
                    ("text/plain", "It was shown."),
                    (
                        "message/disposition-notification",
                        f"Original-Message-ID: {OUR_ID}\nDisposition: manual-action; displayed",
                    ),
                )[1],
                *back,
                sender=person,
                kind='multipart/report; boundary="=_b"',
            ),
            "nothing",
            "",
        ),
        Sample(
            "A bounce of somebody else's mail",
            mail("failure notice", "550 5.1.1 no such user", sender="<>"),
            "nothing",
            "",
        ),
        Sample(
            "A mail to the tokened address",
            mail("unsubscribe", "", f"To: <{LEAVE_TO}>", sender=person),
            "leave",
            "address",
        ),
    ]
