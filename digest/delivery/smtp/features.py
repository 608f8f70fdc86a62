"""What a server offers in its answer to EHLO (RFC 5321 4.1.1.1), as far as we use it."""

from __future__ import annotations

from dataclasses import dataclass

from digest.delivery.smtp.replies import Reply


@dataclass(frozen=True, slots=True)
class Features:
    """`size` None: not announced; 0: announced without a limit (RFC 1870)."""

    pipelining: bool = False
    size: int | None = None
    eight_bit: bool = False
    smtputf8: bool = False
    starttls: bool = False
    auth: tuple[str, ...] = ()


def features_of(reply: Reply) -> Features:
    """The features that an EHLO reply lists; its first line is only a greeting."""
    offered: dict[str, list[str]] = {}
    for line in reply.lines[1:]:
        # Old servers write AUTH=PLAIN, and some both forms on two lines.
        keyword, *values = line.decode("ascii", "replace").upper().replace(
            "AUTH=", "AUTH "
        ).split() or [""]
        offered.setdefault(keyword, []).extend(values)
    return Features(
        pipelining="PIPELINING" in offered,
        size=_limit(offered["SIZE"]) if "SIZE" in offered else None,
        eight_bit="8BITMIME" in offered,
        smtputf8="SMTPUTF8" in offered,
        starttls="STARTTLS" in offered,
        auth=tuple(offered.get("AUTH", ())),
    )


def _limit(values: list[str]) -> int:
    digits = values[0] if values else ""
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 20 else 0
