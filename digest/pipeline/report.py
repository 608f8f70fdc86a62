"""Report: an issue as plain data, for the command line's JSON and tables and for the studio."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, cast

from django.db.models import Count

from digest.config import Config
from digest.delivery.records import counts
from digest.editorial.readability import reading_grade
from digest.editorial.themes import load_taxonomy
from digest.errors import Refused
from digest.models import Appearance, Delivery, Issue, IssueItem, SourceState, StoredSummary
from digest.pipeline.flags import flags_of
from digest.pipeline.render import lines_of
from digest.pipeline.rows import instant, teasers_value
from digest.pipeline.segment import segment_report
from digest.pipeline.visits import states_of
from digest.timetable import next_time
from digest.values import Audience, Teaser
from subscribers.membership import find_subscriber
from subscribers.models import Subscriber
from subscribers.suppression import is_suppressed

UNSURE_BELOW = 0.3  # of 350 labelled summaries a tenth lies below; of those a third was wrong
STATED = ("journal", "doi")  # facts that a source states in a field of their own


def draft_report(issue: Issue, config: Config) -> dict[str, Any]:
    """What `digest compose --json` prints; the keys are a contract."""
    ledgers, order = _ledgers(issue, config)
    items = {row.summary_id: row for row in issue.items.all()}
    rows = _summaries(issue)
    states = {pk: {line["state"] for line in ledger.values()} for pk, ledger in ledgers.items()}
    included = sorted((pk for pk, found in states.items() if "in" in found), key=order.__getitem__)
    waiting = [pk for pk, found in states.items() if "in" not in found and "held" in found]
    out = [pk for pk, found in states.items() if found == {"left out"}]
    read = lines_of(issue, config)
    summaries = {pk: _summary(rows[pk], issue) for pk in items if pk in rows}
    flags, links = flags_of(items), _links(summaries)
    return {
        "number": issue.number,
        "state": issue.state,
        "window": {"start": instant(issue.window_start), "until": instant(issue.cut_off)},
        "items": [
            {
                **_item(items[pk], summaries[pk], ledgers[pk]),
                "flags": flags.get(pk, []),
                "links": links[pk],
            }
            for pk in included
            if pk in items
        ],
        "articles": [_line(rows[pk], issue, ledgers[pk]) for pk in included if pk not in items],
        "held": [_line(rows[pk], issue, ledgers[pk]) for pk in waiting],
        "left_out": [_line(rows[pk], issue, ledgers[pk]) for pk in out],
        "wording": issue.wording,
        "wording_filled": read.own,
        "proposals": read.proposed,
        "problem": read.problem or None,
    }


def issue_report(issue: Issue, config: Config) -> dict[str, Any]:
    """The same and what became of it: approval, renditions, deliveries by state, audit."""
    renditions = {
        row.audience: {
            "subject": row.subject,
            "preheader": row.preheader,
            "html_bytes": len(row.html.encode()),
            "text_bytes": len(row.text.encode()),
            "hash": row.content_hash,
        }
        for row in issue.renditions.all()
    }
    return {
        **draft_report(issue, config),
        **issue_line(issue),
        "subjects": own_subjects(issue),
        "segment": segment_report(issue),
        "renditions": renditions,
        "audit": [
            {"at": instant(entry.at), "who": entry.who, "what": entry.what}
            for entry in issue.audit.all()
        ],
    }


def own_subjects(issue: Issue) -> dict[str, str]:
    """The editor's own subject of each edition that has one."""
    return {name: own["subject"] for name, own in issue.wording.items() if "subject" in own}


def issue_line(issue: Issue) -> dict[str, Any]:
    """One issue in `digest issues`."""
    return {
        "number": issue.number,
        "state": issue.state,
        "cut_off": instant(issue.cut_off),
        "composed": instant(issue.composed_at),
        "approved_by": issue.approved_by or None,
        "approved": instant(issue.approved_at),
        "send_at": instant(issue.send_at),
        "sent": instant(issue.sent_at),
        "studies": issue.items.filter(summary__ledger__issue=issue, summary__ledger__state="in")
        .distinct()
        .count(),
        "deliveries": counts(issue),
    }


def theme_names(config: Config) -> dict[str, str]:
    """What editors read for a theme's id; an id that the taxonomy lost is read as it is."""
    themes = load_taxonomy(config.themes_path).themes
    return defaultdict(str, {theme: one.names["patient"] for theme, one in themes.items()})


def delivery_lines(
    issue: Issue, *, state: str | None = None, address: str | None = None
) -> list[dict[str, Any]]:
    """Who got the issue, who did not, and why. Raises Refused for a state that there is not."""
    rows = issue.deliveries.select_related("subscriber")
    if state is not None:
        if state not in Delivery.State.values:
            known = ", ".join(Delivery.State.values)
            raise Refused(f"there is no state '{state}'", mend=f"Known: {known}")
        rows = rows.filter(state=state)
    if address is not None:
        someone = _known(address)
        rows = rows.filter(subscriber=someone) if someone else rows.none()
    return [
        {
            "id": row.pk,
            "address": row.subscriber.address if row.subscriber else None,
            "audience": row.audience,
            "state": row.state,
            "detail": row.detail,
            "attempts": row.attempts,
            "next_try": instant(row.next_try),
            "changed": instant(row.changed_at),
        }
        for row in rows
    ]


def _known(address: str) -> Subscriber | None:
    """Who has the address; None for one that is only suppressed. Raises BadAddress, Refused."""
    subscriber = find_subscriber(address)
    if subscriber is None and not is_suppressed(address):
        raise Refused("nobody has that address", mend="Check how it is written")
    return subscriber


def subscriber_report(address: str) -> dict[str, Any]:
    """All that is known of one address. Raises BadAddress; Refused when nobody has it."""
    subscriber, suppressed = _known(address), is_suppressed(address)
    if subscriber is None:
        nobody: dict[str, Any] = {
            "themes": [], "memberships": [], "consents": [], "deliveries": [],
        }  # fmt: skip
        return {"address": None, "name": None, "suppressed": True, **nobody}
    deliveries = Delivery.objects.filter(subscriber=subscriber).select_related("issue")
    return {
        "address": subscriber.address,
        "name": subscriber.name,
        "suppressed": suppressed,
        "themes": subscriber.themes,  # ids of those they chose; none: every theme
        "memberships": [
            {"list": m.list_name, "state": m.state, "joined": instant(m.joined_at)}
            for m in subscriber.memberships.order_by("pk")
        ],
        "consents": [
            {
                "at": instant(c.at),
                "event": c.event,
                "list": c.list_name,
                "purpose": c.purpose,
                "source": c.source,
                "form": c.form,
                "locale": c.locale,
                "actor": c.actor,
                "text": c.text,
                "version": c.wording.version if c.wording else "",
                "text_hash": c.wording.text_hash if c.wording else "",
            }
            for c in subscriber.consents.select_related("wording")
        ],
        "deliveries": [
            {"issue": d.issue.number, "audience": d.audience, "state": d.state, "detail": d.detail}
            for d in deliveries
        ],
    }


def source_lines(config: Config, now: datetime) -> list[dict[str, Any]]:
    """Each source of the configuration, how its last check went, and when the next one is."""
    counted = StoredSummary.objects.order_by().values("source").annotate(rows=Count("pk"))
    stored = {row["source"]: row["rows"] for row in counted}
    states = states_of(config.sources)
    return [
        {
            "name": source.name,
            "kind": source.kind,
            "last_check": instant(state.last_check),
            "last_success": instant(state.last_success),
            "error": state.last_error or None,
            "next_try": instant(_next_visit(state, config, now)),
            "failures": state.failures,
            "gone": instant(state.gone_at),
            "notes": state.notes.splitlines(),
            "summaries": stored.get(source.name, 0),
            "found": state.found,
        }
        for source in config.sources
        for state in (states[source.name],)
    ]


def _next_visit(state: SourceState, config: Config, now: datetime) -> datetime | None:
    """The first gathering of the schedule that visits it; without one, when it may be visited."""
    if state.gone_at:
        return None
    rests_until = state.next_try if state.next_try and state.next_try > now else None
    expression = config.schedule.gather
    if not expression:
        return rests_until
    # The schedule's slot at that very second counts, too.
    after = rests_until - timedelta(seconds=1) if rests_until else now
    return next_time(expression, config.zone, after)


def _links(summaries: dict[int, dict[str, Any]]) -> dict[int, list[dict[str, str]]]:
    """Where each summary stands on the web: in its own source first, then in the others."""
    found = {pk: [(one["source"], one["url"] or "")] for pk, one in summaries.items()}
    for one in Appearance.objects.filter(summary__in=summaries):
        found[one.summary_id].append((one.source, one.url))
    return {
        pk: [
            {"source": source, "url": url}
            for source, url in dict.fromkeys(links)
            if url.startswith(("http://", "https://"))
        ]
        for pk, links in found.items()
    }


Ledger = dict[str, dict[str, str]]  # audience → state and reason


def _ledgers(issue: Issue, config: Config) -> tuple[dict[int, Ledger], dict[int, tuple[int, int]]]:
    """Each summary's ledger, by primary key in the order of slugs, and its place in the draft.

    The draft is shown in the first list's reading order; then what only the others get.
    """
    rank = {audience: place for place, audience in enumerate(config.audience_order)}
    ledgers: dict[int, Ledger] = {}
    order: dict[int, tuple[int, int]] = {}
    fields = ("summary_id", "audience", "state", "reason", "position")
    entries = issue.ledger.order_by("summary__slug", "audience").values_list(*fields)
    for pk, audience, state, reason, position in entries:
        ledgers.setdefault(pk, {})[audience] = {"state": state, "reason": reason}
        if state == "in":
            place = (rank[cast(Audience, audience)], position)
            order[pk] = min(place, order.get(pk, place))
    return ledgers, order


def _summaries(issue: Issue) -> dict[int, StoredSummary]:
    """Every summary of the ledger, without its texts."""
    seen = StoredSummary.objects.filter(pk__in=issue.ledger.values("summary"))
    unread = ("headline", "found", "why", "limits", "body", "place", "identity", "text_key")
    return {row.pk: row for row in seen.defer(*unread)}


def _item(row: IssueItem, summary: dict[str, Any], ledger: Ledger) -> dict[str, Any]:
    teasers = teasers_value(row.teasers)
    return {
        "summary": summary,
        "theme": row.theme,
        "also": row.also,
        "margin": row.margin,
        "unsure": row.margin < UNSURE_BELOW,
        "terms": row.terms,
        "evidence": {**row.evidence, **{name: _stated(summary[name]) for name in STATED}},
        "teasers": {audience: asdict(teaser) for audience, teaser in teasers.items()},
        "readability": {audience: _grade(teaser) for audience, teaser in teasers.items()},
        "ledger": ledger,
    }


def _stated(value: str | None) -> dict[str, str | None]:
    """What the source states in a field of its own: the field is the place it was read from."""
    return {"value": value, "from": value or ""}


def _grade(teaser: Teaser) -> float | None:
    """How hard the summary's own sentences are to read: a school grade."""
    parts = (teaser.lead, teaser.audience, teaser.caveat)
    return reading_grade(" ".join(part for part in parts if part))


def _line(row: StoredSummary, issue: Issue, ledger: Ledger) -> dict[str, Any]:
    return {"summary": _summary(row, issue), "kind": row.kind, "ledger": ledger}


def _summary(row: StoredSummary, issue: Issue) -> dict[str, Any]:
    """Of what is in, as it was when composed: its source may have changed it since."""
    return {
        "slug": row.slug,
        "title": row.title,
        "published": instant(row.published_at),
        "date_problem": row.date_problem or None,
        "first_seen": instant(row.first_seen),
        "journal": row.journal or None,
        "doi": row.doi or None,
        "url": row.url or None,
        "source": row.source,
        **issue.as_composed.get(row.slug, {}),
    }
