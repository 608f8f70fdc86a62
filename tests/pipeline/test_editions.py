"""Each audience has its own choice: its themes, its limits, the editor's word for it alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from digest.config import Config
from digest.errors import Refused
from digest.models import AuditEntry, Delivery, EditorChoice, Issue, StoredRendition
from digest.pipeline import review
from digest.pipeline.compose import compose
from digest.pipeline.deliver import send_issue
from digest.pipeline.preview import sample, write_previews
from digest.pipeline.render import renditions
from digest.pipeline.report import draft_report, issue_report
from digest.project.settings import KEYS
from digest.values import Audience
from tests.builders import (
    NOW,
    a_config,
    a_draft,
    a_stored_drug_trial,
    a_stored_summary,
    a_subscriber,
)
from tests.fakes import FakeTransport

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def a_site(folder: Path = Path("site"), **audiences: dict[str, Any]) -> Config:
    """A site whose audiences differ as given."""
    shipped = a_config().audiences
    words = {name: {**w.model_dump(), **audiences.get(name, {})} for name, w in shipped.items()}
    return a_config(folder, issue={"min_items": 1}, audiences=words)


@pytest.fixture
def config() -> Config:
    return a_site()


@pytest.fixture
def issue(config: Config) -> Issue:
    a_stored_summary("walk")
    a_stored_drug_trial("drug")
    return compose(config, now=NOW)


def states(issue: Issue, slug: str) -> dict[str, str]:
    """The ledger of one summary."""
    entries = issue.ledger.filter(summary__slug=slug)
    return dict(entries.values_list("audience", "state"))


def reason(issue: Issue, slug: str, audience: Audience) -> str:
    return issue.ledger.get(summary__slug=slug, audience=audience).reason


def test_a_choice_for_one_edition_leaves_the_others(config: Config, issue: Issue) -> None:
    review.put(issue, "drug", "exclude", config, who="Ada", now=NOW, audience="patient")
    assert states(issue, "drug") == {"patient": "left out", "caregiver": "in", "clinician": "in"}
    made = {one.audience: one.html for one in renditions(issue, config)}
    assert "(drug)" not in made["patient"]
    assert "(drug)" in made["clinician"]
    assert AuditEntry.objects.get().what == "exclude drug for patient"


def test_a_choice_for_one_edition_goes_before_the_one_for_all(config: Config, issue: Issue) -> None:
    review.put(issue, "drug", "bring", config, who="Ada", now=NOW, audience="clinician")
    review.put(issue, "drug", "hold", config, who="Ada", now=NOW)
    assert states(issue, "drug") == {"patient": "held", "caregiver": "held", "clinician": "in"}
    again = compose(config, now=NOW)
    assert states(again, "drug") == {"patient": "held", "caregiver": "held", "clinician": "in"}


def test_what_was_decided_for_one_edition_is_taken_back_alone(config: Config, issue: Issue) -> None:
    review.put(issue, "drug", "bring", config, who="Ada", now=NOW, audience="clinician")
    review.put(issue, "drug", "hold", config, who="Ada", now=NOW)
    review.undo(issue, "drug", config, who="Ada", now=NOW, audience="clinician")
    assert set(states(issue, "drug").values()) == {"held"}
    review.undo(issue, "drug", config, who="Ada", now=NOW)
    assert set(states(issue, "drug").values()) == {"in"}
    assert not EditorChoice.objects.exists()
    last = AuditEntry.objects.last()
    assert last
    assert last.what == "took back what was decided on drug"


def test_taking_back_voids_the_approval_and_takes_everything_back(
    config: Config, issue: Issue
) -> None:
    review.put(issue, "drug", "hold", config, who="Ada", now=NOW, audience="patient")
    review.put(issue, "drug", "exclude", config, who="Ada", now=NOW, audience="caregiver")
    review.approve(issue, config, who="Ada", now=NOW)
    review.undo(issue, "drug", config, who="Ben", now=NOW)
    assert issue.state == "draft"
    assert set(states(issue, "drug").values()) == {"in"}


def test_nothing_is_taken_back_where_nothing_was_decided(config: Config, issue: Issue) -> None:
    review.put(issue, "drug", "hold", config, who="Ada", now=NOW, audience="patient")
    for audience, said in ((None, "walk"), ("clinician", "drug")):
        with pytest.raises(Refused, match=f"nothing was decided on '{said}'"):
            review.undo(issue, said, config, who="Ada", now=NOW, audience=audience)  # type: ignore[arg-type]


def test_what_an_earlier_issue_settled_for_an_edition_is_not_decided_again(
    config: Config, issue: Issue
) -> None:
    review.put(issue, "drug", "hold", config, who="Ada", now=NOW, audience="patient")
    Issue.objects.update(state="sent")
    following = compose(config, now=NOW)
    assert states(following, "drug") == {"patient": "in"}
    with pytest.raises(Refused, match="'drug' was settled for clinician by an earlier issue"):
        review.put(following, "drug", "bring", config, who="Ada", now=NOW, audience="clinician")


def test_a_theme_left_out_by_config_is_left_out_with_that_reason(issue: Issue) -> None:
    config = a_site(caregiver={"leave_out": ["treatment"]})
    issue = compose(config, now=NOW)
    assert states(issue, "drug") == {"patient": "in", "caregiver": "left out", "clinician": "in"}
    assert reason(issue, "drug", "caregiver") == (
        "audiences.caregiver.leave_out names its theme, treatment"
    )
    review.put(issue, "drug", "bring", config, who="Ada", now=NOW, audience="caregiver")
    assert states(issue, "drug")["caregiver"] == "in"


def test_what_waits_for_its_day_is_not_settled_by_its_theme() -> None:
    a_stored_summary("walk")
    a_stored_drug_trial("drug", published_at=NOW.replace(year=2027))
    issue = compose(a_site(caregiver={"leave_out": ["treatment"]}), now=NOW)
    assert set(states(issue, "drug").values()) == {"held"}


def test_an_audiences_own_limits_go_before_the_issues() -> None:
    for slug in ("a", "b", "c"):
        a_stored_drug_trial(slug)
    issue = compose(a_site(patient={"max_items": 1}, caregiver={"max_per_theme": 2}), now=NOW)
    counts = {
        audience: issue.ledger.filter(audience=audience, state="in").count()
        for audience in ("patient", "caregiver", "clinician")
    }
    assert counts == {"patient": 1, "caregiver": 2, "clinician": 3}
    assert reason(issue, "b", "patient") == "no room: 1 an issue at most"
    assert reason(issue, "c", "caregiver") == "no room: 2 a theme at most"


def test_the_draft_shows_first_what_the_first_list_reads(config: Config, issue: Issue) -> None:
    review.put(issue, "drug", "exclude", config, who="Ada", now=NOW, audience="patient")
    items = draft_report(issue, config)["items"]
    assert [item["summary"]["slug"] for item in items] == ["walk", "drug"]
    assert items[1]["ledger"]["patient"]["state"] == "left out"


# ── an edition without a study ────────────────────────────────────────────────────────────


@pytest.fixture
def without_clinicians(config: Config, issue: Issue) -> Issue:
    a_stored_summary("round-up", kind="article")
    issue = compose(config, now=NOW)
    for slug in ("walk", "drug"):
        review.put(issue, slug, "hold", config, who="Ada", now=NOW, audience="clinician")
    return issue


def test_an_edition_without_a_study_is_not_made(config: Config, without_clinicians: Issue) -> None:
    made = [one.audience for one in renditions(without_clinicians, config)]
    assert made == ["patient", "caregiver"]
    assert list(draft_report(without_clinicians, config)["proposals"]) == made
    with pytest.raises(Refused, match="issue 1 has no clinician edition"):
        sample(without_clinicians, "clinician", config, KEYS, now=NOW)


def test_an_article_waits_with_the_edition_that_is_not_made(
    config: Config, without_clinicians: Issue
) -> None:
    assert states(without_clinicians, "round-up")["clinician"] == "held"
    assert "no edition" in reason(without_clinicians, "round-up", "clinician")
    Issue.objects.update(state="sent")
    following = compose(config, now=NOW)
    assert states(following, "round-up") == {"clinician": "in"}


def test_its_readers_get_no_mail_and_who_reads_another_list_gets_that(
    tmp_path: Path, without_clinicians: Issue
) -> None:
    config = a_site(tmp_path)
    a_subscriber("ann@example.net", lists=("patient",))
    a_subscriber("doc@example.net", lists=("clinician",))
    a_subscriber("both@example.net", lists=("clinician", "caregiver"), main_list="clinician")
    review.approve(without_clinicians, config, who="Ada", now=NOW)
    assert StoredRendition.objects.count() == 2
    transport = FakeTransport()
    counts = send_issue(1, config, KEYS, now=lambda: NOW, transport=transport)
    assert (counts["accepted"], sum(counts.values())) == (2, 2)
    assert sorted(transport.recipients) == ["ann@example.net", "both@example.net"]
    lists = dict(Delivery.objects.values_list("subscriber__address", "audience"))
    assert lists == {"ann@example.net": "patient", "both@example.net": "caregiver"}
    without_clinicians.refresh_from_db()
    assert without_clinicians.state == "sent"
    report = issue_report(without_clinicians, config)
    assert sorted(report["renditions"]) == ["caregiver", "patient"]
    assert "no edition for clinician" in report["audit"][-2]["what"]


def test_only_the_editions_that_are_made_are_previewed(
    config: Config, without_clinicians: Issue, tmp_path: Path
) -> None:
    made = write_previews(without_clinicians, config, KEYS, tmp_path, only=None, now=NOW)
    assert {path.stem for path in made.files} == {"patient", "caregiver"}
    with pytest.raises(Refused, match="no clinician edition"):
        write_previews(without_clinicians, config, KEYS, tmp_path, only="clinician", now=NOW)


def test_an_issue_with_nothing_in_it_cannot_be_approved(config: Config) -> None:
    with pytest.raises(Refused, match="issue 1 has nothing in it"):
        review.approve(a_draft(), config, who="Ada", now=NOW)


def test_a_theme_that_is_gone_from_the_taxonomy_asks_to_compose_again(
    config: Config, issue: Issue
) -> None:
    issue.items.filter(summary__slug="walk").update(theme="zebras")
    with pytest.raises(Refused, match="items of a theme that is no more: zebras"):
        renditions(issue, config)
    assert draft_report(issue, config)["proposals"] == {}
    assert renditions(compose(config, now=NOW), config)
