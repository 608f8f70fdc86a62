"""A client in talk with the API on loopback, and a time that passes only by sleeping."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from digest.delivery.sendgrid.client import Client
from digest.delivery.sendgrid.payload import Content
from digest.delivery.sendgrid.wire import Patience
from digest.values import Outcome
from tests.delivery.sendgrid.api import Answer, Api, a_content, recipients, sendgrid_api

KEY = "SG.secret-key"
PEOPLE = ["reader1@example.net", "reader2@example.net", "reader3@example.net"]


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.slept: list[float] = []

    def clock(self) -> float:
        """Seconds since 1970."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Note it, and move on at once."""
        self.slept.append(seconds)
        self.now += seconds


@contextmanager
def talking(*script: Answer, **options: Any) -> Iterator[tuple[Api, Client, Time]]:
    """The API with its script, a client of it, and the client's time."""
    patience = options.pop("patience", Patience(answer=20))
    compressed = options.pop("compressed", False)
    time = Time()
    with (
        sendgrid_api(*script, **options) as api,
        Client(
            api.url,
            KEY,
            compressed=compressed,
            patience=patience,
            clock=time.clock,
            sleep=time.sleep,
        ) as client,
    ):
        yield api, client, time


def send(client: Client, content: Content | None = None) -> list[Outcome]:
    """Three people's mails, sent."""
    return client.send_batch(content or a_content(), recipients(3))


def states(outcomes: list[Outcome]) -> set[str]:
    """What became of them, each answer once."""
    return {outcome.state for outcome in outcomes}
