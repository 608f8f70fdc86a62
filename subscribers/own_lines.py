"""What one's own page says: a line for each thing that somebody can change, in plain words.

In: a subscriber. Out: lines with a title and how it stands now. No line holds an address.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from subscribers.change_address import awaits
from subscribers.lists import readers_of
from subscribers.models import Subscriber
from subscribers.preferences import chosen_way, confirmed_lists, offered_themes
from subscribers.recipients import today


@dataclass(frozen=True, slots=True)
class Line:
    """`name`: of its page ("own-" and this names the address); `state`: how it stands now."""

    name: str
    title: str
    state: str


def lines_of(subscriber: Subscriber, reading: str | None) -> list[Line]:
    """For who gets an issue (`reading`: the list whose edition comes), or for who gets none."""
    if reading is None:
        return [Line("lists", "What you get", "Nothing at the moment")]
    look = "Plain text" if subscriber.text_only else "With headings and colours"
    return [
        Line("lists", "What you get", _editions(subscriber, reading)),
        Line("themes", "Themes", _themes(subscriber, reading)),
        Line("look", "How it looks", look),
        Line("pause", "Pause", _pause(subscriber)),
        Line("address", "Your address", _address(subscriber)),
    ]


def paused_until(subscriber: Subscriber) -> str:
    """The day before which they get no mail, in words; "" when they have not paused."""
    day = subscriber.paused_until
    return in_words(day) if day and day > today(timezone.now()) else ""


def in_words(day: date) -> str:
    """ "1 December 2026"."""
    return f"{day.day} {day:%B %Y}"


def _editions(subscriber: Subscriber, reading: str) -> str:
    edition = f"The edition for {readers_of(reading)}"
    others = len(confirmed_lists(subscriber)) - 1
    return f"{edition}, as the one copy of your {others + 1} lists" if others else edition


def _themes(subscriber: Subscriber, reading: str) -> str:
    offered = offered_themes(reading)
    way, named = chosen_way(subscriber, offered)
    if way == "every":
        return "Every theme"
    if way == "but":
        return f"All but {len(named)} of {len(offered)}"
    return f"Only {len(named)} of {len(offered)}"


def _pause(subscriber: Subscriber) -> str:
    day = paused_until(subscriber)
    return f"No mail before {day}" if day else "No pause"


def _address(subscriber: Subscriber) -> str:
    if awaits(subscriber):
        return "Your new address waits for your yes: we have written to it"
    return "The one that your mails come to"
