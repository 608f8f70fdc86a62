"""What config.yaml is made of: a section, and the types of single values.

What each accepts, and what it says of the rest. It lies below `config`, because a kind of source
brings its own section with it (`sources`).
"""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from apscheduler.triggers.cron import CronTrigger
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from digest.web_address import plain_address

SUBJECT_FIELDS = ("studies", "themes", "top", "month", "number")
KNOWN_FIELDS = tuple(f"{{{name}}}" for name in SUBJECT_FIELDS)
BRACES = re.compile(r"\{+[^{}]*\}+|\{+[^\s{}]*|\}+")  # closed, never closed, never opened
LATENESS = re.compile(r"(\d+)\s*([smhd])")
# Controls, line and paragraph breaks, what no reader sees or what turns the direction of a line.
UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
JOINER = "\u200d"  # makes one picture of two emoji
EMOJI = ("So", "Sk")
UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Section(BaseModel):
    """A section of config.yaml: frozen, and a key that nobody knows is refused by name."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _known_timezone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"'{name}' is no IANA time zone; write one like America/New_York")
    return name


def _plain_address(address: str) -> str:
    if not re.fullmatch(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+\.[^\s@<>,;:]+", address):
        raise ValueError(f"'{address}' is no e-mail address; write one like digest@example.org")
    return address


def is_one_line(text: str) -> bool:
    """Whether only what is seen stands in `text`; the joiner counts as seen between emoji."""
    return all(
        unicodedata.category(char) not in UNSEEN or _joins_emoji(text, place)
        for place, char in enumerate(text)
    )


def unknown_field(template: str) -> str | None:
    """One line on the first brace that is no known {field}, naming those there are; None: none."""
    stray = next((one for one in BRACES.findall(template) if one not in KNOWN_FIELDS), None)
    if stray is None:
        return None
    known = ", ".join(KNOWN_FIELDS)
    if stray[0] == "{" and stray[-1] == "}":
        return f"'{stray}' is no field; known are {known}"
    return f"the brace of '{stray}' stands alone; known fields are {known}"


def _joins_emoji(text: str, place: int) -> bool:
    before, after = text[:place].rstrip("\ufe0f")[-1:], text[place + 1 : place + 2]
    return text[place] == JOINER and all(
        char and unicodedata.category(char) in EMOJI for char in (before, after)
    )


def _one_line(text: str) -> str:
    if not is_one_line(text):
        raise ValueError("holds a line break or control character; keep it on one line")
    return text


def _web_address(url: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", url):
        raise ValueError(f"'{url}' is no web address; write one like https://digest.example.org")
    return url.rstrip("/")


def _site_address(url: str) -> str:
    """Scheme and host only: every page has its place below it, and links in mails are ASCII."""
    url = _web_address(url)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port  # a port that is no number raises
        named = f"[{host}]" if ":" in host else host
        ascii_host = urlsplit(plain_address(f"https://{named}")).hostname
    except ValueError:
        raise ValueError(
            f"'{url}' is no web address; write one like https://digest.example.org"
        ) from None
    if host != ascii_host:
        raise ValueError(f"the host '{host}' is not ASCII; write it in its xn-- form: {ascii_host}")
    if parts.path:
        raise ValueError(
            f"'{url}' has a path; give the digest a host of its own: {parts.scheme}://{parts.netloc}"
        )
    if "@" in parts.netloc:
        raise ValueError(f"'{host}' is no host; write one like https://digest.example.org")
    return url


def _cron(expression: str) -> str:
    """Five fields; days of the week by name, because APScheduler counts Monday as 0."""
    fields = expression.split()
    if len(fields) != 5:
        raise ValueError(f"'{expression}' must have five fields: minute hour day month weekday")
    if re.search(r"\d", fields[4]):
        raise ValueError(f"'{fields[4]}': write days of the week by name (mon, tue … sun)")
    CronTrigger.from_crontab(expression, timezone="UTC")
    return expression


def _duration(value: object) -> object:
    if isinstance(value, str):
        match = LATENESS.fullmatch(value.strip())
        if not match:
            raise ValueError(f"'{value}' is no duration; write one like 90m, 6h or 7d")
        return timedelta(seconds=int(match[1]) * UNIT_SECONDS[match[2]])
    return value


def _one_or_more(value: object) -> object:
    """One that stands alone is a list of one: so it is meant."""
    return [value] if isinstance(value, str) else value


def _host(name: str) -> str:
    """A host's name or IP address alone, as an address on the web names it."""
    try:
        return str(ip_address(name.removeprefix("[").removesuffix("]")))
    except ValueError:
        pass
    if not re.fullmatch(r"\w[\w-]*(\.\w[\w-]*)*\.?", name):
        raise ValueError(
            f"'{name[:80]}' is no host; write its name or address alone, one for each, like "
            "feeds.internal or 10.0.0.7"
        )
    return name


def _template(text: str) -> str:
    """Only the known {fields} may stand in a subject, preheader or intro; and something must."""
    if not text.strip():
        raise ValueError("is empty; write a line, or leave the key out to have ours")
    if problem := unknown_field(_one_line(text)):
        raise ValueError(problem)
    return text


Line = Annotated[str, AfterValidator(_one_line)]
Address = Annotated[str, AfterValidator(_plain_address)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
SiteAddress = Annotated[str, AfterValidator(_site_address)]
Cron = Annotated[str, AfterValidator(_cron)]
Duration = Annotated[timedelta, BeforeValidator(_duration)]
Host = Annotated[str, AfterValidator(_host)]
ONE_OR_MORE = BeforeValidator(_one_or_more)
Template = Annotated[str, AfterValidator(_template)]
TimeZone = Annotated[str, AfterValidator(_known_timezone)]
