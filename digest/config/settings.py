"""The shape of config.yaml: every key, its type, its default and the rules across keys.

`config.yaml` at the top of the project documents each key for people; a test holds the two
together.
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from apscheduler.triggers.cron import CronTrigger
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from digest.values import AUDIENCES, Audience, Publication, Sender, Wording

SUBJECT_FIELDS = ("studies", "themes", "month", "number")
LATENESS = re.compile(r"(\d+)\s*([smhd])")
LONG_WORD = 5  # letters; a shorter diagnosis stands by chance in other words
UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _known_timezone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"'{name}' is no IANA time zone; write one like America/New_York")
    return name


def _plain_address(address: str) -> str:
    if not re.fullmatch(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+\.[^\s@<>,;:]+", address):
        raise ValueError(f"'{address}' is no e-mail address; write one like digest@example.org")
    return address


def _one_line(text: str) -> str:
    if any(not char.isprintable() for char in text):
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
        ascii_host = host.encode("idna").decode() if not host.isascii() else host
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
    if "@" in parts.netloc or not re.fullmatch(r"[\w.-]+|[0-9a-f:.]+", host):
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


def _template(text: str) -> str:
    """Only the known {fields} may stand in a subject, preheader or intro."""
    for name in re.findall(r"\{([^{}]*)\}", _one_line(text)):
        if name not in SUBJECT_FIELDS:
            known = ", ".join("{" + field + "}" for field in SUBJECT_FIELDS)
            raise ValueError(f"'{{{name}}}' is no field; known are {known}")
    return text


Line = Annotated[str, AfterValidator(_one_line)]
Address = Annotated[str, AfterValidator(_plain_address)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
SiteAddress = Annotated[str, AfterValidator(_site_address)]
Cron = Annotated[str, AfterValidator(_cron)]
Duration = Annotated[timedelta, BeforeValidator(_duration)]
Template = Annotated[str, AfterValidator(_template)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class PublicationSettings(_Section):
    name: Line = "MS Research Digest"
    site_url: SiteAddress = "https://digest.example.org"
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] = "en"
    timezone: Annotated[str, AfterValidator(_known_timezone)] = "America/New_York"


class SenderSettings(_Section):
    name: Line = "Research Digest"
    address: Address = "digest@example.org"
    reply_to: Address | None = None
    postal_address: Line = Field(min_length=5)


class MaildirTransport(_Section):
    kind: Literal["maildir"] = "maildir"
    path: str = "outbox"


class SmtpTransport(_Section):
    kind: Literal["smtp"]
    host: Line
    port: int = Field(587, ge=1, le=65535)
    tls: Literal["none", "starttls", "implicit"] = "starttls"
    username: Line | None = None
    connections: int = Field(10, ge=1, le=200)


class SendgridTransport(_Section):
    kind: Literal["sendgrid"]
    api_url: WebAddress = "https://api.sendgrid.com"
    batch: int = Field(1000, ge=1, le=1000)


Undated = Literal["hold", "first_seen"]


class _Source(_Section):
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
    undated: Undated = "hold"


class FolderSource(_Source):
    kind: Literal["folder"]
    path: str = Field(min_length=1)


class FeedSource(_Source):
    kind: Literal["feed"]
    url: str = Field(min_length=1)


class PagesSource(_Source):
    kind: Literal["pages"]
    start: tuple[WebAddress, ...] = Field(min_length=1)
    article: str = "/"


SourceSettings = FolderSource | FeedSource | PagesSource


class FetchSettings(_Section):
    allow_private_hosts: tuple[str, ...] = ()
    contact: Address | None = None


class IssueSettings(_Section):
    first_lookback_days: int = Field(31, ge=1, le=3660)
    min_items: int = Field(3, ge=1)
    max_items: int = Field(40, ge=1)
    max_per_theme: int = Field(8, ge=1)
    approval: Literal["required", "none"] = "required"
    articles: Literal["link", "leave_out"] = "link"

    @model_validator(mode="after")
    def _limits_agree(self) -> Self:
        if self.min_items > self.max_items:
            raise ValueError(f"min_items ({self.min_items}) is above max_items ({self.max_items})")
        return self


class ScheduleSettings(_Section):
    gather: Cron | None = "0 * * * *"
    compose: Cron | None = "0 9 25 * *"
    send: Cron | None = "0 9 1 * *"
    max_lateness: Duration = timedelta(hours=6)


class AudienceSettings(_Section):
    readers: Line
    subject: Template
    preheader: Template
    intro: Template
    order: tuple[str, ...] = ()
    audience_label: Line = "For you:"
    caveat_label: Line = "Keep in mind:"

    def wording(self, audience: Audience) -> Wording:
        """The same words as the plain value that mail reads."""
        return Wording(audience=audience, **self.model_dump(exclude={"order"}))


class RetentionSettings(_Section):
    pending: Duration = timedelta(days=7)
    delivery_details: Duration = timedelta(days=90)


class PrivacySettings(_Section):
    encrypt_addresses: bool = True
    retention: RetentionSettings = RetentionSettings()
    diagnosis_words: tuple[Line, ...] = (
        "multiple sclerosis", "sclerosis", "MS", "NMOSD", "MOGAD", "neuromyelitis",
    )  # fmt: skip

    def diagnosis_in(self, text: str) -> str | None:
        """The first word in `text` that names a diagnosis; capitals count for short forms."""
        for word in self.diagnosis_words:
            flags = re.NOFLAG if word.isupper() else re.IGNORECASE
            if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, flags):
                return word
        return None

    def diagnosis_in_address(self, address: str) -> str | None:
        """The same for an e-mail or web address: case tells nothing there, words run together."""
        parts = re.split(r"[\W\d_]+", address.casefold())
        alone = (word for word in self.diagnosis_words if word.casefold() in parts)
        return next(alone, None) or self.diagnosis_within(address)

    def diagnosis_within(self, text: str) -> str | None:
        """The first diagnosis of five letters or more that stands anywhere in `text`."""
        letters = re.sub(r"[\W\d_]+", "", text.casefold())
        for word in self.diagnosis_words:
            plain = re.sub(r"[\W\d_]+", "", word.casefold())
            if len(plain) >= LONG_WORD and plain in letters:
                return word
        return None


class WebSettings(_Section):
    host: Line = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    trusted_proxy: bool = False


class PaceSettings(_Section):
    per_second: float | None = Field(None, gt=0)
    warm_up: str | None = None


class FeedbackSettings(_Section):
    mailbox: str | None = None
    sendgrid_public_key: str | None = None


class Config(_Section):
    """The whole of config.yaml. `folder` is where it lies: relative paths start there."""

    folder: Path = Field(exclude=True)
    publication: PublicationSettings = PublicationSettings()
    sender: SenderSettings
    database: Annotated[str, Field(pattern=r"^(sqlite:///.+|postgresql://.+)$")] = (
        "sqlite:///digest.db"
    )
    transport: Annotated[
        MaildirTransport | SmtpTransport | SendgridTransport, Field(discriminator="kind")
    ] = MaildirTransport()
    sources: tuple[Annotated[SourceSettings, Field(discriminator="kind")], ...] = ()
    fetch: FetchSettings = FetchSettings()
    issue: IssueSettings = IssueSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    audiences: dict[Audience, AudienceSettings] = Field(default_factory=dict)
    privacy: PrivacySettings = PrivacySettings()
    web: WebSettings = WebSettings()
    templates: str | None = None
    themes: str | None = None
    glossary: str | None = None
    pace: PaceSettings = PaceSettings()
    feedback: FeedbackSettings = FeedbackSettings()

    @model_validator(mode="after")
    def _source_names_differ(self) -> Self:
        names = [source.name for source in self.sources]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two sources are named '{name}'; give each its own name")
        return self

    def path(self, relative: str) -> Path:
        """A path of the configuration, made absolute from the folder of config.yaml."""
        return (self.folder / Path(relative).expanduser()).resolve()

    @property
    def themes_path(self) -> Path | None:
        """The site's own themes.yaml; None: the shipped one."""
        return self.path(self.themes) if self.themes else None

    @property
    def templates_path(self) -> Path | None:
        """The folder whose templates override the shipped ones, if the site has one."""
        return self.path(self.templates) if self.templates else None

    @property
    def audience_order(self) -> tuple[Audience, ...]:
        """The lists in the order of the configuration; law 4 reads it for people on two lists."""
        return tuple(self.audiences) + tuple(a for a in AUDIENCES if a not in self.audiences)

    @property
    def zone(self) -> ZoneInfo:
        """The publication's time zone."""
        return ZoneInfo(self.publication.timezone)

    def diagnoses_seen(self) -> dict[str, str]:
        """Keys whose text others see beside any mail of ours → the diagnosis it names (law 7)."""
        privacy, sender = self.privacy, self.sender
        seen = {
            "sender.name": privacy.diagnosis_in(sender.name)
            or privacy.diagnosis_within(sender.name),
            "sender.address": privacy.diagnosis_in_address(sender.address),
            "sender.reply_to": privacy.diagnosis_in_address(sender.reply_to or ""),
            "publication.site_url": privacy.diagnosis_in_address(self.publication.site_url),
        }
        return {key: word for key, word in seen.items() if word}

    def diagnosis_in_sender(self) -> str | None:
        """One line on the first such key and its word, for a refusal; None: there is none."""
        for key, word in self.diagnoses_seen().items():
            return f"{key} names a diagnosis ('{word}'), and an inbox is seen by others"
        return None

    def publication_value(self) -> Publication:
        """Publication and postal address as the plain value that mail reads."""
        return Publication(
            **self.publication.model_dump(), postal_address=self.sender.postal_address
        )

    def sender_value(self) -> Sender:
        """The sender as the plain value that delivery reads."""
        return Sender(self.sender.name, self.sender.address, self.sender.reply_to)
