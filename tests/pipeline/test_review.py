"""Review: what was approved is what is sent (law 2); each change voids it and is kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from digest.config import Config
from digest.errors import Refused
from digest.mail import render as mail
from digest.models import AuditEntry, Issue, StoredRendition, StoredSummary
from digest.pipeline import render as step
from digest.pipeline import review
from digest.pipeline.approval import approval_hash
from digest.pipeline.compose import compose
from digest.pipeline.render import rendition_value, renditions
from digest.pipeline.report import draft_report
from tests.builders import NOW, a_config, a_stored_summary

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def config() -> Config:
    return a_config(issue={"min_items": 1})


@pytest.fixture
def issue(config: Config) -> Issue:
    for slug in ("one", "two", "three"):
        a_stored_summary(slug)
    return compose(config, now=NOW)


def included(issue: Issue, config: Config) -> set[str]:
    return {item["summary"]["slug"] for item in draft_report(issue, config)["items"]}


def test_an_approval_stores_the_hash_of_the_very_renditions(config: Config, issue: Issue) -> None:
    made = renditions(issue, config)
    review.approve(issue, config, who="Ada", now=NOW)
    stored = [rendition_value(row) for row in StoredRendition.objects.all()]
    assert issue.approved_hash == approval_hash(made) == approval_hash(stored)
    assert (issue.state, issue.approved_by) == ("approved", "Ada")


def test_any_later_edit_voids_the_approval(config: Config, issue: Issue) -> None:
    review.approve(issue, config, who="Ada", now=NOW)
    review.put(issue, "one", "exclude", config, who="Ben", now=NOW)
    issue.refresh_from_db()
    assert (issue.state, issue.approved_by, issue.approved_hash) == ("draft", "", "")


def test_the_editors_choices_outlive_composing_again(config: Config, issue: Issue) -> None:
    review.put(issue, "one", "exclude", config, who="Ada", now=NOW)
    review.put(issue, "two", "hold", config, who="Ada", now=NOW)
    review.move(issue, "three", "life", config, who="Ada", now=NOW)
    again = compose(config, now=NOW + timedelta(hours=1))
    report = draft_report(again, config)
    assert [(i["summary"]["slug"], i["theme"]) for i in report["items"]] == [("three", "life")]
    assert report["items"][0]["terms"][0] == "because you moved it"
    assert not report["items"][0]["unsure"]
    assert report["left_out"][0]["ledger"]["patient"]["reason"] == "left out by the editor"
    assert report["held"][0]["ledger"]["patient"]["reason"] == "held over by the editor"


def test_bringing_in_undoes_leaving_out(config: Config, issue: Issue) -> None:
    review.put(issue, "one", "exclude", config, who="Ada", now=NOW)
    review.put(issue, "one", "bring", config, who="Ada", now=NOW)
    assert included(issue, config) == {"one", "two", "three"}


def test_what_is_held_over_comes_in_the_next_issue(config: Config, issue: Issue) -> None:
    review.put(issue, "one", "hold", config, who="Ada", now=NOW)
    Issue.objects.update(state="sent")
    following = compose(config, now=NOW + timedelta(days=30))
    assert included(following, config) == {"one"}


@pytest.mark.parametrize(
    ("slug", "theme", "words"),
    [
        ("one", "zebras", "there is no theme 'zebras'. Known: "),
        ("nobody", "life", "there is no item 'nobody' in the ledger of issue 1"),
    ],
)
def test_an_unknown_theme_or_item_is_refused_with_the_mend(
    config: Config, issue: Issue, slug: str, theme: str, words: str
) -> None:
    with pytest.raises(Refused) as caught:
        review.move(issue, slug, theme, config, who="Ada", now=NOW)
    assert words in caught.value.line()


def test_an_article_has_no_theme_to_move_to(config: Config) -> None:
    a_stored_summary("study")
    a_stored_summary("round-up", kind="article")
    issue = compose(config, now=NOW)
    with pytest.raises(Refused, match="articles have no theme"):
        review.move(issue, "round-up", "life", config, who="Ada", now=NOW)


def test_every_act_is_kept_with_who_and_when(config: Config, issue: Issue) -> None:
    review.move(issue, "one", "life", config, who="Ada", now=NOW)
    review.approve(issue, config, who="Ben", now=NOW)
    acts = [(entry.who, entry.what.split(" (")[0]) for entry in AuditEntry.objects.all()]
    assert acts == [("Ada", "moved one to life"), ("Ben", "approved")]


def test_an_issue_is_approved_once_and_only_as_a_draft(config: Config, issue: Issue) -> None:
    review.approve(issue, config, who="Ada", now=NOW)
    with pytest.raises(Refused, match="approved by Ada already"):
        review.approve(issue, config, who="Ben", now=NOW)
    Issue.objects.update(state="sent")
    issue.refresh_from_db()
    with pytest.raises(Refused, match="issue 1 is sent"):
        review.approve(issue, config, who="Ben", now=NOW)
    with pytest.raises(Refused, match="can no longer be changed"):
        review.put(issue, "one", "exclude", config, who="Ben", now=NOW)


def worded(config: Config, intro: str) -> Config:
    """The site with another intro for patients."""
    changed = config.audiences["patient"].model_copy(update={"intro": intro})
    return config.model_copy(update={"audiences": {**config.audiences, "patient": changed}})


@pytest.mark.parametrize("state", ["approved", "scheduled"])
def test_what_would_be_another_mail_today_can_be_approved_again(
    config: Config, issue: Issue, state: str
) -> None:
    review.approve(issue, config, who="Ada", now=NOW)
    if state == "scheduled":
        review.schedule(issue, NOW + timedelta(days=1), who="Ada", now=NOW)
    before = issue.approved_hash
    review.approve(issue, worded(config, "Anew: {studies}."), who="Ben", now=NOW)
    issue.refresh_from_db()
    assert (issue.state, issue.approved_by) == (state, "Ben")
    assert issue.send_at == (NOW + timedelta(days=1) if state == "scheduled" else None)
    assert issue.approved_hash != before
    assert issue.approved_hash == approval_hash(renditions(issue, config))
    assert "Anew: " in StoredRendition.objects.get(audience="patient").html


def test_what_was_changed_behind_our_back_can_be_approved_again(
    config: Config, issue: Issue
) -> None:
    review.approve(issue, config, who="Ada", now=NOW)
    StoredRendition.objects.filter(audience="patient").update(html="<p>Changed.</p>")
    review.approve(issue, config, who="Ben", now=NOW)
    assert issue.approved_hash == approval_hash(renditions(issue, config))
    assert "Changed." not in StoredRendition.objects.get(audience="patient").html


def test_a_refused_second_approval_leaves_the_first_as_it_was(config: Config, issue: Issue) -> None:
    review.approve(issue, config, who="Ada", now=NOW)
    before = list(StoredRendition.objects.order_by("pk").values())
    with pytest.raises(Refused, match="TK was left in it"):
        review.approve(issue, worded(config, "TK"), who="Ben", now=NOW)
    issue.refresh_from_db()
    assert (issue.state, issue.approved_by) == ("approved", "Ada")
    assert list(StoredRendition.objects.order_by("pk").values()) == before


def test_a_mail_that_was_frozen_before_is_never_taken_for_the_one_of_now(
    config: Config, issue: Issue
) -> None:
    StoredRendition.objects.create(issue=issue, audience="patient", html="<p>Stale.</p>")
    review.approve(issue, config, who="Ada", now=NOW)
    assert "Stale" not in StoredRendition.objects.get(audience="patient").html
    assert issue.approved_hash == approval_hash(renditions(issue, config))


def test_a_skipped_issue_cannot_be_approved() -> None:
    config = a_config(issue={"min_items": 3})
    a_stored_summary("one")
    with pytest.raises(Refused, match="was skipped: too few items"):
        review.approve(compose(config, now=NOW), config, who="Ada", now=NOW)


@pytest.mark.parametrize("name", ["", "  ", "Ada\nBcc"])
def test_an_approval_needs_a_name(config: Config, issue: Issue, name: str) -> None:
    with pytest.raises(Refused, match="needs a name"):
        review.approve(issue, config, who=name, now=NOW)


def test_only_an_approved_issue_is_scheduled_and_never_in_the_past(
    config: Config, issue: Issue
) -> None:
    with pytest.raises(Refused, match="not approved"):
        review.schedule(issue, NOW + timedelta(days=1), who="Ada", now=NOW)
    review.approve(issue, config, who="Ada", now=NOW)
    with pytest.raises(Refused, match="has passed"):
        review.schedule(issue, NOW - timedelta(days=1), who="Ada", now=NOW)
    review.schedule(issue, NOW + timedelta(days=1), who="Ada", now=NOW)
    assert (issue.state, issue.send_at) == ("scheduled", NOW + timedelta(days=1))


def test_pausing_and_resuming_are_refused_in_the_wrong_state(issue: Issue) -> None:
    with pytest.raises(Refused, match="Only sending can become paused"):
        review.pause(issue, who="Ada", now=NOW)
    Issue.objects.update(state="sending")
    issue.refresh_from_db()
    review.pause(issue, who="Ada", now=NOW)
    review.resume(issue, who="Ada", now=NOW)
    with pytest.raises(Refused, match="issue 1 is sending"):
        review.resume(issue, who="Ada", now=NOW)


def test_editing_an_approved_first_issue_keeps_its_window(config: Config) -> None:
    for slug in ("one", "two"):
        a_stored_summary(slug)
    a_stored_summary("old", published_at=NOW - timedelta(days=400))
    issue = compose(config, now=NOW)
    start = issue.window_start
    review.approve(issue, config, who="Ada", now=NOW)
    review.put(issue, "two", "exclude", config, who="Ben", now=NOW)
    assert (included(issue, config), issue.window_start) == ({"one"}, start)


def test_what_an_editor_takes_out_while_somebody_looks_is_never_approved(
    config: Config, issue: Issue, monkeypatch: pytest.MonkeyPatch
) -> None:
    looking = mail.render

    def slow(*arguments: Any) -> Any:
        made = looking(*arguments)
        monkeypatch.setattr(step, "render", looking)
        review.put(Issue.objects.get(), "one", "exclude", config, who="Ada", now=NOW)
        return made

    monkeypatch.setattr(step, "render", slow)
    renditions(Issue.objects.get(), config)
    review.approve(Issue.objects.get(), config, who="Ada", now=NOW)
    assert all("(one)" not in row.html for row in StoredRendition.objects.all())


def test_looking_at_a_draft_stores_nothing(config: Config, issue: Issue) -> None:
    renditions(issue, config)
    assert not StoredRendition.objects.exists()


def test_an_order_read_from_an_old_row_never_reopens_a_sent_issue(
    config: Config, issue: Issue
) -> None:
    review.approve(issue, config, who="Ada", now=NOW)
    old = Issue.objects.get()
    Issue.objects.update(state="sent")
    orders: list[Callable[[], Issue]] = [
        lambda: review.put(old, "one", "exclude", config, who="Ben", now=NOW),
        lambda: review.move(old, "one", "life", config, who="Ben", now=NOW),
        lambda: review.undo(old, "one", config, who="Ben", now=NOW),
        lambda: review.set_words(old, "patient", "subject", "Walking", config, who="Ben", now=NOW),
        lambda: review.schedule(old, NOW + timedelta(days=1), who="Ben", now=NOW),
        lambda: review.cancel(old, who="Ben", now=NOW),
    ]
    for order in orders:
        old.state = "approved"
        with pytest.raises(Refused, match="issue 1 is sent"):
            order()
    assert Issue.objects.get().state == "sent"
    assert StoredRendition.objects.count() == 3


def test_a_name_longer_than_the_table_holds_is_refused(config: Config, issue: Issue) -> None:
    with pytest.raises(Refused, match="150 characters at most"):
        review.approve(issue, config, who="A" * 151, now=NOW)


def test_a_summary_that_changed_at_its_source_must_be_composed_again(
    config: Config, issue: Issue
) -> None:
    StoredSummary.objects.filter(slug="one").update(title="It FAILED", content_hash="another")
    with pytest.raises(Refused, match=r"changed at the source since issue 1 was composed: one\."):
        review.approve(issue, config, who="Ada", now=NOW)
    review.approve(compose(config, now=NOW), config, who="Ada", now=NOW)
    assert "It FAILED" in StoredRendition.objects.get(audience="patient").html
