"""The public archive: each issue that went out, as a page per audience."""

from __future__ import annotations

from django.conf import settings
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from digest.mail.environment import mail_environment
from digest.mail.links import full_texts
from digest.mail.slots import public_page
from digest.models import Issue
from digest.pipeline.render import editions, rendition_value
from digest.values import AUDIENCES

PUBLIC = (Issue.State.SENDING, Issue.State.PAUSED, Issue.State.SENT)


@require_safe
def archive(request: HttpRequest) -> HttpResponse:
    """Every issue that went out, newest first."""
    issues = Issue.objects.filter(state__in=PUBLIC).order_by("-number")
    readers = {name: settings.CONFIG.audiences[name].readers for name in AUDIENCES}
    return render(request, "pages/archive.html", {"issues": issues, "readers": readers})


@require_safe
def issue_page(request: HttpRequest, number: int, audience: str) -> HttpResponse:
    """One issue for one audience: "read in your browser"."""
    issue = Issue.objects.filter(number=number, state__in=PUBLIC).first()
    stored = issue and issue.renditions.filter(audience=audience).first()
    if not issue or not stored:
        raise Http404
    edition = next(e for e in editions(issue, settings.CONFIG) if e.wording.audience == audience)
    templates = settings.CONFIG.templates
    site_templates = settings.CONFIG.path(templates) if templates else None
    page = public_page(
        rendition_value(stored), full_texts(edition), mail_environment(site_templates)
    )
    return HttpResponse(page)


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """200 when the database answers; for monitors."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return JsonResponse({"status": "ok"})
