"""The studio, for editors: the list of issues and the preview of each rendition, behind a login."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from digest.errors import Refused
from digest.models import Issue, Occurrence
from digest.pipeline.preview import sample
from digest.pipeline.render import renditions
from digest.pipeline.report import issue_line, issue_report, source_lines, theme_names
from digest.pipeline.review import OPEN
from digest.web.headers import PREVIEW_POLICY


@login_required
@require_safe
def issues(request: HttpRequest) -> HttpResponse:
    """The list of issues, how the sources are, and what the schedule asks."""
    lines = [issue_line(issue) for issue in Issue.objects.defer("as_composed").order_by("-number")]
    context = {
        "issues": lines,
        "sources": source_lines(settings.CONFIG, timezone.now()),
        "asks": _asks(timezone.now()),
    }
    return _page(request, "studio/issues.html", context)


@login_required
@require_safe
def issue(request: HttpRequest, number: int) -> HttpResponse:
    """One issue: what is in it and why, and its three renditions."""
    row = get_object_or_404(Issue, number=number)
    try:
        made, problem = renditions(row, settings.CONFIG), ""
    except Refused as error:
        made, problem = [], error.line()
    context = {
        "report": issue_report(row, settings.CONFIG),
        "renditions": made,
        "problem": problem,
        "themes": theme_names(settings.CONFIG),
        "words": settings.CONFIG.audiences,
        "open": row.state in OPEN,
    }
    return _page(request, "studio/issue.html", context)


@login_required
@require_safe
def preview(request: HttpRequest, number: int, audience: str, part: str) -> HttpResponse:
    """The rendition as it stands, for a frame; sandboxed, so that nothing in it can act."""
    row = get_object_or_404(Issue, number=number)
    try:
        html, text = sample(row, audience, settings.CONFIG, settings.KEYS, now=timezone.now())
    except Refused:
        raise Http404 from None
    kind = "text/html" if part == "html" else "text/plain"
    response = HttpResponse(html if part == "html" else text, content_type=f"{kind}; charset=utf-8")
    response["Content-Security-Policy"] = f"{PREVIEW_POLICY}; sandbox"
    response["Cache-Control"] = "no-store"
    return response


def _asks(now: datetime) -> list[str]:
    """What the schedule asks of a person: the last slot of each job, and what was not sent."""
    latest = (Occurrence.objects.filter(job=job).first() for job in ("gather", "compose", "send"))
    amiss = ("missed", "failed", "waiting")
    asks = [f"{slot.job} of {slot.slot.replace('T', ', ')}: {slot.note}"
            for slot in latest if slot and slot.note and slot.state in amiss]  # fmt: skip
    in_time = now - settings.CONFIG.schedule.max_lateness
    for late in Issue.objects.filter(state=Issue.State.SCHEDULED, send_at__lt=in_time):
        asks.append(f"issue {late.number} should have gone out: run `digest send {late.number}`")
    return asks


def _page(request: HttpRequest, template: str, context: Mapping[str, object]) -> HttpResponse:
    response = render(request, template, dict(context))
    response["Cache-Control"] = "no-store"
    return response
