"""The readers of an issue, as preflight counts them before it is sent.

In: an issue, and its mails. Out: warnings: a list that is empty or changed much since the last
issue that went out, and readers who get no mail of this one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator

from django.db.models import Count

from digest.config import Config
from digest.mail.preflight import Finding
from digest.mail.preflight.opened import warns
from digest.models import Issue
from digest.pipeline.mailing import Mailing
from subscribers.preferences import choice_among, choices
from subscribers.recipients import confirmed_recipients

State = Issue.State
WENT_OUT = (State.SENDING, State.PAUSED, State.SENT)


def recipients(issue: Issue, mailing: Mailing) -> Iterator[Finding]:
    """How many would get each edition, against the last issue that went out."""
    made, config = mailing.editions, mailing.config
    readers, without = _readers(issue, mailing)
    if not any(readers.values()):
        mend = "Run `digest subscribers import`, or wait for people to confirm."
        yield warns("recipients", "every list", "nobody is on it, so nobody gets this issue", mend)
        return
    last = Issue.objects.filter(number__lt=issue.number, state__in=WENT_OUT)
    before = last.defer("as_composed").order_by("-number").first()
    counted = _counted(before) if before else {}
    for audience in made:
        yield from _compared(audience, readers[audience], counted.get(audience), before)
        yield from _chose_others(issue, audience, without[audience], readers[audience])
    if issue.state not in WENT_OUT:
        yield from _left_without(issue, readers, config, made)


def _readers(issue: Issue, mailing: Mailing) -> tuple[Counter[str], Counter[str]]:
    """Readers by edition: those it was queued for, or those it would go to now.

    Beside them, of the latter, those who chose other themes than it holds: claiming passes
    them over.
    """
    readers, without = Counter[str](), Counter[str]()
    if issue.state in WENT_OUT:
        return Counter(_counted(issue)), without
    lists = [audience for audience in mailing.config.audience_order if audience in mailing.editions]
    themes, chose = mailing.themes(), choices()
    for recipient in confirmed_recipients(lists):
        readers[recipient.list_name] += 1
        there = themes.get(recipient.list_name)
        if there and recipient.subscriber_id in chose:
            chosen = choice_among(chose[recipient.subscriber_id], there.held | there.offered)
            without[recipient.list_name] += bool(chosen) and chosen.isdisjoint(there.held)
    return readers, without


def _counted(issue: Issue) -> dict[str, int]:
    """Deliveries of each edition that the issue has, whatever became of them."""
    counted = dict.fromkeys(issue.renditions.values_list("audience", flat=True), 0)
    rows = issue.deliveries.order_by().values_list("audience").annotate(Count("pk"))
    return {**counted, **dict(rows)}


def _compared(
    audience: str, readers: int, before: int | None, last: Issue | None
) -> Iterator[Finding]:
    """`before` is None when there is no earlier issue, or none that had this edition."""
    where = f"{audience} list"
    look = f"See that all is well with the list: `digest subscribers export --list {audience}`"
    if not readers:
        was = f"; issue {last.number} went to {before}" if last and before else ""
        yield warns(
            "recipients", where, f"nobody is on it, so nobody gets this edition{was}", f"{look}."
        )
    elif last and before is not None:
        then = f"{readers} would get it now, issue {last.number} went to {before}"
        if 5 * readers < 4 * before:
            what = f"it fell by more than 20 %: {then}"
            yield warns("recipients", where, what, f"{look}, and that nobody was lost.")
        elif 2 * readers > 3 * before:
            what = f"it grew by more than 50 %: {then}"
            yield warns("recipients", where, what, f"{look}, and that an import was meant for it.")


def _chose_others(issue: Issue, audience: str, without: int, readers: int) -> Iterator[Finding]:
    """Readers who chose none of the themes that the edition holds."""
    if not without:
        return
    what = f"{without} of its {readers} readers chose none of this issue's themes and get no mail"
    if without == readers:
        what = "every reader chose other themes than this issue's, so nobody gets this edition"
    mend = "They wished it so. If they are many, see whether a study of other themes can come in: "
    mend += f"`digest show {issue.number}` lists what is held over or left out."
    yield warns("recipients", f"{audience} list", what, mend)


def _left_without(
    issue: Issue, readers: Counter[str], config: Config, made: Collection[str]
) -> Iterator[Finding]:
    """Readers whose edition has no study in it, and who are on no other list."""
    missing = [audience for audience in config.audience_order if audience not in made]
    if not missing:
        return
    everybody = sum(1 for _ in confirmed_recipients(config.audience_order))
    if (without := everybody - readers.total()) > 0:
        what = f"no study is in its edition, and {without} who are on no other get no mail"
        mend = f"`digest bring {issue.number} SLUG --audience {missing[0]}` brings one in for them."
        yield warns("recipients", f"{' and '.join(missing)} list", what, mend)
