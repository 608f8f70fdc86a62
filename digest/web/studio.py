"""The studio, for editors, behind a login: issues, preflight, previews, and what to look at.

Only settling a flag of gathering changes anything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from digest.errors import ConfigError, DigestError, Refused
from digest.models import Issue, Occurrence
from digest.pipeline.flags import flag_lines, settle
from digest.pipeline.preflight import preflight
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
        "flags": flag_lines(),
    }
    return _page(request, "studio/issues.html", context)


@login_required
@require_safe
def issue(request: HttpRequest, number: int) -> HttpResponse:
    """One issue: what stands against it, its three renditions, what is in it and why."""
    row = get_object_or_404(Issue, number=number)
    is_open = row.state in OPEN
    try:
        made, problem = renditions(row, settings.CONFIG), ""
    except DigestError as error:
        made, problem = [], error.line()
    report = issue_report(row, settings.CONFIG)
    flags = {flag["number"]: flag for item in report["items"] for flag in item["flags"]}
    context = {
        "report": report,
        "flags": [flags[number] for number in sorted(flags)],
        "findings": preflight(row, settings.CONFIG) if is_open else (),
        "renditions": made,
        "problem": problem,
        "themes": _theme_names(),
        "words": settings.CONFIG.audiences,
        "open": is_open,
    }
    return _page(request, "studio/issue.html", context)


@require_POST
def settle_flag(request: HttpRequest, number: int) -> HttpResponse:
    """Somebody saw to it; back to where it was listed."""
    if not request.user.is_authenticated:  # not back to here: this page cannot be looked at
        return redirect_to_login(reverse("studio"))
    try:
        settle([number], who=request.user.get_username(), now=timezone.now())
    except Refused:
        raise Http404 from None
    back = request.POST.get("issue", "")
    if back.isascii() and back.isdigit() and len(back) < 10:
        return redirect("studio-issue", int(back))
    return redirect("studio")


@login_required
@require_safe
def preview(request: HttpRequest, number: int, audience: str, part: str) -> HttpResponse:
    """The rendition as it stands, for a frame; sandboxed, so that nothing in it can act."""
    row = get_object_or_404(Issue, number=number)
    try:
        html, text = sample(row, audience, settings.CONFIG, settings.KEYS, now=timezone.now())
    except DigestError:
        raise Http404 from None
    kind = "text/html" if part == "html" else "text/plain"
    response = HttpResponse(html if part == "html" else text, content_type=f"{kind}; charset=utf-8")
    response["Content-Security-Policy"] = f"{PREVIEW_POLICY}; sandbox"
    response["Cache-Control"] = "no-store"
    return response


def _theme_names() -> dict[str, str]:
    """None where themes.yaml cannot be read: preflight says why, and ids stand for the names."""
    try:
        return theme_names(settings.CONFIG)
    except ConfigError:
        return defaultdict(str)


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
