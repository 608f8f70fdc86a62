"""The lists that people can be on, as the settings name them, and who each is for."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings

from subscribers.errors import SubscribersError


def list_names() -> tuple[str, ...]:
    """Every list, in the order of the settings."""
    return tuple(_lists())


def readers_of(list_name: str) -> str:
    """Who the list is for, in words that its readers see."""
    return _lists().get(list_name, list_name)


def check_list(list_name: str) -> str:
    """The name itself. Raises SubscribersError, naming the known lists, for any other."""
    if list_name not in _lists():
        raise SubscribersError(
            f"there is no list '{list_name[:60]}'",
            mend=f"The lists are: {', '.join(list_names())}",
        )
    return list_name


def _lists() -> Mapping[str, str]:
    """List name → its readers ("people living with MS")."""
    return {str(name): readers for name, readers in settings.SUBSCRIBER_LISTS.items()}
