"""Webhooks: what a provider posts is checked, kept, and answered at once; the clock applies it.

In: SendGrid's signed posts. Out: stored events (law 8: nothing is read of an unsigned post; no
address and no reason reaches a log).
"""

from __future__ import annotations

from datetime import UTC, datetime

import structlog
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from digest.errors import ConfigError
from digest.feedback.errors import BadPost
from digest.feedback.sendgrid_events import (
    MAX_POST,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    check_post,
    public_key,
    read_post,
)
from digest.pipeline.hear_back import store_post

log = structlog.get_logger("hooks")


@csrf_exempt  # it proves itself by its signature, and no cookie is read
@require_POST
def sendgrid(request: HttpRequest) -> HttpResponse:
    """200 once the events are stored; 4xx for a post that is not SendGrid's, or too old.

    404 while no key is configured; 503 when the key is none, so that SendGrid tries again.
    """
    shown = settings.CONFIG.feedback.sendgrid_public_key
    if not shown:
        raise Http404
    now = datetime.now(UTC)
    try:
        key = public_key(shown)
        body = _body(request)
        check_post(
            key,
            signature=request.headers.get(SIGNATURE_HEADER, ""),
            timestamp=request.headers.get(TIMESTAMP_HEADER, ""),
            body=body,
            now=now,
        )
        store_post(read_post(body, now), now)
    except BadPost as refused:
        log.warning("sendgrid", status=refused.status, problem=refused.line())
        return HttpResponse(status=refused.status)
    except ConfigError as error:
        log.error("sendgrid", problem=error.line())
        return HttpResponse(status=503)
    return HttpResponse(status=200)


def _body(request: HttpRequest) -> bytes:
    """At most one byte more than may be posted; a post that says it is longer is not read."""
    length = request.headers.get("Content-Length", "")
    known = length.isascii() and length.isdecimal()
    if not known or int(length[:20]) > MAX_POST:
        raise BadPost("the post is larger than 4 MB, or does not say how large", status=413)
    return request.read(MAX_POST + 1)
