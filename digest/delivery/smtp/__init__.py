"""SMTP, as a client of our own on asyncio: many mails over few connections, each outcome known.

    Source ──► outgoing ──► pool ──► opening ──► conversation ──► wire, connection, replies
    (envelopes)             (n connections)      (one connection's mails)
                                                      │
                                                      └──► standing (is a no about us?)

In: a `Server` and a `Source` of envelopes. Out: calls: `begun` before the first byte of a body
leaves, `settled` with what became of it (law 3). No rows, no Django, no config.
"""

from digest.delivery.smtp.outgoing import Listed, Source
from digest.delivery.smtp.pool import send_all
from digest.delivery.smtp.server import Patience, Server
from digest.delivery.smtp.standing import QUOTA_CODES
from digest.delivery.smtp.wire import WireForm

__all__ = ["QUOTA_CODES", "Listed", "Patience", "Server", "Source", "WireForm", "send_all"]
