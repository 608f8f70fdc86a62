"""The shape of config.yaml: every key, its type, its default and the rules across keys.

`config.yaml` at the top of the project documents each key for people; a test holds the two
together.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self, Union
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from digest.config import diagnosis
from digest.fields import (
    ONE_OR_MORE,
    Address,
    Cron,
    Duration,
    Host,
    Line,
    Section,
    SiteAddress,
    Template,
    TimeZone,
    WebAddress,
)
from digest.sources import KINDS
from digest.sources.kind import SourceSettings
from digest.values import AUDIENCES, Audience, Publication, Sender, Wording

if TYPE_CHECKING:
    AnySource = SourceSettings
else:  # one section for each kind in the registry, told apart by its `kind`
    AnySource = Annotated[
        Union[tuple(kind.settings for kind in KINDS)], Field(discriminator="kind")  # noqa: UP007
    ]


class PublicationSettings(Section):
    name: Line = "MS Research Digest"
    site_url: SiteAddress = "https://digest.example.org"
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] = "en"
    timezone: TimeZone = "America/New_York"


class SenderSettings(Section):
    name: Line = "Research Digest"
    address: Address = "digest@example.org"
    reply_to: Address | None = None
    postal_address: Line = Field(min_length=5)


class MaildirTransport(Section):
    kind: Literal["maildir"] = "maildir"
    path: str = "outbox"


class SmtpTransport(Section):
    kind: Literal["smtp"]
    host: Line
    port: int = Field(587, ge=1, le=65535)
    tls: Literal["none", "starttls", "implicit"] = "starttls"
    username: Line | None = None
    auth: Literal["auto", "plain", "login", "xoauth2"] = "auto"
    connections: int = Field(10, ge=1, le=200)
    local_hostname: Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]{1,255}$")] | None = None


class SendgridTransport(Section):
    kind: Literal["sendgrid"]
    api_url: WebAddress = "https://api.sendgrid.com"
    batch: int = Field(1000, ge=1, le=1000)


def _at_most_an_hour(pause: timedelta) -> timedelta:
    if not timedelta(0) <= pause <= timedelta(hours=1):
        raise ValueError("is longer than an hour; write a short one like 1s")
    return pause


class FetchSettings(Section):
    allow_private_hosts: Annotated[tuple[Host, ...], ONE_OR_MORE] = ()
    contact: Address | None = None
    pause: Annotated[Duration, AfterValidator(_at_most_an_hour)] = timedelta(
        seconds=1
    )  # between two requests to the same host
    hosts_at_once: int = Field(16, ge=1, le=64)


class IssueSettings(Section):
    first_lookback_days: int = Field(31, ge=1, le=3660)
    min_items: int = Field(3, ge=1)
    max_items: int = Field(40, ge=1)
    max_per_theme: int = Field(8, ge=1)
    approval: Literal["required", "none"] = "required"
    articles: Literal["link", "leave_out"] = "link"
    tell: tuple[Address, ...] = ()

    @model_validator(mode="after")
    def _limits_agree(self) -> Self:
        if self.min_items > self.max_items:
            raise ValueError(f"min_items ({self.min_items}) is above max_items ({self.max_items})")
        return self


class ScheduleSettings(Section):
    gather: Cron | None = "0 * * * *"
    compose: Cron | None = "0 9 25 * *"
    send: Cron | None = "0 9 1 * *"
    max_lateness: Duration = timedelta(hours=6)


class AudienceSettings(Section):
    readers: Line
    subject: Template
    preheader: Template
    intro: Template
    order: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    max_items: int | None = Field(None, ge=1)
    max_per_theme: int | None = Field(None, ge=1)
    audience_label: Line = "For you:"
    caveat_label: Line = "Keep in mind:"

    def wording(self, audience: Audience) -> Wording:
        """The same words as the plain value that mail reads."""
        chooses = {"order", "leave_out", "max_items", "max_per_theme"}
        return Wording(audience=audience, **self.model_dump(exclude=chooses))


class RetentionSettings(Section):
    pending: Duration = timedelta(days=7)
    delivery_details: Duration = timedelta(days=90)


class SignupSettings(Section):
    enabled: bool = True
    mails_per_hour: Annotated[int, Field(ge=1)] = 200


class PrivacySettings(Section):
    encrypt_addresses: bool = True
    retention: RetentionSettings = RetentionSettings()
    departures: Line = "departures.log"
    diagnosis_words: tuple[Line, ...] = (
        "multiple sclerosis", "sclerosis", "MS", "MSers", "RRMS", "PPMS", "SPMS", "CIS", "NMO",
        "NMOSD", "MOGAD", "ADEM", "neuromyelitis", "encephalomyelitis", "demyelinating",
        "demyelination",
    )  # fmt: skip

    def diagnosis_in(self, text: str) -> str | None:
        """The first word in `text` that names a diagnosis, however it is written."""
        return diagnosis.diagnosis_in(text, self.diagnosis_words)

    def diagnosis_in_name(self, name: str) -> str | None:
        """The same for a sender's name: "Ms. Byron" may write."""
        return diagnosis.diagnosis_in_name(name, self.diagnosis_words)

    def diagnosis_in_address(self, address: str) -> str | None:
        """The same for an e-mail or web address, where words run together."""
        return diagnosis.diagnosis_in_address(address, self.diagnosis_words)


class WebSettings(Section):
    host: Line = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    trusted_proxy: bool = False


class PaceSettings(Section):
    """None, and a domain that is not named: as fast as the other side takes mails."""

    per_second: float | None = Field(None, gt=0)
    per_hour: float | None = Field(None, gt=0)
    per_domain: dict[Line, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    warm_up: tuple[Annotated[int, Field(gt=0)], ...] | None = None

    @property
    def slows(self) -> bool:
        """Whether any of it is asked for."""
        return any((self.per_second, self.per_hour, self.per_domain, self.warm_up))


class FeedbackSettings(Section):
    mailbox: str | None = None
    tokened_addresses: bool = False
    sendgrid_public_key: str | None = None

    @property
    def tokened(self) -> bool:
        """Whether bounces have addresses of their own, and a mail can leave the list."""
        return self.tokened_addresses and self.mailbox is not None


class Config(Section):
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
    sources: tuple[AnySource, ...] = ()
    fetch: FetchSettings = FetchSettings()
    issue: IssueSettings = IssueSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    audiences: dict[Audience, AudienceSettings] = Field(default_factory=dict)
    privacy: PrivacySettings = PrivacySettings()
    signup: SignupSettings = SignupSettings()
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
    def glossary_path(self) -> Path | None:
        """The site's own glossary.yaml; None: the shipped one."""
        return self.path(self.glossary) if self.glossary else None

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
            "sender.name": privacy.diagnosis_in_name(sender.name),
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
