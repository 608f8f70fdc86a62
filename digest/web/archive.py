"""The public archive: each issue that went out, as a page per audience."""

from __future__ import annotations

from django.conf import settings
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from digest.models import Issue, StoredRendition
from digest.pipeline.cancelled import may_have_reached
from digest.values import AUDIENCES

PUBLIC = (Issue.State.SENDING, Issue.State.PAUSED, Issue.State.SENT)


@require_safe
def archive(request: HttpRequest) -> HttpResponse:
    """Every issue that went out, newest first."""
    issues = Issue.objects.filter(state__in=PUBLIC).defer("as_composed").order_by("-number")
    readers = {name: settings.CONFIG.audiences[name].readers for name in AUDIENCES}
    editions = StoredRendition.objects.filter(issue__state__in=PUBLIC)
    made = set(editions.values_list("issue", "audience"))  # one without a study is not made
    context = {"issues": issues, "readers": readers, "made": made}
    return render(request, "pages/archive.html", context)


@require_safe
def issue_page(request: HttpRequest, number: int, audience: str) -> HttpResponse:
    """One issue for one audience: "read in your browser", as it was approved (law 2).

    Cancelled on its way, it stays for those who may have its mail, though nothing lists it.
    """
    editions = StoredRendition.objects.select_related("issue")
    frozen = get_object_or_404(editions, issue__number=number, audience=audience)
    if frozen.issue.state not in PUBLIC and not may_have_reached(frozen.issue, frozen.audience):
        raise Http404
    return HttpResponse(frozen.page)


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """200 when the database answers; for monitors."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return JsonResponse({"status": "ok"})
