"""What a subscriber chose to get: which themes of the list that they read.

In come ids of themes, checked against those that the settings offer (SUBSCRIBERS_THEMES); what is
stored is read again whenever a delivery is claimed (law 4). No import and no operator changes it.
"""

from __future__ import annotations

from collections.abc import Collection

from django.conf import settings

from subscribers.errors import SubscribersError
from subscribers.lists import list_names
from subscribers.models import Subscriber
from subscribers.recipients import standing


def reading_list(subscriber: Subscriber) -> str | None:
    """The list whose edition they get, by the rule of `recipients`; None: they get no mail."""
    confirmed = standing([subscriber.pk])[subscriber.pk].intersection(list_names())
    order = (subscriber.main_list, *list_names())
    return next((name for name in order if name in confirmed), None)


def offered_themes(list_name: str) -> dict[str, str]:
    """Id → name of each theme that this list's readers may choose, in reading order."""
    return dict(settings.SUBSCRIBERS_THEMES().get(list_name, ()))


def choice_among(chosen: Collection[str], known: Collection[str]) -> frozenset[str]:
    """A stored choice as it counts: ids that are not `known` any more drop out of it.

    Empty means every theme, as ever: so who chose only themes that are gone gets every theme,
    and not no mail at all, for only a mail has the link to choose anew.
    """
    return frozenset(chosen).intersection(known)


def choices() -> dict[int, list[str]]:
    """Subscriber → the ids they chose, of those who chose some."""
    return dict(Subscriber.objects.exclude(themes=[]).values_list("pk", "themes"))


def choose_themes(subscriber: Subscriber, ids: Collection[str]) -> tuple[str, ...]:
    """Store a choice; what is stored: the ids in reading order, none when every theme was chosen.

    Whoever chose every theme also gets those that come later. Raises SubscribersError when no
    theme is chosen or one is not offered, or when they are on no list; then nothing changes.
    """
    list_name = reading_list(subscriber)
    if list_name is None:
        raise SubscribersError("they are on no list", mend="Only who gets mail can choose")
    offered = offered_themes(list_name)
    known = f"The themes are: {', '.join(offered)}"
    if not ids:
        raise SubscribersError("no theme is chosen", mend=known)
    if unknown := sorted(set(ids) - set(offered)):
        raise SubscribersError(f"there is no theme '{unknown[0][:60]}'", mend=known)
    kept = [theme for theme in offered if theme in ids]
    subscriber.themes = kept if len(kept) < len(offered) else []
    # An update, not a save: the row may be gone, if its person was erased meanwhile.
    Subscriber.objects.filter(pk=subscriber.pk).update(themes=subscriber.themes)
    return tuple(subscriber.themes)
