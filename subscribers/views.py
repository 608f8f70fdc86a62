"""What every public page has in common: how it is answered, and the one page of "not here".

The pages stand in `signup_views` (joining), `own_views` (what one gets) and `leave_views`. Law 6:
GET and HEAD change nothing, a POST acts. Every token that does not work gets the same 404,
whatever is wrong with it. No page shows an address: a mail may have been passed on.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

ACTOR = "subscriber"


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The one page for every address that does not work; also the project's handler404."""
    return page(request, "not_found.html", {"contact": settings.SUBSCRIBERS_SENDER[1]}, status=404)


def page(
    request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """One of templates/pages, which no cache keeps."""
    response = render(request, f"pages/{template}", context, status=status)
    response["Cache-Control"] = "no-store"
    # Not no-referrer: with it, browsers send `Origin: null`, and Django refuses our own form.
    response["Referrer-Policy"] = "same-origin"
    return response
