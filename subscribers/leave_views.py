"""The pages of leaving: one button, at once; afterwards, if they like, undo it or say why.

Law 6: GET and HEAD change nothing. All three POSTs work without cookie and CSRF token, for their
signed token is the proof: the first must (RFC 8058), and the others stand on the page it answers.
"""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from subscribers.confirmations import consent_text
from subscribers.leave import REASONS, can_undo, leave, say_why, undo
from subscribers.lists import readers_of
from subscribers.models import Membership, Subscriber
from subscribers.tokens import (
    Purpose,
    WrongToken,
    make_token,
    read_token,
)
from subscribers.views import ACTOR, page, page_not_found

State = Membership.State


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
        return page(request, "leave.html", {"readers": readers_of(list_name)})
    return _left(request, subscriber, list_name, before=True)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def say_why_left(request: HttpRequest, token: str) -> HttpResponse:
    """Keeps the reason that was ticked; nobody need give one."""
    found = _behind(token, "leave")
    if found is None:
        return page_not_found(request)
    subscriber, list_name = found
    if not subscriber.memberships.filter(list_name=list_name, state=State.LEFT).exists():
        return page_not_found(request)
    said = request.method == "POST" and say_why(subscriber, list_name, request.POST.get("why", ""))
    # Who presses "Tell us" has just left: the page says so as before, whatever was ticked.
    before = request.method != "POST"
    return _left(request, subscriber, list_name, before=before, said_why=said)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def undo_leaving(request: HttpRequest, token: str) -> HttpResponse:
    """Puts back what was left by mistake; said again, it is answered as kindly."""
    found = _behind(token, "undo")
    if found is None:
        return page_not_found(request)
    subscriber, list_name = found
    if request.method != "POST":
        if not can_undo(subscriber, list_name):
            return page_not_found(request)
        return _left(request, subscriber, list_name, before=True)
    if undo(subscriber, list_name, text=consent_text(list_name)) == "refused":
        return page_not_found(request)
    # No link to their own page: whoever is passed a mail could open it by leaving and undoing.
    return page(request, "returned.html", {"readers": readers_of(list_name)})


def _behind(token: str, purpose: Purpose) -> tuple[Subscriber, str] | None:
    try:
        public_id, list_name = read_token(purpose, token)
    except WrongToken:
        return None
    subscriber = Subscriber.objects.filter(public_id=public_id).first()
    return (subscriber, list_name) if subscriber else None


def _way_of_leaving(request: HttpRequest) -> str:
    """For the record only. Not read from request.POST: a badly made body must not stop anybody."""
    try:
        return "one-click" if b"One-Click" in request.body else "page"
    except (RequestDataTooBig, UnreadablePostError):
        return "page"


def _left(
    request: HttpRequest,
    subscriber: Subscriber,
    list_name: str,
    *,
    before: bool,
    said_why: bool = False,
) -> HttpResponse:
    """Says that it is done, how to take it back, and which other lists there are to leave."""
    mine = subscriber.memberships.filter(list_name=list_name).first()
    may_undo = can_undo(subscriber, list_name)
    context = {
        "readers": readers_of(list_name),
        "before": before,
        "said_why": said_why,
        "contact": settings.SUBSCRIBERS_SENDER[1],
        "others": ways_out(subscriber),
        "undo": make_token("undo", subscriber, list_name) if may_undo else "",
        "consent": consent_text(list_name),
        "leave": make_token("leave", subscriber, list_name),
        "reasons": REASONS,
        "asks_why": mine is not None and mine.joined_at is not None and not mine.why_left,
    }
    return page(request, "left.html", context)


def ways_out(subscriber: Subscriber) -> list[tuple[str, str]]:
    """The readers of each list that sends them mail, and the path of the page to leave it."""
    mine = subscriber.memberships.filter(state=State.CONFIRMED).order_by("id")
    names = mine.values_list("list_name", flat=True)
    return [
        (readers_of(name), reverse("leave", args=[make_token("leave", subscriber, name)]))
        for name in names
    ]
