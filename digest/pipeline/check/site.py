"""What config.yaml says by itself: sender, wording, editors, sources.

Law 7: no diagnosis where others see it. One name is looked up in DNS, no mail server is asked.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator

from digest.config import Config
from digest.config.examples import examples_in, is_example
from digest.delivery.message import WEB_ADDRESS, mailable
from digest.errors import DigestError
from digest.models import SourceState
from digest.pipeline.check.finding import Finding, error, ok, warning
from digest.pipeline.notices import editors
from digest.pipeline.visits import minute_after, states_of
from digest.sources.feed import FeedSource
from digest.sources.folder import FolderSource
from digest.timetable import day_of
from subscribers.addresses import address_key
from subscribers.suppression import suppressed_keys


def database(config: Config) -> Iterator[Finding]:
    """`digest check` opened the site before this, so the tables are there."""
    yield ok("database", "it opens, and its tables are up to date")


def sender(config: Config) -> Iterator[Finding]:
    """What readers see beside every mail: no diagnosis, no example, an address with https."""
    for key, word in config.diagnoses_seen().items():
        yield error(
            key,
            f"it names a diagnosis ('{word}'), and an inbox is seen by others",
            "Choose one without that word",
        )
    site = config.publication.site_url
    if not WEB_ADDRESS.fullmatch(f"{site}/"):
        yield error(
            "publication.site_url",
            "mail programs leave a list with one click only over https (RFC 8058)",
            "Write it with https://; without it no issue is sent",
        )
    examples = examples_in(config)
    if "publication.site_url" in examples:
        yield warning(
            "publication.site_url",
            f"{site} is an example: the links of every mail would lead nowhere",
            "Write the address under which readers reach `digest run`",
        )
    if "sender.postal_address" in examples:
        yield warning(
            "sender.postal_address",
            "it is still the example",
            "Write your own: the law asks for it in every mail",
        )


def subjects(config: Config) -> Iterator[Finding]:
    """What an inbox shows of each edition."""
    for audience, words in config.audiences.items():
        for part, text in (("subject", words.subject), ("preheader", words.preheader)):
            if word := config.privacy.diagnosis_in(text):
                yield error(
                    f"audiences.{audience}.{part}",
                    f"it names a diagnosis ('{word}')",
                    "Say it without that word; an issue with it cannot be approved",
                )


def editors_told(config: Config) -> Iterator[Finding]:
    """Whether somebody learns of a draft."""
    told = editors(config)
    if not told:
        yield warning(
            "issue.tell",
            "nobody is told when a draft is ready or an issue is skipped",
            "Write the editors' addresses, or sender.reply_to",
        )
    for address in told:
        try:
            suppressed = suppressed_keys([address_key(mailable(address))])
        except DigestError as trouble:
            yield error("issue.tell", f"{address}: {trouble.what}", trouble.mend)
            continue
        if suppressed:
            yield warning(
                "issue.tell", f"{address} is suppressed, so it is not mailed",
                "Write another address",
            )  # fmt: skip


def sources(config: Config) -> Iterator[Finding]:
    """Each source, without fetching it: what its section says, and how its last visits went."""
    if not config.sources:
        yield warning("sources", "there is none", "Add one; docs/sources.md tells how")
    states = states_of(config.sources)
    for number, source in enumerate(config.sources):
        key = f"sources[{number}]"
        state = states[source.name]
        gone_at = state.gone_at
        if isinstance(source, FolderSource) and not config.path(source.path).is_dir():
            yield error(f"{key}.path", f"there is no folder {source.path}", "Make it, or mend it")
        elif isinstance(source, FeedSource) and _is_missing(source, config):
            yield warning(f"{key}.url", f"there is no file {source.file}", "Make it, or mend it")
        elif gone_at:
            since = day_of(gone_at, config.zone)
            yield error(
                key,
                f"'{source.name}' is gone for good, its site says since {since}",
                f"Correct it, or remove it; `digest gather --source {source.name}` asks once more",
            )
        elif state.failures:
            yield _failing(key, source.name, state, config)
        else:
            yield ok(key, f"{source.kind} '{source.name}'")
    yield from _contact(config)


def _is_missing(source: FeedSource, config: Config) -> bool:
    return not source.on_the_web and not config.path(source.file).is_file()


def _failing(key: str, name: str, state: SourceState, config: Config) -> Finding:
    times = "once" if state.failures == 1 else f"{state.failures} times in a row"
    line = next(iter(state.last_error.splitlines()), "")
    rests = (
        f"the schedule tries it again after {minute_after(state.next_try, config.zone)}; "
        if (state.next_try)
        else ""
    )
    hint = f"{rests}`digest gather --source {name}` tries at once"
    return warning(key, f"'{name}' failed {times}: {line}", hint[0].upper() + hint[1:])


def _contact(config: Config) -> Iterator[Finding]:
    """Whoever looks after a site that we ask must be able to write to us."""
    if not any(source.host for source in config.sources):
        return
    contact = config.fetch.contact
    if contact is None:
        yield warning(
            "fetch.contact",
            "the sites that are fetched are not told whom to write to",
            "Write an address that somebody reads",
        )
    elif is_example(contact.rpartition("@")[2]):
        yield warning(
            "fetch.contact",
            f"{contact} is an example, and the sites that are fetched are told it",
            "Write an address that somebody reads",
        )


def names(config: Config) -> Iterator[Finding]:
    """The sender's domain in DNS."""
    domain = config.sender.address.rpartition("@")[2]
    if is_example(domain):
        yield warning(
            "sender.address", f"{domain} is an example", "Write an address of your own"
        )  # fmt: skip
        return
    try:
        socket.getaddrinfo(domain, None)
    except OSError:
        yield warning(
            "sender.address",
            f"{domain} was not found in DNS",
            "Its mail needs MX, SPF, DKIM and DMARC records; ask your mail provider for them",
        )
        return
    yield ok(
        "sender.address",
        f"{domain} is in DNS",
        "See that SPF, DKIM and DMARC records name your mail server",
    )
