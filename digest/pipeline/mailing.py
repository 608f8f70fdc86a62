"""Mailing: the frozen editions of one issue, and the mail that each reader gets of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from digest.config import Config, Keys
from digest.delivery.message import build_envelope, feedback_id, message_id_for
from digest.delivery.records import Claimed
from digest.errors import Refused
from digest.mail.slots import personalise
from digest.mail.variants import for_themes
from digest.timetable import day_of
from digest.values import Envelope, Personal, Rendition
from subscribers.tokens import leave_url, preferences_url


@dataclass(frozen=True, slots=True)
class Reader:
    """Who a mail is for: the address, what fills its slots, and the themes that were chosen."""

    address: str
    name: str
    personal: Personal
    chosen: frozenset[str] = frozenset()  # ids of themes; none: every theme


@dataclass(frozen=True, slots=True)
class Mailing:
    """What every mail of an issue has in common."""

    number: int
    config: Config
    keys: Keys
    editions: Mapping[str, Rendition]
    approved_hash: str = ""  # of these very editions; empty in a preview

    def envelope(self, claimed: Claimed, date: datetime) -> Envelope:
        """The mail of one delivery. Raises Refused when it cannot be mailed."""
        person, audience = claimed.subscriber, claimed.audience
        personal = Personal(
            unsubscribe_url=leave_url(person, audience),
            preferences_url=preferences_url(person),
            browser_url=self.page_url(audience),
            joined=day_of(claimed.joined_at, self.config.zone),
        )
        reader = Reader(person.address, person.name, personal, frozenset(person.themes))
        # No row id: a database that was made anew counts from 1 again.
        identity = f"{self.number} {person.public_id} {self.approved_hash}"
        message_id = message_id_for(identity, self.keys.hash_key, self.host)
        return self.fill(audience, reader, message_id=message_id, date=date)

    def fill(self, audience: str, reader: Reader, *, message_id: str, date: datetime) -> Envelope:
        """The approved edition as its reader chose it. Raises Refused when it cannot be mailed."""
        edition = for_themes(self.editions[audience], reader.chosen)
        if edition is None:  # the claim passes such a reader over; see records.claim
            raise Refused("this issue holds none of the chosen themes")
        html, text = personalise(edition, reader.personal)
        return build_envelope(
            sender=self.config.sender_value(),
            recipient_address=reader.address,
            recipient_name=reader.name,
            subject=edition.subject,
            text=text,
            html=html,
            message_id=message_id,
            date=date,
            unsubscribe_url=reader.personal.unsubscribe_url,
            list_host=self.host,
            feedback_id=feedback_id(self.number, self.host),
        )

    def nobody(self, audience: str, joined_at: datetime) -> Reader:
        """A reader whose links look real and lead nowhere: for previews and checks."""
        site = self.config.publication.site_url
        personal = Personal(
            unsubscribe_url=f"{site}/leave/preview",
            preferences_url=f"{site}/preferences/preview",
            browser_url=self.page_url(audience),
            joined=day_of(joined_at, self.config.zone),
        )
        return Reader("reader@example.org", "", personal)

    def page_url(self, audience: str) -> str:
        """Our public page of one edition."""
        return f"{self.config.publication.site_url}/issues/{self.number}/{audience}"

    @property
    def host(self) -> str:
        """The sender's domain: Message-IDs and List-Ids belong to who sends (RFC 2919 2)."""
        return self.config.sender.address.rpartition("@")[2]
