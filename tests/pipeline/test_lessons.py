"""Lessons: a moved item teaches, later similar ones follow and say why, and it can be undone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from digest.config import Config
from digest.errors import Refused
from digest.models import AuditEntry, Issue, Lesson, StoredSummary
from digest.pipeline import review
from digest.pipeline.compose import compose
from digest.pipeline.lessons import forget_lesson, lesson_lines
from digest.pipeline.report import draft_report
from tests.builders import NOW, a_config, a_stored_drug_trial, a_stored_summary

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

DOGS = {
    "dog-mood": {
        "title": "Walking a Dog Lifts the Mood of Tired People",
        "headline": "People who walked a dog every day felt less tired and less low.",
        "found": "Researchers asked 90 dog owners. Those who walked the dog were less tired.",
    },
    "dog-walks": {
        "title": "Dog Owners Who Walk Feel Less Tired",
        "headline": "Walking with a dog went along with less tiredness in people who own one.",
        "found": "A survey of 60 dog owners. The dog owners walked more and were less tired.",
    },
}
BECAUSE = "because you moved “Walking a Dog Lifts the Mood of Tired People”"
MONTH = timedelta(days=30)


def a_dog_study(slug: str, **changes: Any) -> StoredSummary:
    return a_stored_summary(slug, **{**DOGS[slug], **changes})


@pytest.fixture
def config() -> Config:
    return a_config(issue={"min_items": 1})


@pytest.fixture
def issue(config: Config) -> Issue:
    """A draft with two studies of dogs, and one of a drug that is unlike them."""
    a_dog_study("dog-mood")
    a_dog_study("dog-walks")
    a_stored_drug_trial("drug")
    return compose(config, now=NOW)


def items(issue: Issue, config: Config) -> dict[str, dict[str, Any]]:
    return {item["summary"]["slug"]: item for item in draft_report(issue, config)["items"]}


def themes(issue: Issue, config: Config) -> dict[str, str]:
    return {slug: item["theme"] for slug, item in items(issue, config).items()}


def test_a_moved_item_teaches_and_a_similar_one_follows_and_says_why(
    config: Config, issue: Issue
) -> None:
    before = themes(issue, config)
    review.move(issue, "dog-mood", "life", config, who="Ada", now=NOW)
    after = items(issue, config)
    assert before["dog-walks"] != "life" == after["dog-walks"]["theme"]
    assert after["dog-walks"]["terms"][0] == BECAUSE
    assert after["dog-mood"]["terms"][0] == "because you moved it"
    assert not after["dog-mood"]["unsure"]
    assert after["dog-mood"]["also"]


def test_an_unlike_one_does_not_follow(config: Config, issue: Issue) -> None:
    before = items(issue, config)["drug"]
    review.move(issue, "dog-mood", "life", config, who="Ada", now=NOW)
    assert items(issue, config)["drug"] == before


def test_the_lesson_keeps_who_taught_what_instead_of_what(config: Config, issue: Issue) -> None:
    machine = themes(issue, config)["dog-mood"]
    review.move(issue, "dog-mood", "life", config, who="Ada", now=NOW)
    review.move(issue, "dog-mood", "mind", config, who="Ben", now=NOW + MONTH)
    (line,) = lesson_lines()
    assert line == {
        "slug": "dog-mood",
        "title": DOGS["dog-mood"]["title"],
        "theme": "mind",
        "instead_of": machine,
        "issue": 1,
        "who": "Ben",
        "at": (NOW + MONTH).isoformat(timespec="seconds"),
        "follow": 1,
    }


def test_moving_it_where_the_machine_puts_it_teaches_nothing(config: Config, issue: Issue) -> None:
    machine = themes(issue, config)
    review.move(issue, "dog-mood", "life", config, who="Ada", now=NOW)
    review.move(issue, "dog-mood", machine["dog-mood"], config, who="Ada", now=NOW)
    assert not Lesson.objects.exists()
    assert themes(issue, config) == machine


def test_taking_the_move_back_undoes_it_for_both(config: Config, issue: Issue) -> None:
    before = items(issue, config)
    review.move(issue, "dog-mood", "life", config, who="Ada", now=NOW)
    review.put(issue, "dog-mood", "hold", config, who="Ada", now=NOW)
    review.undo(issue, "dog-mood", config, who="Ben", now=NOW)
    assert items(issue, config) == before
    assert not Lesson.objects.exists()
    acts = list(AuditEntry.objects.values_list("who", "what"))
    assert acts[-1] == ("Ben", "took back what was decided on dog-mood")


def test_taking_back_one_editions_placing_keeps_the_lesson(config: Config, issue: Issue) -> None:
    review.move(issue, "dog-mood", "life", config, who="Ada", now=NOW)
    review.put(issue, "dog-mood", "hold", config, who="Ada", now=NOW, audience="patient")
    review.undo(issue, "dog-mood", config, who="Ada", now=NOW, audience="patient")
    assert themes(issue, config)["dog-mood"] == "life"
    assert Lesson.objects.count() == 1


def test_it_outlives_its_issue(config: Config) -> None:
    a_dog_study("dog-mood")
    issue = compose(config, now=NOW)
    review.move(issue, "dog-mood", "life", config, who="Ada", now=NOW)
    Issue.objects.update(state="sent")
    a_dog_study("dog-walks", published_at=NOW + timedelta(days=3))
    following = items(compose(config, now=NOW + MONTH), config)
    assert following["dog-walks"]["theme"] == "life"
    assert following["dog-walks"]["terms"][0] == BECAUSE


def test_a_moved_item_that_is_held_over_keeps_its_theme(config: Config, issue: Issue) -> None:
    review.move(issue, "drug", "safety", config, who="Ada", now=NOW)
    review.put(issue, "drug", "hold", config, who="Ada", now=NOW)
    Issue.objects.update(state="sent")
    following = compose(config, now=NOW + MONTH)
    drug = items(following, config)["drug"]
    assert (drug["theme"], drug["terms"][0]) == ("safety", "because you moved it")
    with pytest.raises(Refused, match=r"nothing was decided on 'drug' in issue 2.*digest lessons"):
        review.undo(following, "drug", config, who="Ada", now=NOW)


def test_forgetting_it_undoes_all_it_did_once_composed_again(config: Config, issue: Issue) -> None:
    before = themes(issue, config)
    review.move(issue, "dog-mood", "life", config, who="Ada", now=NOW)
    forget_lesson("dog-mood", who="Ben", now=NOW)
    assert lesson_lines() == []
    after = items(compose(config, now=NOW), config)
    assert after["dog-walks"]["theme"] == before["dog-walks"]
    assert after["dog-mood"]["theme"] == "life"  # what was decided on it in this issue stays
    assert AuditEntry.objects.filter(
        who="Ben", what="forgot that dog-mood belongs to life"
    ).exists()


def test_what_taught_nothing_cannot_be_forgotten(issue: Issue) -> None:
    with pytest.raises(Refused, match="nobody taught anything with 'drug'"):
        forget_lesson("drug", who="Ada", now=NOW)


def test_it_goes_with_its_summary_and_follows_its_words(config: Config, issue: Issue) -> None:
    review.move(issue, "dog-mood", "life", config, who="Ada", now=NOW)
    StoredSummary.objects.filter(slug="dog-mood").update(title="A Dog and Its Walks")
    assert lesson_lines()[0]["title"] == "A Dog and Its Walks"
    terms = items(compose(config, now=NOW), config)["dog-walks"]["terms"]
    assert terms[0] == "because you moved “A Dog and Its Walks”"
    Issue.objects.all().delete()
    assert Lesson.objects.get().issue is None
    StoredSummary.objects.get(slug="dog-mood").delete()
    assert not Lesson.objects.exists()


def test_a_theme_that_the_taxonomy_lost_teaches_nothing(config: Config, issue: Issue) -> None:
    before = themes(issue, config)
    review.move(issue, "dog-mood", "life", config, who="Ada", now=NOW)
    Lesson.objects.update(theme="zebras")
    issue.choices.update(theme="zebras")
    assert themes(compose(config, now=NOW), config) == before
