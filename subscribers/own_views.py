"""One's own page, behind the link in every mail: see what one gets, and change it.

The page shows each thing in a line; behind each line is a page of its own with one question and
one button, which leads back here and says what is so now. Law 6: GET and HEAD change nothing.
No page shows an address, save the file that somebody downloads.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from subscribers import change_address
from subscribers.addresses import address_key, parse_address
from subscribers.confirmations import consent_text
from subscribers.erase import erase_subscriber
from subscribers.errors import SubscribersError
from subscribers.leave_views import ways_out
from subscribers.lists import list_names, readers_of
from subscribers.models import Subscriber
from subscribers.own_data import own_data_as_json
from subscribers.own_lines import in_words, lines_of, paused_until
from subscribers.preferences import (
    PAUSE_AT_MOST,
    WAYS,
    Way,
    can_join,
    choose_main_list,
    choose_text_only,
    choose_themes,
    chosen_way,
    confirmed_lists,
    join_by_link,
    months_after,
    offered_themes,
    pause_until,
    reading_list,
)
from subscribers.recipients import today
from subscribers.tokens import WrongToken, read_change_token, read_preferences_token
from subscribers.typed import question_about, wrong_with
from subscribers.views import page, page_not_found

log = logging.getLogger(__name__)
READY_PAUSES = {"1": "One month", "3": "Three months"}  # months → what they read


@dataclass(frozen=True, slots=True)
class Own:
    """Whose page it is, and the token that opened it."""

    subscriber: Subscriber
    token: str

    def page(self, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        """One of the own pages; each has a way back."""
        return page(request, template, {"token": self.token, "error": "", **context})

    def back(self, saved: str = "") -> HttpResponse:
        """To the page itself, which then says that this was saved: reloading it saves nothing."""
        address = reverse("preferences", args=[self.token])
        return HttpResponseRedirect(f"{address}?saved={saved}#saved" if saved else address)


View = Callable[[HttpRequest, Own], HttpResponse]


def _own(view: View) -> Callable[..., HttpResponse]:
    """Hands the view its subscriber; whatever is wrong with the token gets the same 404."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def with_subscriber(request: HttpRequest, token: str) -> HttpResponse:
        try:
            public_id = read_preferences_token(token)
        except WrongToken:
            return page_not_found(request)
        subscriber = Subscriber.objects.filter(public_id=public_id).first()
        return view(request, Own(subscriber, token)) if subscriber else page_not_found(request)

    return with_subscriber


def _reading(view: View) -> Callable[..., HttpResponse]:
    """As `_own`, for what concerns the mails: who gets none is led to the page itself."""

    @_own
    @wraps(view)
    def with_list(request: HttpRequest, own: Own) -> HttpResponse:
        return view(request, own) if reading_list(own.subscriber) else own.back()

    return with_list


@_own
def own_page(request: HttpRequest, own: Own) -> HttpResponse:
    """What they get, a line for each thing; it acts on nothing itself."""
    if request.method == "POST":
        return own.back()
    reading = reading_list(own.subscriber)
    lines = lines_of(own.subscriber, reading)
    saved = request.GET.get("saved", "")
    return own.page(
        request,
        "preferences.html",
        reading=reading and readers_of(reading),
        lines=lines,
        saved=next((line for line in lines if line.name == saved), None),
        ways_out=ways_out(own.subscriber),
        stopped=not can_join(own.subscriber),
        contact=settings.SUBSCRIBERS_SENDER[1],
    )


@_own
def own_lists(request: HttpRequest, own: Own) -> HttpResponse:
    """The editions: which comes, which one could join, and the way out of each."""
    error = ""
    if request.method == "POST":
        error = _change_lists(request, own.subscriber)
        if not error:
            return own.back("lists")
    mine, stopped = confirmed_lists(own.subscriber), not can_join(own.subscriber)
    return own.page(
        request,
        "preferences_lists.html",
        error=error,
        erred="main" if request.POST.get("main") else "join",
        main=reading_list(own.subscriber),
        mine=[(name, readers_of(name)) for name in mine],
        ways_out=ways_out(own.subscriber),
        others=[(n, consent_text(n)) for n in list_names() if n not in mine and not stopped],
    )


@_reading
def own_themes(request: HttpRequest, own: Own) -> HttpResponse:
    """Every theme, only some, or all but some."""
    subscriber, error = own.subscriber, ""
    offered = offered_themes(reading_list(subscriber) or "")
    way, named = chosen_way(subscriber, offered)
    if request.method == "POST":
        posted = request.POST.get("way", "")
        way = next((known for known in WAYS if known == posted), way)
        named = frozenset(request.POST.getlist(way))
        if error := _choose_themes(subscriber, way, named, offered):
            named = named & set(offered)
        else:
            return own.back("themes")
    return own.page(
        request,
        "preferences_themes.html",
        error=error,
        way=way,
        named=named,
        themes=offered,
        readers=readers_of(reading_list(subscriber) or ""),
        gone=way == "every" and bool(subscriber.themes or subscriber.not_now) and not error,
    )


@_reading
def own_look(request: HttpRequest, own: Own) -> HttpResponse:
    """Laid out, or plain text alone."""
    if request.method == "POST" and request.POST.get("look") in ("text", "full"):
        choose_text_only(own.subscriber, request.POST["look"] == "text")
        return own.back("look")
    return own.page(request, "preferences_look.html", text_only=own.subscriber.text_only)


@_reading
def own_pause(request: HttpRequest, own: Own) -> HttpResponse:
    """No mail for one month, three, or until a day; or go on now."""
    now, error = today(timezone.now()), ""
    posted = request.POST.get("until", "")
    if request.method == "POST":
        until, error = _day_of(posted, request.POST.get("day", ""), now)
        if not error:
            pause_until(own.subscriber, until, today=now)
            return own.back("pause")
    ready = [(m, label, in_words(months_after(now, int(m)))) for m, label in READY_PAUSES.items()]
    return own.page(
        request,
        "preferences_pause.html",
        error=error,
        posted=posted,
        day=request.POST.get("day", ""),
        ready=ready,
        paused=paused_until(own.subscriber),
        first=(now + timedelta(days=1)).isoformat(),
        last=months_after(now, PAUSE_AT_MOST).isoformat(),
    )


@_reading
def own_address(request: HttpRequest, own: Own) -> HttpResponse:
    """Asks for a new address; only its owner's yes changes anything."""
    error, typed = "", request.POST.get("address", "")
    if request.method == "POST" and "keep" in request.POST:
        change_address.forget_new(own.subscriber)
        return own.back("address")
    if request.method == "POST":
        asked = request.POST.get("asked", "")
        error = _ask_for_change(own.subscriber, typed, asked)
        if not error:
            return own.back("address")
    return own.page(
        request,
        "preferences_address.html",
        error=error,
        typed=typed[:320],
        asked="" if wrong_with(typed) else typed[:320],
        waits=change_address.awaits(own.subscriber),
    )


@_own
def own_data_page(request: HttpRequest, own: Own) -> HttpResponse:
    """A POST downloads everything that we hold about them."""
    if request.method != "POST":
        return own.page(request, "preferences_data.html")
    response = HttpResponse(own_data_as_json(own.subscriber), content_type="application/json")
    response["Content-Disposition"] = 'attachment; filename="my-data.json"'
    response["Cache-Control"] = "no-store"
    return response


@_own
def erase_me(request: HttpRequest, own: Own) -> HttpResponse:
    """Says what goes and what stays; a POST erases. Afterwards no link of theirs works."""
    if request.method != "POST":
        return own.page(request, "preferences_erase.html")
    try:
        erase_subscriber(own.subscriber)
    except OSError as error:  # a file of theirs stays; their rows are as they were
        log.error("an erasure failed: %s", error.strerror or type(error).__name__)
        contact = settings.SUBSCRIBERS_SENDER[1]
        return page(request, "not_erased.html", {"contact": contact}, status=503)
    return page(request, "erased.html", {})


@require_http_methods(["GET", "HEAD", "POST"])
def confirm_address(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind the link that went to a new address: one button; a POST changes it."""
    try:
        public_id, mark = read_change_token(token)
    except WrongToken:
        return page_not_found(request)
    subscriber = Subscriber.objects.filter(public_id=public_id).first()
    if subscriber is None:
        return page_not_found(request)
    act = change_address.change if request.method == "POST" else change_address.standing_of
    outcome = act(subscriber, mark)
    if outcome == "refused":
        return page_not_found(request)
    if outcome == "changed" and request.method != "POST":
        return page(request, "address_confirm.html", {})
    return page(request, "address_changed.html", {"before": outcome == "changed_already"})


def _change_lists(request: HttpRequest, subscriber: Subscriber) -> str:
    """Joins what was ticked, or takes another edition as the one copy; what is wrong, or ""."""
    try:
        if main := request.POST.get("main"):
            choose_main_list(subscriber, main)
            return ""
        ticked = [name for name in list_names() if name in request.POST.getlist("join")]
        joined = [join_by_link(subscriber, name) for name in ticked]
    except SubscribersError:  # the page was open while something changed
        return "Something changed while this page was open. Please look again."
    if not joined:
        return "Please tick at least one."
    return (
        ""
        if "refused" not in joined
        else "We cannot send mail to your address. Please write to us."
    )


def _choose_themes(
    subscriber: Subscriber, way: Way, named: frozenset[str], offered: dict[str, str]
) -> str:
    """Stores the choice; what is wrong, or ""."""
    if way == "only" and not named:
        return "No theme is ticked. Please tick at least one."
    if way == "but" and named >= set(offered):
        return "No theme would be left. Please take the tick from at least one."
    try:
        choose_themes(subscriber, named, way=way)
    except SubscribersError:  # the page was open since before the themes were changed
        return "The themes have changed while this page was open. Please look again."
    return ""


def _day_of(posted: str, typed: str, now: date) -> tuple[date | None, str]:
    """The day that was meant (None: go on now), and what is wrong, or ""."""
    if posted == "now":
        return None, ""
    if posted in READY_PAUSES:
        return months_after(now, int(posted)), ""
    if posted != "day":
        return None, "Please choose one of these."
    try:
        day = date.fromisoformat(typed.strip())
    except ValueError:
        return None, "Please write the day as year-month-day, such as " + f"{now.year + 1}-03-01."
    if not now < day <= months_after(now, PAUSE_AT_MOST):
        return None, "Please choose a day after today, within a year."
    return day, ""


def _ask_for_change(subscriber: Subscriber, typed: str, asked: str) -> str:
    """Asks the owner of the new address; what is wrong, or ""."""
    if wrong := wrong_with(typed):
        return wrong
    if address_key(parse_address(typed).address) == subscriber.address_key:
        return "Your mails come to this address already. There is nothing to change."
    if question := question_about(typed, asked):
        return question
    outcome = change_address.ask(subscriber, typed)
    if outcome == "too_often":
        return "You have asked three times today. Please try again tomorrow."
    if outcome == "later":
        return "We cannot write to anybody just now. Please try again in an hour."
    return ""
