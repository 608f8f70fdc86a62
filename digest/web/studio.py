"""The studio, for editors: the list of issues and the preview of each rendition, behind a login."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from digest.errors import Refused
from digest.mail.slots import personalise
from digest.models import Issue, Occurrence
from digest.pipeline.preview import sample_reader
from digest.pipeline.render import renditions
from digest.pipeline.report import issue_line, issue_report, source_lines
from digest.web.headers import PREVIEW_POLICY


@login_required
@require_safe
def issues(request: HttpRequest) -> HttpResponse:
    """The list of issues, how the sources are, and what the schedule asks."""
    lines = [issue_line(issue) for issue in Issue.objects.order_by("-number")]
    context = {
        "issues": lines,
        "sources": source_lines(settings.CONFIG, timezone.now()),
        "asks": Occurrence.objects.filter(state__in=("missed", "failed", "waiting"))[:5],
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
        "labels": {name: words.readers for name, words in settings.CONFIG.audiences.items()},
    }
    return _page(request, "studio/issue.html", context)


@login_required
@require_safe
def preview(request: HttpRequest, number: int, audience: str, part: str) -> HttpResponse:
    """The rendition as it stands, for a frame; sandboxed, so that nothing in it can act."""
    row = get_object_or_404(Issue, number=number)
    try:
        rendition = {r.audience: r for r in renditions(row, settings.CONFIG)}.get(audience)  # type: ignore[call-overload]
    except Refused:
        rendition = None
    if rendition is None:
        raise Http404
    reader = sample_reader(row, rendition.audience, settings.CONFIG, timezone.now())
    html, text = personalise(rendition, reader)
    kind = "text/html" if part == "html" else "text/plain"
    response = HttpResponse(html if part == "html" else text, content_type=f"{kind}; charset=utf-8")
    response["Content-Security-Policy"] = f"{PREVIEW_POLICY}; sandbox"
    response["Cache-Control"] = "no-store"
    return response


def _page(request: HttpRequest, template: str, context: Mapping[str, object]) -> HttpResponse:
    response = render(request, template, dict(context))
    response["Cache-Control"] = "no-store"
    return response
