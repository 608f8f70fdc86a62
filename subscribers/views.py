"""The pages behind the links in mails: leave a list, confirm an address, choose themes.

Law 6: GET and HEAD change nothing, a POST acts. Every token that does not work gets the same
404, whatever is wrong with it. No page shows an address: a mail may have been passed on.
"""

from __future__ import annotations

from typing import Any, Literal

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from subscribers.confirmations import consent_text
from subscribers.errors import SubscribersError
from subscribers.leave import leave
from subscribers.lists import readers_of
from subscribers.membership import Confirmed, confirm
from subscribers.models import Membership, Subscriber
from subscribers.preferences import choice_among, choose_themes, offered_themes, reading_list
from subscribers.suppression import suppressed_keys
from subscribers.tokens import (
    Purpose,
    WrongToken,
    leave_url,
    read_preferences_token,
    read_token,
)

ACTOR = "subscriber"
State = Membership.State
# What a POST of chosen themes came to; "" before there was one.
Said = Literal["", "saved", "none ticked", "themes changed"]


# RFC 8058, 3.1: the mail program posts without cookies, so the token alone is the proof.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def leave_list(request: HttpRequest, token: str) -> HttpResponse:
    """A page with one button; any POST leaves, at once and without a redirect."""
    found = _behind(token, "leave")
    if found is None:
        return page_not_found(request)
    subscriber, list_name = found
    if request.method == "POST":
        left = leave(subscriber, list_name, actor=ACTOR, source=_way_of_leaving(request))
        return _left(request, subscriber, list_name, before=not left)
    if subscriber.memberships.filter(list_name=list_name).exclude(state=State.LEFT).exists():
        return _page(request, "leave.html", {"readers": readers_of(list_name)})
    return _left(request, subscriber, list_name, before=True)


@require_http_methods(["GET", "HEAD", "POST"])
def confirm_membership(request: HttpRequest, token: str) -> HttpResponse:
    """A page with one button; a POST confirms. Said again, it is answered as kindly."""
    found = _behind(token, "confirm")
    if found is None:
        return page_not_found(request)
    subscriber, list_name = found
    text = consent_text(list_name)
    outcome: Confirmed | Literal["pending"]
    if request.method == "POST":
        outcome = confirm(subscriber, list_name, source="confirmation page", text=text, actor=ACTOR)
    else:
        outcome = _state_to_confirm(subscriber, list_name)
    if outcome == "refused":  # left since, or suppressed: the same answer as to an unknown token
        return page_not_found(request)
    context = {"readers": readers_of(list_name), "text": text}
    if outcome == "pending":
        return _page(request, "confirm.html", context)
    return _page(request, "confirmed.html", context | {"before": outcome == "already_confirmed"})


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """A form with a box for each theme; a POST stores what is ticked and shows it again."""
    subscriber = _chooser(token)
    if subscriber is None:
        return page_not_found(request)
    list_name = reading_list(subscriber)
    if list_name is None:
        return _page(request, "no_list.html", {})
    said: Said = ""
    if request.method == "POST":
        said = _choose(subscriber, request.POST.getlist("theme"))
    offered = offered_themes(list_name)
    chosen = choice_among(subscriber.themes, offered)
    context = {
        "readers": readers_of(list_name),
        "themes": [(theme, name, not chosen or theme in chosen) for theme, name in offered.items()],
        "every": not chosen,
        "gone": bool(subscriber.themes) and not chosen,
        "said": said,
        "ways_out": _ways_out(subscriber),
    }
    return _page(request, "preferences.html", context)


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The one page for every address that does not work; also the project's handler404."""
    return _page(request, "not_found.html", {"contact": settings.SUBSCRIBERS_SENDER[1]}, status=404)


def _behind(token: str, purpose: Purpose) -> tuple[Subscriber, str] | None:
    try:
        public_id, list_name = read_token(purpose, token)
    except WrongToken:
        return None
    subscriber = Subscriber.objects.filter(public_id=public_id).first()
    return (subscriber, list_name) if subscriber else None


def _chooser(token: str) -> Subscriber | None:
    try:
        return Subscriber.objects.filter(public_id=read_preferences_token(token)).first()
    except WrongToken:
        return None


def _choose(subscriber: Subscriber, ids: list[str]) -> Said:
    if not ids:
        return "none ticked"
    try:
        choose_themes(subscriber, ids)
    except SubscribersError:  # the page was open since before the themes were changed
        return "themes changed"
    return "saved"


def _way_of_leaving(request: HttpRequest) -> str:
    """For the record only. Not read from request.POST: a badly made body must not stop anybody."""
    return "one-click" if b"One-Click" in request.body else "page"


def _left(
    request: HttpRequest, subscriber: Subscriber, list_name: str, *, before: bool
) -> HttpResponse:
    """Says that it is done, and which other lists there are to leave."""
    context = {
        "readers": readers_of(list_name),
        "before": before,
        "contact": settings.SUBSCRIBERS_SENDER[1],
        "others": _ways_out(subscriber),
    }
    return _page(request, "left.html", context)


def _ways_out(subscriber: Subscriber) -> list[tuple[str, str]]:
    """The readers of each list that sends them mail, and the address of the page to leave it."""
    mine = subscriber.memberships.filter(state=State.CONFIRMED).order_by("id")
    names = mine.values_list("list_name", flat=True)
    return [(readers_of(name), leave_url(subscriber, name)) for name in names]


def _state_to_confirm(subscriber: Subscriber, list_name: str) -> Confirmed | Literal["pending"]:
    """What a POST would find, without changing anything."""
    state = (
        subscriber.memberships.filter(list_name=list_name).values_list("state", flat=True).first()
    )
    if suppressed_keys([subscriber.address_key]) or state not in (State.PENDING, State.CONFIRMED):
        return "refused"
    return "pending" if state == State.PENDING else "already_confirmed"


def _page(
    request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    response = render(request, f"pages/{template}", context, status=status)
    response["Cache-Control"] = "no-store"
    # Not no-referrer: with it, browsers send `Origin: null`, and Django refuses our own form.
    response["Referrer-Policy"] = "same-origin"
    return response
