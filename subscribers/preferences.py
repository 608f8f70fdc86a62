"""What a subscriber wishes to get: lists, themes, plain text, a pause.

In come the answers of their own page, checked against what the settings offer; what is stored is
read again whenever a delivery is claimed (law 4). No import and no operator changes it.
"""

from __future__ import annotations

import calendar
from collections.abc import Collection
from datetime import date, datetime
from typing import Literal, get_args

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from subscribers.confirmations import consent_text
from subscribers.consent import Circumstances, append
from subscribers.errors import SubscribersError
from subscribers.lists import check_list, list_names
from subscribers.membership import Confirmed, confirm
from subscribers.models import Membership, Subscriber, Suppression
from subscribers.recipients import standing

# Every theme; only those that are ticked; all but those that are ticked.
Way = Literal["every", "only", "but"]
WAYS: tuple[Way, ...] = get_args(Way)
PAUSE_AT_MOST = 12  # months
FORM = "own page"


def confirmed_lists(subscriber: Subscriber) -> list[str]:
    """The lists that send them mail (one copy in all), in the order of the settings."""
    found = standing([subscriber.pk])[subscriber.pk]
    return [name for name in list_names() if name in found]


def reading_list(subscriber: Subscriber) -> str | None:
    """The list whose edition they get, by the rule of `recipients`; None: they get no mail."""
    confirmed = confirmed_lists(subscriber)
    return next((name for name in (subscriber.main_list, *confirmed) if name in confirmed), None)


def offered_themes(list_name: str) -> dict[str, str]:
    """Id → name of each theme that this list's readers may choose, in reading order."""
    return dict(settings.SUBSCRIBERS_THEMES().get(list_name, ()))


def choice_among(chosen: Collection[str], known: Collection[str]) -> frozenset[str]:
    """A stored choice as it counts: ids that are not `known` any more drop out of it.

    Empty means every theme, as ever: so who chose only themes that are gone gets every theme,
    and not no mail at all, for only a mail has the link to choose anew.
    """
    return frozenset(chosen).intersection(known)


def chosen_way(subscriber: Subscriber, offered: Collection[str]) -> tuple[Way, frozenset[str]]:
    """How they chose among the themes that are offered now, and the ids that it names."""
    if chosen := choice_among(subscriber.themes, offered):
        return "only", chosen
    declined = choice_among(subscriber.not_now, offered)
    return ("but", declined) if declined else ("every", declined)


def choose_themes(
    subscriber: Subscriber, ids: Collection[str], *, way: Way = "only"
) -> tuple[str, ...]:
    """Store a choice; the ids that it names, in reading order; none: every theme.

    Whoever chose every theme also gets those that come later. Raises SubscribersError when no
    theme would remain or one is not offered, or when they are on no list; then nothing changes.
    """
    list_name = reading_list(subscriber)
    if list_name is None:
        raise SubscribersError("they are on no list", mend="Only who gets mail can choose")
    offered = offered_themes(list_name)
    known = f"The themes are: {', '.join(offered)}"
    named = set() if way == "every" else set(ids)
    if unknown := sorted(named - set(offered)):
        raise SubscribersError(f"there is no theme '{unknown[0][:60]}'", mend=known)
    kept = [theme for theme in offered if theme in named]
    if (way == "only" and not kept) or (way == "but" and len(kept) == len(offered)):
        raise SubscribersError("no theme is chosen", mend=known)
    if len(kept) == len(offered):
        kept = []
    _store(subscriber, themes=kept if way == "only" else [], not_now=kept if way == "but" else [])
    return tuple(kept)


def choose_main_list(subscriber: Subscriber, list_name: str) -> None:
    """Of several lists, the one whose edition comes. Raises SubscribersError for others."""
    if list_name not in confirmed_lists(subscriber):
        raise SubscribersError("they are not on that list", mend="Choose one that they are on")
    _store(subscriber, main_list=list_name)


def choose_text_only(subscriber: Subscriber, text_only: bool) -> None:
    """Mails as plain text alone, or laid out (with the plain text beside it)."""
    _store(subscriber, text_only=text_only)


def pause_until(subscriber: Subscriber, day: date | None, *, today: date) -> None:
    """No mail before `day`; None: go on now. Raises SubscribersError unless it is within a year.

    Both are days in the publication's zone.
    """
    if day is not None and not today < day <= months_after(today, PAUSE_AT_MOST):
        raise SubscribersError(
            "that day is not in the year to come", mend="Choose a day after today"
        )
    _store(subscriber, paused_until=day)


def months_after(day: date, months: int) -> date:
    """The same day some months later, or the last of that month where it has no such day."""
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def join_by_link(
    subscriber: Subscriber, list_name: str, *, now: datetime | None = None
) -> Confirmed:
    """They ticked the consent of a list on their own page: confirmed at once, and recorded.

    No mail asks again, for the link to this page came to their address. It brings back who left;
    a bounce, a complaint or an operator's word stands. Raises SubscribersError: no such list.
    """
    at, text = now or timezone.now(), consent_text(check_list(list_name))
    how = Circumstances("subscriber", FORM, FORM, settings.SUBSCRIBERS_LANGUAGE)
    if not can_join(subscriber):
        return "refused"
    with transaction.atomic():
        mine, _ = Membership.objects.select_for_update().get_or_create(
            subscriber=subscriber,
            list_name=list_name,
            defaults={"state": Membership.State.PENDING, "changed_at": at},
        )
        if mine.state == Membership.State.CONFIRMED:
            return "already_confirmed"
        # As on the sign-up page: what an erasure suppressed, their own word opens again.
        if mine.state == Membership.State.SUPPRESSED and not _only_erased(subscriber):
            return "refused"
        append("asked", [subscriber.pk], list_name, how, at=at, text=text)
        return confirm(
            subscriber,
            list_name,
            source=FORM,
            text=text,
            actor=how.actor,
            now=at,
            form=how.form,
            locale=how.locale,
        )


def can_join(subscriber: Subscriber) -> bool:
    """Whether nothing but their own word keeps them from a list."""
    stopped = Suppression.objects.filter(address_key=subscriber.address_key)
    return not stopped.exclude(reason=Suppression.Reason.ERASED).exists()


def _only_erased(subscriber: Subscriber) -> bool:
    mine = Suppression.objects.filter(address_key=subscriber.address_key)
    return mine.filter(reason=Suppression.Reason.ERASED).exists()


def _store(subscriber: Subscriber, **values: object) -> None:
    for name, value in values.items():
        setattr(subscriber, name, value)
    # An update, not a save: the row may be gone, if its person was erased meanwhile.
    Subscriber.objects.filter(pk=subscriber.pk).update(**values)
