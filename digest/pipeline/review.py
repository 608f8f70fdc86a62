"""Review: what an editor may do with a draft, and the approval that freezes it (law 2).

Every change voids an approval; every act is kept in the audit with who did it. What an editor
decides about an item lies in `choices`, what the machine learns of it in `lessons`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal, get_args

from django.db import transaction

from digest.config import Config
from digest.editorial.selection import EditorPlacing
from digest.editorial.themes import load_taxonomy
from digest.errors import Refused
from digest.fields import is_one_line, unknown_field
from digest.mail.slots import PREFIX as SLOT
from digest.models import AuditEntry, Issue, StoredSummary
from digest.pipeline.approval import approval_hash
from digest.pipeline.cancelled import may_have_reached, skip_cancelled
from digest.pipeline.choices import choose_placing, choose_theme, take_back
from digest.pipeline.compose import give_back, recompose, void_approval
from digest.pipeline.issues import hold
from digest.pipeline.lessons import teach, unteach
from digest.pipeline.notices import withdraw
from digest.pipeline.preflight import refuse_blocked
from digest.pipeline.render import freeze, rendition_value
from digest.values import AUDIENCES, Audience

State = Issue.State
Part = Literal["subject", "preheader", "intro"]
LONGEST: dict[Part, int] = {"subject": 120, "preheader": 160, "intro": 600}  # characters
SEEN_IN_INBOX = ("subject", "preheader")
LONGEST_NAME = 150  # characters, as the tables hold
READY = (State.APPROVED, State.SCHEDULED)
OPEN = (State.DRAFT, State.SKIPPED, *READY)


def known_audience(name: str) -> Audience:
    """The audience of that name. Raises Refused naming the three."""
    if name not in AUDIENCES:
        raise Refused(f"there is no audience '{name}'", mend=f"Known: {', '.join(AUDIENCES)}")
    return name


def move(issue: Issue, slug: str, theme: str, config: Config, *, who: str, now: datetime) -> Issue:
    """Put an item under another theme, in every edition; later similar summaries follow."""
    taxonomy = load_taxonomy(config.themes_path)
    if theme not in taxonomy.themes:
        known = ", ".join(taxonomy.themes)
        raise Refused(f"there is no theme '{theme}'", mend=f"Known: {known}")

    def choose(summary: StoredSummary) -> str:
        if summary.kind == "article":
            mend = f"`digest exclude {issue.number} {slug}` takes it out of “Also worth reading”"
            raise Refused(f"'{slug}' is an article, and articles have no theme", mend=mend)
        choose_theme(issue, summary, theme)
        teach(summary, theme, issue, taxonomy, who=who[:LONGEST_NAME], now=now)
        return f"moved {slug} to {theme}"

    return _decide(issue, slug, None, config, who, now, choose)


def put(
    issue: Issue,
    slug: str,
    placing: EditorPlacing,
    config: Config,
    *,
    who: str,
    now: datetime,
    audience: Audience | None = None,
) -> Issue:
    """Exclude an item, hold it over, or bring it in: in one edition, or (None) in all.

    What was decided for one edition goes before what is decided for all.
    """
    assert placing in get_args(EditorPlacing)

    def choose(summary: StoredSummary) -> str:
        choose_placing(issue, summary, placing, audience)
        return f"{placing} {slug}{_for(audience)}"

    return _decide(issue, slug, audience, config, who, now, choose)


def undo(
    issue: Issue,
    slug: str,
    config: Config,
    *,
    who: str,
    now: datetime,
    audience: Audience | None = None,
) -> Issue:
    """Take back what was decided on an item in this issue: all of it with the lesson it taught,

    or only its placing in one edition. Raises Refused when nothing was decided.
    """

    def choose(summary: StoredSummary) -> str:
        undone = take_back(issue, summary, audience)
        if audience is None:
            undone = unteach(summary, issue) or undone
        if not undone:
            raise Refused(
                f"nothing was decided on '{slug}'{_for(audience)} in issue {issue.number}",
                mend="`digest lessons` lists what earlier issues taught",
            )
        return f"took back what was decided on {slug}{_for(audience)}"

    return _decide(issue, slug, audience, config, who, now, choose)


def set_words(
    issue: Issue,
    audience: Audience,
    part: Part,
    text: str,
    config: Config,
    *,
    who: str,
    now: datetime,
) -> Issue:
    """The editor's own words for one part of one edition; empty ones bring the proposal back.

    The {fields} of config.yaml may stand in them, and are filled whenever they are read.
    """
    text = text.strip()
    _refuse_unfit(part, text, config)
    with transaction.atomic():
        _hold_open(issue)
        own = {**issue.wording.get(audience, {}), part: text}
        wording = {**issue.wording, audience: {part: said for part, said in own.items() if said}}
        issue.wording = {name: parts for name, parts in wording.items() if parts}
        void_approval(issue)
        issue.save()
        _audit(issue, who, now, f"{part} of {audience}: {text or 'as proposed'}")
    return issue


def _refuse_unfit(part: Part, text: str, config: Config) -> None:
    if not is_one_line(text):
        raise Refused(f"the {part} holds a line break or control character", mend="Use one line")
    if SLOT in text:
        raise Refused(f"the {part} holds '{SLOT}'", mend="That stands for a reader's own data")
    if problem := unknown_field(text):
        raise Refused(f"the {part} cannot be filled: {problem}", mend="Mend it, or leave it out")
    if len(text) > LONGEST[part]:
        raise Refused(
            f"the {part} is {len(text)} characters long", mend=f"Use {LONGEST[part]} at most"
        )
    word = config.privacy.diagnosis_in(text)
    if word and part in SEEN_IN_INBOX:
        raise Refused(
            f"the {part} names a diagnosis ('{word}'), and an inbox is seen by others",
            mend="Say it without that word",
        )


def approve(issue: Issue, config: Config, *, who: str, now: datetime) -> Issue:
    """Freeze the renditions: what they are now is what will be sent.

    What was approved already can be approved again when that makes another mail of it: after
    config.yaml changed, say. Raises Refused while preflight blocks any of them; then nothing is
    frozen.
    """
    who = who.strip()
    if not who or len(who) > LONGEST_NAME or any(not char.isprintable() for char in who):
        mend = f"Say who approves with --by NAME, in {LONGEST_NAME} characters at most"
        raise Refused("an approval needs a name", mend=mend)
    with transaction.atomic():
        hold(issue)
        _refuse_unless_open(issue)
        before = _stored_hash(issue)
        made = freeze(issue, config)
        refuse_blocked(issue, made, config)
        approved = approval_hash(made)
        _refuse_approved(issue, before, approved)
        if issue.state != State.SCHEDULED:  # its moment stays
            issue.state = State.APPROVED
        issue.approved_hash, issue.approved_by, issue.approved_at = approved, who, now
        issue.save()
        without = sorted(set(AUDIENCES) - {one.audience for one in made})
        nobody = f"; no edition for {' and '.join(without)}" if without else ""
        _audit(issue, who, now, f"approved ({issue.approved_hash[:12]}{nobody})")
    return issue


def schedule(issue: Issue, at: datetime, *, who: str, now: datetime) -> Issue:
    """Have the clock send an approved issue at an instant to come."""
    if at < now:
        raise Refused("that moment has passed", mend="Leave --at out to send at once")
    with transaction.atomic():
        hold(issue)
        if issue.state not in READY:
            raise Refused(
                f"issue {issue.number} is {issue.state}, not approved",
                mend=f"Run `digest approve {issue.number} --by NAME` first",
            )
        issue.state, issue.send_at = State.SCHEDULED, at
        issue.save()
        _audit(issue, who, now, f"scheduled for {at.isoformat(timespec='minutes')}")
    return issue


def pause(issue: Issue, *, who: str, now: datetime, why: str = "") -> Issue:
    """Stop an issue that is going out; a sender at work sees it. `why` stands in the audit."""
    return _turn(issue, (State.SENDING,), State.PAUSED, who, now, why=why)


def resume(issue: Issue, *, who: str, now: datetime) -> Issue:
    """Let a paused issue go on; `digest send` or the clock takes it up."""
    with transaction.atomic():
        _turn(issue, (State.PAUSED,), State.SENDING, who, now)
        withdraw(issue, now)
    return issue


def cancel(issue: Issue, *, who: str, now: datetime) -> Issue:
    """Give up an issue for good: what is not begun of it is skipped, also while it goes out.

    Its summaries wait for the next one, unless somebody got them, or may have.
    """
    with transaction.atomic():
        _turn(issue, (*OPEN, State.SENDING, State.PAUSED), State.CANCELLED, who, now)
        skip_cancelled(now)
        if not may_have_reached(issue):
            give_back(issue)
        withdraw(issue, now)
    return issue


def _turn(
    issue: Issue,
    allowed: tuple[Issue.State, ...],
    to: Issue.State,
    who: str,
    now: datetime,
    *,
    why: str = "",
) -> Issue:
    with transaction.atomic():
        hold(issue)
        if issue.state not in allowed:
            raise Refused(
                f"issue {issue.number} is {issue.state}",
                mend=f"Only {' or '.join(allowed)} can become {to}",
            )
        issue.state = to
        issue.save()
        _audit(issue, who, now, f"{to}: {why}" if why else str(to))
    return issue


def _refuse_unless_open(issue: Issue) -> None:
    if issue.state not in OPEN:
        raise Refused(f"issue {issue.number} is {issue.state}", mend="Only a draft is approved")


def _stored_hash(issue: Issue) -> str:
    """Of what is frozen now; "" for what this program cannot read."""
    try:
        return approval_hash(map(rendition_value, issue.renditions.all()))
    except Refused:
        return ""


def _refuse_approved(issue: Issue, before: str, now: str) -> None:
    if issue.state in READY and before == issue.approved_hash == now:
        raise Refused(
            f"issue {issue.number} was approved by {issue.approved_by} already",
            mend=f"Run `digest send {issue.number}`",
        )


def _hold_open(issue: Issue) -> None:
    hold(issue)
    if issue.state not in OPEN:
        raise Refused(
            f"issue {issue.number} is {issue.state} and can no longer be changed",
            mend="Change the open draft, or run `digest compose` for a new one",
        )


def _decide(
    issue: Issue,
    slug: str,
    audience: Audience | None,
    config: Config,
    who: str,
    now: datetime,
    choose: Callable[[StoredSummary], str],
) -> Issue:
    """Keep the editor's choice and compose the draft again with it, both or neither.

    `choose` stores it and says in words what was chosen.
    """
    with transaction.atomic():
        _hold_open(issue)
        what = choose(_summary(issue, slug, audience))
        recompose(issue, config, now=now)
        _audit(issue, who, now, what)
    return issue


def _summary(issue: Issue, slug: str, audience: Audience | None) -> StoredSummary:
    entries = issue.ledger.filter(summary__slug=slug).select_related("summary")
    if not (entry := entries.first()):
        raise Refused(
            f"there is no item '{slug}' in the ledger of issue {issue.number}",
            mend=f"`digest show {issue.number}` lists them",
        )
    if audience and not entries.filter(audience=audience).exists():
        raise Refused(
            f"'{slug}' was settled{_for(audience)} by an earlier issue",
            mend=f"`digest show {issue.number}` lists for whom it is open",
        )
    return entry.summary


def _for(audience: Audience | None) -> str:
    return f" for {audience}" if audience else ""


def _audit(issue: Issue, who: str, now: datetime, what: str) -> None:
    AuditEntry.objects.create(issue=issue, at=now, who=who[:LONGEST_NAME], what=what)
