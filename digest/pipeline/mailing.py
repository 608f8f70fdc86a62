"""Mailing: the frozen editions of one issue, and the mail that each reader gets of them.

Each edition is compiled once for each choice of themes, with HTML or as text alone; a mail is then
a join of bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from digest.config import Config, Keys
from digest.delivery.compiled import Compiled, compile_mail
from digest.delivery.headers import ascii_domain, headers_of_list
from digest.delivery.message import feedback_id, local_part, message_id_for
from digest.delivery.records import Claimed, Themes
from digest.delivery.sendgrid.payload import Content, Recipient
from digest.editorial.themes import theme_names
from digest.errors import Refused
from digest.feedback.addresses import bounce_address, leave_address
from digest.mail.links import page_address
from digest.mail.opening import RULE
from digest.mail.slots import UNSUBSCRIBE_URL, slot_values, slots_in, without_marks
from digest.mail.variants import for_themes
from digest.pipeline.approval import another_version
from digest.timetable import day_of
from digest.values import Envelope, Personal, Rendition
from subscribers.tokens import Links

NO_KEYS = Keys("", "", "")  # for mails that are made to be looked at


@dataclass(frozen=True, slots=True)
class Reader:
    """Who a mail is for: the address, what fills its slots, and the themes that were chosen."""

    address: str
    name: str
    personal: Personal
    chosen: frozenset[str] = frozenset()  # ids of themes; none: every theme
    text_only: bool = False


@dataclass(frozen=True, slots=True, eq=False)  # one is like no other: what _compiled goes by
class Mailing:
    """What every mail of an issue has in common."""

    number: int
    config: Config
    keys: Keys
    editions: Mapping[str, Rendition]
    approved_hash: str = ""  # of these very editions; empty in a preview
    links: Links = field(default_factory=Links, repr=False)

    def envelope(self, claimed: Claimed, date: datetime) -> Envelope:
        """The mail of one delivery. Raises Refused when it cannot be mailed."""
        message_id = self._message_id_of(claimed)
        leave, bounce = self._addresses(message_id)
        return self.fill(
            claimed.audience,
            self._reader(claimed),
            message_id=message_id,
            date=date,
            mailto=leave,
            return_path=bounce,
        )

    def content(self, audience: str, chosen: frozenset[str], text_only: bool) -> Content:
        """What the mails of an edition and a choice have in common, for an API that fills slots."""
        edition = self.edition(audience, chosen)
        html, text = without_marks(edition)
        headers = headers_of_list(self.host, feedback_id(self.number, self.host))
        shown = "" if text_only else html
        return Content(self.config.sender_value(), edition.subject, text, shown, headers)

    def recipient(self, claimed: Claimed) -> Recipient:
        """What that API is told of one delivery. Raises Refused when it cannot be mailed."""
        reader, message_id = self._reader(claimed), self._message_id_of(claimed)
        leave, _ = self._addresses(message_id)
        return Recipient(
            delivery_id=local_part(message_id),
            address=reader.address,
            name=reader.name,
            values=slot_values(reader.personal),
            unsubscribe_url=reader.personal.unsubscribe_url,
            unsubscribe_mailto=leave or "",
            message_id=message_id,
        )

    def _reader(self, claimed: Claimed) -> Reader:
        person, audience = claimed.subscriber, claimed.audience
        personal = Personal(
            unsubscribe_url=self.links.leave(person, audience),
            preferences_url=self.links.preferences(person),
            browser_url=self.page_url(audience),
            joined=day_of(claimed.joined_at, self.config.zone),
        )
        return Reader(person.address, person.name, personal, claimed.chosen, claimed.text_only)

    def edition(self, audience: str, chosen: frozenset[str]) -> Rendition:
        """The frozen edition with the chosen themes alone. Raises Refused when it holds none."""
        edition = for_themes(self.editions[audience], chosen)
        if edition is None:  # the claim passes such a reader over; see records.claim
            raise Refused("this issue holds none of the chosen themes")
        return edition

    def _addresses(self, message_id: str) -> tuple[str, str] | tuple[None, None]:
        """Where a mail leaves this delivery's list, and where its bounces go (VERP)."""
        if not self.config.feedback.tokened:
            return None, None
        reference, host = local_part(message_id), ascii_domain(self.host)
        key = self.keys.hash_key
        return leave_address(reference, key, host), bounce_address(reference, key, host)

    def reference(self, public_id: str) -> str:
        """What comes back names a subscriber's delivery by this: 40 hexadecimal digits, keyed."""
        return local_part(self._message_id(public_id))

    def _message_id_of(self, claimed: Claimed) -> str:
        if claimed.reference:
            return f"<{claimed.reference}@{ascii_domain(self.host)}>"
        return self._message_id(claimed.subscriber.public_id)

    def _message_id(self, public_id: str) -> str:
        # No row id: a database that was made anew counts from 1 again.
        identity = f"{self.number} {public_id} {self.approved_hash}"
        return message_id_for(identity, self.keys.hash_key, self.host)

    def fill(
        self,
        audience: str,
        reader: Reader,
        *,
        message_id: str,
        date: datetime,
        mailto: str | None = None,
        return_path: str | None = None,
    ) -> Envelope:
        """The approved edition as its reader chose it. Raises Refused when it cannot be mailed."""
        return _compiled(self, audience, reader.chosen, reader.text_only).fill(
            recipient_address=reader.address,
            recipient_name=reader.name,
            message_id=message_id,
            date=date,
            values=slot_values(reader.personal),
            unsubscribe_mailto=mailto,
            return_path=return_path,
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

    def try_on_nobody(self, audience: str, date: datetime) -> None:
        """Raises Refused for what is wrong with every mail of an edition: how it was frozen,

        the sender, its subject, our own links.
        """
        splicing = self.editions[audience].splicing
        if splicing is not None and splicing.rule != RULE:
            raise another_version()
        message_id = message_id_for("nobody", self.keys.hash_key, self.host)
        try:
            self.fill(audience, self.nobody(audience, date), message_id=message_id, date=date)
        except KeyError as slot:
            raise Refused(
                f"the mail holds {slot.args[0]}, which nothing fills",
                mend="Take it out of your own copy of the template",
            ) from None

    def themes(self) -> dict[str, Themes]:
        """The themes of each edition; one frozen before readers could choose is not named.

        Raises ConfigError when themes.yaml cannot be read.
        """
        known = frozenset(theme_names(self.config.themes_path))
        settings = self.config.audiences
        return {
            audience: Themes(
                held=frozenset(count.theme for count in edition.splicing.themes),
                offered=known.difference(settings[edition.audience].leave_out),
            )
            for audience, edition in self.editions.items()
            if edition.splicing is not None
        }

    def page_url(self, audience: str) -> str:
        """Our public page of one edition."""
        return page_address(self.config.publication.site_url, self.number, audience)

    @property
    def host(self) -> str:
        """The sender's domain: Message-IDs and List-Ids belong to who sends (RFC 2919 2)."""
        return self.config.sender.address.rpartition("@")[2]


@lru_cache(maxsize=256)  # a tenth of a megabyte each, at most
def _compiled(mailing: Mailing, audience: str, chosen: frozenset[str], text_only: bool) -> Compiled:
    edition = mailing.edition(audience, chosen)
    html, text = without_marks(edition)
    return compile_mail(
        None if text_only else html,
        text,
        edition.subject,
        sender=mailing.config.sender_value(),
        list_host=mailing.host,
        feedback_id=feedback_id(mailing.number, mailing.host),
        slots=slots_in(text) if text_only else slots_in(html, text),
        leave_slot=UNSUBSCRIBE_URL,
    )
