"""Preflight: what stands against sending an issue, before anybody approves it.

In: an issue. Out: findings on its real renditions, what blocks first. Approval asks
`refuse_blocked` for the very renditions that it freezes (laws 2 and 7); links are asked only by
`preflight`, which must not run inside a transaction when it does (law 11).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from time import monotonic

from django.db.models import Count

from digest.config import Config
from digest.editorial.readability import reading_grade
from digest.errors import DigestError, Refused, SourceError
from digest.mail.preflight import Finding, Rules, addresses, inspect
from digest.mail.preflight.opened import blocks, warns
from digest.models import Issue
from digest.pipeline.render import editions, renditions
from digest.sources.fetch import reach
from digest.values import Audience, Edition, Rendition, Summary
from subscribers.recipients import confirmed_recipients

State = Issue.State
Progress = Callable[[int, int], None]  # addresses that were asked, addresses in all
Mails = list[tuple[Edition, Rendition]]

ASKED_AT_ONCE = 4  # addresses; nobody's site should feel it
LONGEST_ANSWER = 10.0  # seconds for one address, with its redirects
LONGEST_ROUND = 120.0  # seconds for all of them together
STATED = ("title", "journal", "doi", "url")  # what an issue keeps of a summary as it was
WENT_OUT = (State.SENDING, State.PAUSED, State.SENT)


def preflight(
    issue: Issue, config: Config, *, reachable: bool = False, progress: Progress | None = None
) -> tuple[Finding, ...]:
    """Every finding on the mails of an issue, as they are frozen or would be now; blocking first.

    A rendering that is refused is a finding too. With `reachable` each outside address is asked
    once, a few at a time and two minutes at most.
    """
    findings = [*_sender(config)]
    try:
        mails = _mails(issue, config)
    except DigestError as error:
        where = error.where or f"issue {issue.number}"
        findings.append(blocks("rendering", where, error.what, error.mend))
    else:
        findings += _inspected(mails, config)
        findings += _recipients(issue, config, [mail.audience for _, mail in mails])
        if reachable:
            findings += _unreachable([mail for _, mail in mails], config, progress)
    return tuple(sorted(findings, key=lambda finding: finding.level != "blocks"))


def refuse_blocked(issue: Issue, made: Sequence[Rendition], config: Config) -> None:
    """Raises Refused, naming the first thing that blocks, while anything in `made` does.

    The caller holds the issue's row: `made` is what it is about to approve.
    """
    for rendition in made:
        _refuse_diagnosis(rendition, issue.number, config)
    findings = [*_sender(config), *_inspected(_beside(made, issue, config), config)]
    blocking = [finding for finding in findings if finding.level == "blocks"]
    if not blocking:
        return
    first, more = blocking[0], len(blocking) - 1
    others = f", and {more} more {'thing blocks' if more == 1 else 'things block'}" if more else ""
    raise Refused(
        f"{first.what.rstrip('.')}{others}",
        where=first.where,
        mend=f"{first.mend.rstrip('.')}. `digest preflight {issue.number}` lists them",
    )


def _refuse_diagnosis(rendition: Rendition, number: int, config: Config) -> None:
    """An inbox is seen by others: no diagnosis in subject or preheader (law 7).

    `inspect` finds the same and more; what must never be frozen is looked at here in plain words.
    """
    for part, text in (("subject", rendition.subject), ("preheader", rendition.preheader)):
        if word := config.privacy.diagnosis_in(text):
            raise Refused(
                f"the {part} names a diagnosis ('{word}')",
                where=f"the {rendition.audience} edition",
                mend=f"Change audiences.{rendition.audience}.{part} in config.yaml, or write one "
                f"with `digest {part}`. `digest preflight {number}` lists all that blocks",
            )


def _sender(config: Config) -> Iterator[Finding]:
    """What others see beside any mail of ours names no diagnosis (law 7)."""
    if problem := config.diagnosis_in_sender():
        mend = "Choose another in config.yaml, without that word."
        yield blocks("sender", "config.yaml", problem, mend)


# ── the mails ─────────────────────────────────────────────────────────────────────────────


def _mails(issue: Issue, config: Config) -> Mails:
    return _beside(renditions(issue, config), issue, config)


def _beside(made: Iterable[Rendition], issue: Issue, config: Config) -> Mails:
    """Each rendition with the edition that it shows, as that was when the issue was composed."""
    read = {
        edition.wording.audience: _as_composed(edition, issue.as_composed)
        for edition in editions(issue, config)
    }
    return [(read[rendition.audience], rendition) for rendition in made]


def _as_composed(edition: Edition, said: Mapping[str, Mapping[str, str | None]]) -> Edition:
    """A source may have changed a title since; a frozen mail has the one of then."""

    def then(summary: Summary) -> Summary:
        stated = said.get(summary.slug)
        if stated is None:
            return summary
        title, journal, doi, url = (stated[name] or "" for name in STATED)
        return replace(summary, title=title, journal=journal, doi=doi, url=url)

    groups = tuple(
        replace(
            group, items=tuple(replace(item, summary=then(item.summary)) for item in group.items)
        )
        for group in edition.groups
    )
    return replace(edition, groups=groups, articles=tuple(map(then, edition.articles)))


def _inspected(mails: Mails, config: Config) -> Iterator[Finding]:
    rules = Rules(diagnosis_in=config.privacy.diagnosis_in, grade=_grade)
    for edition, rendition in mails:
        yield from inspect(edition, rendition, rules)


def _grade(text: str) -> float:
    grade = reading_grade(text)
    return 0.0 if grade is None else grade


# ── the readers ───────────────────────────────────────────────────────────────────────────


def _recipients(issue: Issue, config: Config, made: Collection[Audience]) -> Iterator[Finding]:
    """How many would get each edition, against the last issue that went out."""
    readers = _readers(issue, config, made)
    if not any(readers.values()):
        mend = "Run `digest subscribers import`, or wait for people to confirm."
        yield warns("recipients", "every list", "nobody is on it, so nobody gets this issue", mend)
        return
    last = Issue.objects.filter(number__lt=issue.number, state__in=WENT_OUT)
    before = last.defer("as_composed").order_by("-number").first()
    counted = _counted(before) if before else {}
    for audience in made:
        yield from _compared(audience, readers[audience], counted.get(audience), before)
    if issue.state not in WENT_OUT:
        yield from _left_without(issue, readers, config, made)


def _readers(issue: Issue, config: Config, made: Collection[Audience]) -> Counter[str]:
    """Readers by edition: those it was queued for, or those it would go to now."""
    if issue.state in WENT_OUT:
        return Counter(_counted(issue))
    lists = [audience for audience in config.audience_order if audience in made]
    return Counter(recipient.list_name for recipient in confirmed_recipients(lists))


def _counted(issue: Issue) -> dict[str, int]:
    """Deliveries of each edition that the issue has, whatever became of them."""
    counted = dict.fromkeys(issue.renditions.values_list("audience", flat=True), 0)
    rows = issue.deliveries.order_by().values_list("audience").annotate(Count("pk"))
    return {**counted, **dict(rows)}


def _compared(
    audience: str, readers: int, before: int | None, last: Issue | None
) -> Iterator[Finding]:
    """`before` is None when there is no earlier issue, or none that had this edition."""
    where = f"{audience} list"
    look = f"See that all is well with the list: `digest subscribers export --list {audience}`"
    if not readers:
        was = f"; issue {last.number} went to {before}" if last and before else ""
        yield warns(
            "recipients", where, f"nobody is on it, so nobody gets this edition{was}", f"{look}."
        )
    elif last and before is not None:
        then = f"{readers} would get it now, issue {last.number} went to {before}"
        if 5 * readers < 4 * before:
            what = f"it fell by more than 20 %: {then}"
            yield warns("recipients", where, what, f"{look}, and that nobody was lost.")
        elif 2 * readers > 3 * before:
            what = f"it grew by more than 50 %: {then}"
            yield warns("recipients", where, what, f"{look}, and that an import was meant for it.")


def _left_without(
    issue: Issue, readers: Counter[str], config: Config, made: Collection[Audience]
) -> Iterator[Finding]:
    """Readers whose edition has no study in it, and who are on no other list."""
    missing = [audience for audience in config.audience_order if audience not in made]
    if not missing:
        return
    everybody = sum(1 for _ in confirmed_recipients(config.audience_order))
    if (without := everybody - readers.total()) > 0:
        what = f"no study is in its edition, and {without} who are on no other get no mail"
        mend = f"`digest bring {issue.number} SLUG --audience {missing[0]}` brings one in for them."
        yield warns("recipients", f"{' and '.join(missing)} list", what, mend)


# ── the links ─────────────────────────────────────────────────────────────────────────────


def _unreachable(
    made: Sequence[Rendition], config: Config, progress: Progress | None
) -> Iterator[Finding]:
    """The outside addresses that do not answer, in reading order; our own are not public yet."""
    whose: dict[str, list[str]] = {}
    for rendition in made:
        for address in addresses(rendition, config.publication.site_url):
            page = address.partition("#")[0]
            if rendition.audience not in whose.setdefault(page, []):
                whose[page].append(rendition.audience)
    troubles = _asked(list(whose), config, progress or (lambda done, total: None))
    mend = "Open it in a browser: some sites answer nothing else. If it fails there too, "
    mend += "have it mended at the source and gather again, or leave its study out."
    for address, audiences in whose.items():
        if trouble := troubles[address]:
            every = len(audiences) == len(made) > 1
            where = f"{'every' if every else ' and '.join(audiences)} edition"
            yield warns("reachable", where, f"{address}: {trouble}", mend)


def _asked(pages: list[str], config: Config, show: Progress) -> dict[str, str]:
    """What is wrong with each address, "" for those that answer. No row is read in the threads."""
    ends = monotonic() + LONGEST_ROUND
    pool = ThreadPoolExecutor(ASKED_AT_ONCE)
    try:
        waiting = {pool.submit(_trouble, page, config, ends): page for page in pages}
        show(0, len(pages))
        troubles = {}
        for done, answer in enumerate(as_completed(waiting), 1):
            troubles[waiting[answer]] = answer.result()
            show(done, len(pages))
        return troubles
    finally:
        pool.shutdown(cancel_futures=True)  # Ctrl-C waits for the few that are under way


def _trouble(page: str, config: Config, ends: float) -> str:
    left = ends - monotonic()
    if left <= 0:
        return f"was not asked: the others took more than {LONGEST_ROUND:g} seconds"
    try:
        reach(
            page,
            allow_private_hosts=config.fetch.allow_private_hosts,
            contact=config.fetch.contact,
            seconds=min(LONGEST_ANSWER, left),
        )
    except SourceError as error:
        return error.what
    return ""
