"""Preflight: what stands against sending an issue, before anybody approves it.

In: an issue. Out: findings on its real renditions, what blocks first. Approval asks
`refuse_blocked` for the very renditions that it freezes (laws 2 and 7); links are asked only by
`preflight`, which must not run inside a transaction when it does (law 11).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from time import monotonic

from digest.config import Config
from digest.config.examples import examples_in
from digest.editorial.readability import reading_grade
from digest.errors import DigestError, Refused, SourceError
from digest.mail.preflight import Finding, Rules, addresses, inspect
from digest.mail.preflight.opened import blocks, warns
from digest.models import Issue
from digest.pipeline import Progress
from digest.pipeline.approval import approval_hash
from digest.pipeline.mailing import NO_KEYS, Mailing
from digest.pipeline.readers import recipients
from digest.pipeline.render import editions, renditions
from digest.sources.fetch import reach
from digest.values import Edition, Rendition, Summary

Mails = list[tuple[Edition, Rendition]]

ASKED_AT_ONCE = 4  # addresses; nobody's site should feel it
LONGEST_ANSWER = 10.0  # seconds for one address, with its redirects
LONGEST_ROUND = 120.0  # seconds for all of them together
STATED = ("title", "journal", "doi", "url")  # what an issue keeps of a summary as it was
READY = (Issue.State.APPROVED, Issue.State.SCHEDULED)
# Checks that hold a mail against the words of today's config.yaml, themes.yaml and templates.
TODAYS_WORDS = ("parts", "caveat", "footer", "postal address", "headings")


def preflight(
    issue: Issue, config: Config, *, reachable: bool = False, progress: Progress | None = None
) -> tuple[Finding, ...]:
    """Every finding on the mails of an issue, as they are frozen or would be now; blocking first.

    A rendering that is refused is a finding too. With `reachable` each outside address is asked
    once, a few at a time and two minutes at most.
    """
    findings = [*_sender(config)]
    try:
        made = renditions(issue, config)
        is_frozen = approval_hash(made) == issue.approved_hash
        mails = _beside(made, issue, config, frozen=is_frozen)
    except DigestError as error:
        where = error.where or f"issue {issue.number}"
        findings.append(blocks("rendering", where, error.what, error.mend))
    else:
        found = _inspected(mails, config)
        mailing = _mailing(made, issue, config)
        findings += _as_approved(found, issue) if is_frozen else found
        findings += _unmailable(mailing, issue)
        findings += recipients(issue, mailing)
        if reachable:
            findings += _unreachable(made, config, progress)
    return tuple(sorted(findings, key=lambda finding: finding.level != "blocks"))


def refuse_blocked(issue: Issue, made: Sequence[Rendition], config: Config) -> None:
    """Raises Refused, naming the first thing that blocks, while anything in `made` does.

    The caller holds the issue's row: `made` is what it is about to approve.
    """
    for rendition in made:
        _refuse_diagnosis(rendition, issue.number, config)
    findings = [
        *_sender(config),
        *_inspected(_beside(made, issue, config), config),
        *_unmailable(_mailing(made, issue, config), issue),
    ]
    refuse_while(findings, issue.number)


def refuse_while(findings: Sequence[Finding], number: int) -> None:
    """Raises Refused, naming the first of `findings` that blocks, while any does."""
    blocking = [finding for finding in findings if finding.level == "blocks"]
    if not blocking:
        return
    first, more = blocking[0], len(blocking) - 1
    others = f", and {more} more {'thing blocks' if more == 1 else 'things block'}" if more else ""
    raise Refused(
        f"{first.what.rstrip('.')}{others}",
        where=first.where,
        mend=f"{first.mend.rstrip('.')}. `digest preflight {number}` lists them",
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
    """What others see beside any mail of ours names no diagnosis (law 7), and is no example."""
    if problem := config.diagnosis_in_sender():
        mend = "Choose another in config.yaml, without that word."
        yield blocks("sender", "config.yaml", problem, mend)
    if config.transport.kind != "maildir" and (keys := examples_in(config)):
        what = f"still our example, and readers would see it: {', '.join(keys)}"
        yield warns("sender", "config.yaml", what, "Write your own there.")


# ── the mails ─────────────────────────────────────────────────────────────────────────────


def _beside(
    made: Iterable[Rendition], issue: Issue, config: Config, *, frozen: bool = False
) -> Mails:
    """Each rendition with the edition that it shows, as that was when the issue was composed."""
    read = {
        edition.wording.audience: _as_composed(edition, issue.as_composed)
        for edition in editions(issue, config, frozen=frozen)
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


def _inspected(mails: Mails, config: Config) -> list[Finding]:
    rules = Rules(diagnosis_in=config.privacy.diagnosis_in, grade=_grade)
    return [one for edition, rendition in mails for one in inspect(edition, rendition, rules)]


def _as_approved(found: list[Finding], issue: Issue) -> list[Finding]:
    """What `found` says of a mail that is what was approved.

    Nothing was amiss with its words then: where they are not those of today, today's changed.
    """
    of_today = [one for one in found if one.check in TODAYS_WORDS]
    if not of_today:
        return found
    what = "config.yaml, themes.yaml or the program changed since it was approved: it goes out in "
    what += "the words of then"
    mend = "What was approved is what is sent."
    if issue.state in READY:
        mend += f" `digest approve {issue.number} --by NAME` approves it again, with today's words."
    changed = warns("approved", f"issue {issue.number}", what, mend)
    return [changed, *(one for one in found if one not in of_today)]


def _mailing(made: Iterable[Rendition], issue: Issue, config: Config) -> Mailing:
    return Mailing(issue.number, config, NO_KEYS, {one.audience: one for one in made})


def _unmailable(mailing: Mailing, issue: Issue) -> Iterator[Finding]:
    """What sending would refuse of every mail of an edition; once where the editions share it."""
    whose: dict[tuple[str, str], list[str]] = {}
    for audience in mailing.editions:
        try:
            mailing.try_on_nobody(audience, issue.composed_at)
        except Refused as error:
            whose.setdefault((error.what, error.mend), []).append(audience)
    for (what, how), audiences in whose.items():
        mend = how.rstrip(".") or "Look at sender and publication in config.yaml"
        yield blocks("message", _whose(audiences, mailing.editions), what, f"{mend}.")


def _whose(audiences: Sequence[str], every: Collection[object]) -> str:
    """`patient and caregiver edition`, `every edition`."""
    return f"{'every' if len(audiences) == len(every) > 1 else ' and '.join(audiences)} edition"


def _grade(text: str) -> float:
    grade = reading_grade(text)
    return 0.0 if grade is None else grade


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
            where = _whose(audiences, made)
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
