"""The readers of an issue, as preflight counts them before it is sent.

In: an issue, and its mails. Out: warnings: a list that is empty or changed much since the last
issue that went out, and readers who get no mail of this one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from datetime import date

from django.db.models import Count
from django.utils import timezone

from digest.config import Config
from digest.delivery.records import EVERY_THEME, Themes
from digest.errors import Refused
from digest.mail.preflight import Finding
from digest.mail.preflight.opened import warns
from digest.models import Issue
from digest.pipeline import segment
from digest.pipeline.mailing import Mailing
from subscribers.recipients import Wishes, confirmed_recipients, count_recipients, today, wishes

State = Issue.State
WENT_OUT = (State.SENDING, State.PAUSED, State.SENT)
OTHER_THEMES, PAUSED = "chose none of this issue's themes", "paused"


def recipients(issue: Issue, mailing: Mailing) -> Iterator[Finding]:
    """How many would get each edition, against the last issue that went out."""
    made, config = mailing.editions, mailing.config
    try:
        readers, without = _readers(issue, mailing)
    except Refused as error:
        yield warns("recipients", "segment", error.what, f"{error.mend}.")
        return
    if issue.segment:
        yield _of_segment(issue, readers.total())
    elif not any(readers.values()):
        mend = "Run `digest subscribers import`, or wait for people to confirm."
        yield warns("recipients", "every list", "nobody is on it, so nobody gets this issue", mend)
        return
    last = Issue.objects.filter(number__lt=issue.number, state__in=WENT_OUT, segment="")
    before = last.defer("as_composed").order_by("-number").first()
    counted = _counted(before) if before else {}
    for audience in made:
        if not issue.segment:
            yield from _compared(audience, readers[audience], counted.get(audience), before)
        yield from _without_mail(issue, audience, without[audience], readers[audience])
    if issue.state not in WENT_OUT:
        yield from _left_without(issue, readers, config, made)


def _of_segment(issue: Issue, readers: int) -> Finding:
    """That it does not go to everybody, and to how many it does."""
    to = "went" if issue.state in WENT_OUT else "goes"
    number = f"{readers} reader" if readers == 1 else f"{readers} readers"
    what = f"it {to} to {number} only, of {segment.in_words(issue)}"
    if issue.state in WENT_OUT:
        return warns("recipients", "segment", what, "Nothing is to be done.")
    mend = f"`digest send {issue.number} --segment everybody` sends it to all, `--segment NAME`"
    return warns("recipients", "segment", what, f"{mend} to others.")


def _readers(issue: Issue, mailing: Mailing) -> tuple[Counter[str], defaultdict[str, Counter[str]]]:
    """Readers by edition: those it was queued for, or those it would go to now.

    Beside them, of the latter, those whom claiming would pass over today, by why.
    """
    readers, without = Counter[str](), defaultdict[str, Counter[str]](Counter)
    if issue.state in WENT_OUT:
        return Counter(_counted(issue)), without
    lists = [audience for audience in mailing.config.audience_order if audience in mailing.editions]
    themes, wished, day = mailing.themes(), wishes(), today(timezone.now())
    for recipient in confirmed_recipients(lists, segment.readers(issue)):
        name = recipient.list_name
        readers[name] += 1
        theirs = wished.get(recipient.subscriber_id)
        if theirs and (why := _why_without(theirs, themes.get(name), day)):
            without[name][why] += 1
    return readers, without


def _why_without(theirs: Wishes, edition: Themes | None, day: date) -> str:
    """Why claiming would pass such a reader over; "" when they would get their mail."""
    if theirs.paused_until is not None and day < theirs.paused_until:
        return PAUSED
    chosen = edition.choice(theirs.themes, theirs.not_now) if edition else EVERY_THEME
    return OTHER_THEMES if chosen is None else ""


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


def _without_mail(
    issue: Issue, audience: str, without: Counter[str], readers: int
) -> Iterator[Finding]:
    """Readers who wished for no mail of this edition."""
    where, everybody = f"{audience} list", without.total() == readers
    if others := without[OTHER_THEMES]:
        what = f"{others} of its {readers} readers {OTHER_THEMES} and get no mail"
        if others == readers:
            what = "every reader chose other themes than this issue's, so nobody gets this edition"
        mend = "They wished it so. If they are many, see whether a study of other themes can come "
        mend += f"in: `digest show {issue.number}` lists what is held over or left out."
        yield warns("recipients", where, what, mend)
    if paused := without[PAUSED]:
        what = f"{paused} of its {readers} readers {PAUSED} and get no mail before their day"
        if everybody:
            what += ", so nobody gets this edition today"
        yield warns("recipients", where, what, "They wished it so; no issue is kept for them.")


def _left_without(
    issue: Issue, readers: Counter[str], config: Config, made: Collection[str]
) -> Iterator[Finding]:
    """Readers whose edition has no study in it, and who are on no other list."""
    missing = [audience for audience in config.audience_order if audience not in made]
    if not missing:
        return
    everybody = count_recipients(config.audience_order, segment.readers(issue))
    if (without := everybody - readers.total()) > 0:
        what = f"no study is in its edition, and {without} who are on no other get no mail"
        mend = f"`digest bring {issue.number} SLUG --audience {missing[0]}` brings one in for them."
        yield warns("recipients", f"{' and '.join(missing)} list", what, mend)
