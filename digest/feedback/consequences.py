"""The rules: what an event changes, as one table. Pure; pipeline/hear_back carries it out.

In: an event, the state of its delivery, and how the reader's last issues ended. Out: a
`Consequence`. Law 3: an event proves that a mail left, so it settles `unknown`, and nothing is
sent again after it. Law 4: a consequence can add a suppression and never lift one, for it has
no word for that: a late bounce, or a late "delivered", brings nobody back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

from digest.feedback.events import FeedbackEvent, Kind

DeliveryState = Literal["queued", "claimed", "accepted", "deferred", "failed", "unknown", "skipped"]
IssueResult = Literal["soft", "through", "not sent"]  # "not sent": skipped, or failed by our fault
Reason = Literal["bounce", "complaint"]
Leave = Literal["list", "all"]

SOFT_IN_A_ROW = 3
# Whatever our own record says, the mail is through: no second one may go out.
UNSETTLED: tuple[DeliveryState, ...] = ("queued", "claimed", "deferred", "unknown")


@dataclass(frozen=True, slots=True)
class Rule:
    """What a kind of event means. `arrived` False: the mail did not reach the reader."""

    arrived: bool
    suppress: Reason | None = None
    leave: Leave | None = None
    counts_soft: bool = False
    tell: bool = False


RULES: dict[Kind, Rule] = {
    "processed": Rule(arrived=True),
    "delivered": Rule(arrived=True),
    "deferred": Rule(arrived=True),
    "hard bounce": Rule(arrived=False, suppress="bounce"),
    "soft bounce": Rule(arrived=False, counts_soft=True),
    # Counted for nobody: three months of a bad reputation at one provider would suppress every
    # reader that it serves.
    "blocked": Rule(arrived=False, tell=True),
    "dropped": Rule(arrived=False, tell=True),
    "complaint": Rule(arrived=True, suppress="complaint", leave="all"),
    "leave": Rule(arrived=True, leave="list"),
    "leave all": Rule(arrived=True, leave="all"),
}


@dataclass(frozen=True, slots=True)
class Consequence:
    """What to do; None and False change nothing.

    `state` is the delivery's new state. `leave` "list": the one the delivery was sent
    to. `tell`: an operator should see it, as it is about us, or about nobody we can name.
    """

    state: DeliveryState | None = None
    suppress: Reason | None = None
    leave: Leave | None = None
    tell: bool = False


def consequence_of(
    event: FeedbackEvent,
    state: DeliveryState | None,
    results: Sequence[IssueResult] = (),
) -> Consequence:
    """What an event changes. Doing it twice, or in another order, ends in the same.

    `state` is that of the event's delivery; None when there is none.
    `results` tell how each issue sent to this reader ended, newest first, this event counted
    in: only a soft bounce asks for them.
    """
    if not event.identified:  # an address that anybody can write
        return Consequence(tell=True)
    rule = RULES[event.kind]
    suppress = rule.suppress
    if rule.counts_soft and soft_in_a_row(results) >= SOFT_IN_A_ROW:
        suppress = "bounce"
    return Consequence(_settled(rule, state), suppress, rule.leave, rule.tell)


def soft_in_a_row(results: Iterable[IssueResult]) -> int:
    """How many issues on end bounced softly, up to the newest; those not sent do not count."""
    sent = (result for result in results if result != "not sent")
    return sum(1 for _ in takewhile(lambda result: result == "soft", sent))


def _settled(rule: Rule, state: DeliveryState | None) -> DeliveryState | None:
    """Not through is told after it was accepted, too; "delivered" never undoes a bounce."""
    if state in UNSETTLED:
        return "accepted" if rule.arrived else "failed"
    if state == "accepted" and not rule.arrived:
        return "failed"
    return None
