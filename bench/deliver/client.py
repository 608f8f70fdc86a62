"""Our clients alone, without records: `python -m bench.deliver.client smtp|sendgrid PORT MAILS …`.

`smtp PORT MAILS CONNECTIONS OCTETS` sends one finished mail again and again; `sendgrid PORT MAILS
OCTETS` makes each request of 1,000 recipients anew. The mail is made before the clock starts.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator

from bench.deliver.material import LINK, SENDER, a_mail, content_of
from bench.deliver.runs import Clock, as_json, memory
from digest.delivery.sendgrid.client import Client
from digest.delivery.sendgrid.payload import Content, Recipient
from digest.delivery.smtp import Listed, Server, WireForm, send_all
from digest.mail.slots import slots_in, without_marks
from digest.values import Envelope, Outcome

A_REQUEST = 1_000


def smtp(port: int, mails: int, connections: int, octets: int) -> str:
    """The asyncio client, with mails that are finished already."""
    content = WireForm(content_of(a_mail(octets)))
    server = Server("127.0.0.1", port, tls="none", connections=connections)
    outcomes: Counter[str] = Counter()

    def settled(envelope: Envelope, outcome: Outcome) -> None:
        outcomes[outcome.state] += 1

    envelopes = (
        Envelope("digest@example.org", f"reader{n}@example.org", f"<{n}@example.org>", content)
        for n in range(mails)
    )
    clock = Clock()
    asyncio.run(
        send_all(server, Listed(envelopes), begun=_ignore, settled=settled, returned=_ignore)
    )
    return as_json(mails=outcomes["accepted"], **clock.read(), memory=memory())


def sendgrid(port: int, mails: int, octets: int) -> str:
    """The API client: recipients made, written as JSON and posted."""
    rendition = a_mail(octets)
    html, text = without_marks(rendition)
    content = Content(SENDER, rendition.subject, text, html)
    slots, accepted = slots_in(html, text), 0
    clock = Clock()
    with Client(f"http://127.0.0.1:{port}", "SG.none") as client:
        for first in range(0, mails, A_REQUEST):
            batch = list(_recipients(range(first, min(first + A_REQUEST, mails)), slots))
            outcomes = client.send_batch(content, batch)
            accepted += sum(outcome.state == "accepted" for outcome in outcomes)
    return as_json(mails=accepted, **clock.read(), memory=memory())


def _recipients(numbers: range, slots: frozenset[str]) -> Iterator[Recipient]:
    for n in numbers:
        link = f"{LINK}{n}"
        yield Recipient(
            delivery_id=f"{n:040x}",
            address=f"reader{n}@example.org",
            name=f"Reader {n}",
            values=dict.fromkeys(slots, link),
            unsubscribe_url=link,
            message_id=f"<{n:040x}@example.org>",
        )


def _ignore(envelope: Envelope) -> None:
    return None


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[2:]]
    print(smtp(*numbers) if sys.argv[1] == "smtp" else sendgrid(*numbers))
