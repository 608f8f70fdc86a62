"""The pages on which people join: ask to, confirm that they asked, get the link to their page.

Whatever the address, the answer, its status, its headers, its queries and so its time are the same:
what was typed is stored and answered by mail. Law 6: GET and HEAD change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from subscribers.confirmations import consent_text
from subscribers.lists import list_names, readers_of
from subscribers.membership import confirm, standing_to_confirm
from subscribers.models import Subscriber
from subscribers.signup import MAX_FORM, request_link, request_to_join
from subscribers.tokens import WrongToken, preferences_token, read_confirm_token
from subscribers.typed import question_about, wrong_with
from subscribers.views import ACTOR, page, page_not_found

TRAP = "homepage"  # people do not see this field; programs that fill in every field do
AS_TYPED = 320  # characters of a wrong text that we show again
NO_LIST = "Please tick at least one edition."


@dataclass(frozen=True, slots=True)
class Offer:
    """One list on the form: its name, who it is for, the words agreed to, whether ticked."""

    name: str
    readers: str
    text: str
    ticked: bool


# No CSRF token: the form may stand on another site, and so it posts without our cookie. Nothing is
# trusted of it: it takes no right of anybody, and acts only by a mail that its owner must answer.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest) -> HttpResponse:
    """The form; a POST stores what was asked, or shows it again with what is missing."""
    if not settings.SUBSCRIBERS_SIGNUP:
        return page(request, "subscribe_closed.html", {"contact": settings.SUBSCRIBERS_SENDER[1]})
    if request.method != "POST":
        return _form(request, {})
    if request.POST.get(TRAP):
        return page(request, "subscribe_sent.html", {})
    address = request.POST.get("address", "")
    lists = [name for name in list_names() if name in request.POST.getlist("list")]
    wrong = wrong_with(address) or question_about(address, request.POST.get("asked", ""))
    errors = {"address": wrong, "list": "" if lists else NO_LIST}
    if any(errors.values()):
        return _form(request, {field: error for field, error in errors.items() if error})
    request_to_join(
        address, lists, name=request.POST.get("name", ""), form=request.POST.get("form", "")
    )
    return page(request, "subscribe_sent.html", {})


# No CSRF token, as above: the page may be asked for from anywhere, and only a mail comes of it.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def send_me_my_link(request: HttpRequest) -> HttpResponse:
    """A way to one's own page without an old mail."""
    address, error = request.POST.get("address", ""), ""
    if request.method == "POST":
        caught = bool(request.POST.get(TRAP))
        error = "" if caught else wrong_with(address)
        if not error:
            if not caught:
                request_link(address)
            return page(request, "link_sent.html", {})
    context = {"trap": TRAP, "address": address[:AS_TYPED], "error": error}
    return page(request, "link.html", context, status=400 if error else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def confirm_memberships(request: HttpRequest, token: str) -> HttpResponse:
    """A page with one button; a POST confirms. Said again, it is answered as kindly."""
    try:
        link = read_confirm_token(token)
    except WrongToken:
        return page_not_found(request)
    subscriber = Subscriber.objects.filter(public_id=link.public_id).first()
    if subscriber is None:
        return page_not_found(request)
    found = {
        name: standing_to_confirm(subscriber, name, made_at=link.made_at) for name in link.lists
    }
    waiting = [name for name, standing in found.items() if standing in ("pending", "returning")]
    if waiting and request.method != "POST":
        return page(request, "confirm.html", {"texts": [consent_text(name) for name in waiting]})
    now_on = [name for name in waiting if _confirm(subscriber, name, link.made_at)]
    before = [name for name, standing in found.items() if standing == "already_confirmed"]
    if request.method == "POST":
        for name in before:
            _confirm(subscriber, name, link.made_at)
    if not now_on and not before:  # left since, or suppressed: as to an unknown token
        return page_not_found(request)
    # Only who pressed the button gets the way to their page: programs that open links do not.
    context = {
        "readers": [readers_of(name) for name in now_on or before],
        "before": not now_on,
        "own": preferences_token(subscriber) if request.method == "POST" else "",
    }
    return page(request, "confirmed.html", context)


def _form(request: HttpRequest, errors: dict[str, str]) -> HttpResponse:
    """The form with what was typed; the boxes are never ticked but by the person."""
    typed, ticked = request.POST, request.POST.getlist("list")
    address = typed.get("address", "")[:AS_TYPED]
    context = {
        "offers": [
            Offer(name, readers_of(name), consent_text(name), name in ticked)
            for name in list_names()
        ],
        "address": address,
        "asked": "" if wrong_with(address) else address,
        "name": typed.get("name", "")[:AS_TYPED],
        "form": typed.get("form", "")[:MAX_FORM],
        "trap": TRAP,
        "errors": errors,
        "archive": settings.SUBSCRIBERS_ARCHIVE,
    }
    return page(request, "subscribe.html", context, status=400 if errors else 200)


def _confirm(subscriber: Subscriber, list_name: str, made_at: datetime) -> bool:
    outcome = confirm(
        subscriber,
        list_name,
        source="confirmation page",
        text=consent_text(list_name),
        actor=ACTOR,
        made_at=made_at,
        form="/confirm",
        locale=settings.SUBSCRIBERS_LANGUAGE,
    )
    return outcome != "refused"
