"""The words of an edition: the machine proposes, the editor decides, no inbox shows a diagnosis."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from digest.config import Config
from digest.editorial.glossary import load_glossary
from digest.editorial.themes import load_taxonomy
from digest.errors import Refused
from digest.models import AuditEntry, Issue, StoredRendition
from digest.pipeline import render as step
from digest.pipeline import review
from digest.pipeline.compose import compose
from digest.pipeline.render import proposals, renditions
from digest.pipeline.report import draft_report, issue_report
from digest.pipeline.review import LONGEST, Part
from digest.values import AUDIENCES, Audience
from tests.builders import NOW, a_config, a_stored_summary, an_item

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

PARTS: tuple[Part, ...] = get_args(Part)


@pytest.fixture
def config() -> Config:
    return a_config(issue={"min_items": 1})


@pytest.fixture
def issue(config: Config) -> Issue:
    for slug in ("one", "two", "three"):
        a_stored_summary(slug)
    return compose(config, now=NOW)


def worded(config: Config, audience: Audience, **words: Any) -> Config:
    """The configuration with other words for one audience."""
    changed = config.audiences[audience].model_copy(update=words)
    return config.model_copy(update={"audiences": {**config.audiences, audience: changed}})


@pytest.mark.parametrize("part", PARTS)
def test_words_of_ones_own_void_the_approval_and_are_what_is_sent(
    config: Config, issue: Issue, part: Part
) -> None:
    review.approve(issue, config, who="Ada", now=NOW)
    review.set_words(issue, "patient", part, " Walking eases much ", config, who="Ben", now=NOW)
    assert (issue.state, StoredRendition.objects.count()) == ("draft", 0)
    made = {rendition.audience: rendition for rendition in renditions(issue, config)}
    shown = [made["patient"].subject, made["patient"].preheader, made["patient"].html]
    assert "Walking eases much" in shown[PARTS.index(part)]
    assert "Walking eases much" not in made["clinician"].html
    assert AuditEntry.objects.filter(what=f"{part} of patient: Walking eases much").exists()


@pytest.mark.parametrize("part", PARTS)
def test_empty_words_bring_the_proposal_back(config: Config, issue: Issue, part: Part) -> None:
    before = renditions(issue, config)
    for text in ("Walking", "", ""):
        review.set_words(issue, "patient", part, text, config, who="Ben", now=NOW)
    assert issue.wording == {}
    assert renditions(issue, config) == before


def test_one_part_of_ones_own_leaves_the_others(config: Config, issue: Issue) -> None:
    for part in PARTS:
        review.set_words(issue, "patient", part, f"My {part}", config, who="Ben", now=NOW)
    review.set_words(issue, "patient", "preheader", "", config, who="Ben", now=NOW)
    assert issue.wording == {"patient": {"subject": "My subject", "intro": "My intro"}}


@pytest.mark.parametrize("part", ["subject", "preheader"])
@pytest.mark.parametrize(
    "text", ["News on MS", "Multiple Sclerosis this month", "About nmosd: NMOSD"]
)
def test_what_an_inbox_shows_never_names_a_diagnosis(
    config: Config, issue: Issue, part: Part, text: str
) -> None:
    with pytest.raises(Refused, match=f"the {part} names a diagnosis"):
        review.set_words(issue, "patient", part, text, config, who="Ben", now=NOW)


def test_the_intro_may_name_it_for_it_stands_inside_the_mail(config: Config, issue: Issue) -> None:
    review.set_words(issue, "patient", "intro", "News on MS", config, who="Ben", now=NOW)
    assert issue.wording == {"patient": {"intro": "News on MS"}}


@pytest.mark.parametrize("part", PARTS)
def test_words_with_a_line_break_or_too_many_are_refused(
    config: Config, issue: Issue, part: Part
) -> None:
    with pytest.raises(Refused, match="line break"):
        review.set_words(issue, "patient", part, "Hi\r\nBcc: x@y.z", config, who="Ben", now=NOW)
    long = "a" * (LONGEST[part] + 1)
    with pytest.raises(Refused, match=f"Use {LONGEST[part]} at most"):
        review.set_words(issue, "patient", part, long, config, who="Ben", now=NOW)
    assert issue.wording == {}


def test_the_fields_of_the_configuration_are_filled_in_words_of_ones_own(
    config: Config, issue: Issue
) -> None:
    text = "{month}, no. {number}: {top}, {studies} in {themes}"
    for part in PARTS:
        review.set_words(issue, "patient", part, text, config, who="Ben", now=NOW)
    first = THEMES[issue.items.all()[0].theme].names["patient"]
    said = f"November 2026, no. 1: {first}, 3 studies in 1 theme"
    made = {one.audience: one for one in renditions(issue, config)}["patient"]
    assert (made.subject, made.preheader) == (said, said)
    assert said in " ".join(made.text.split())
    report = draft_report(issue, config)
    assert report["wording"]["patient"]["subject"] == text
    assert report["wording_filled"] == {"patient": dict.fromkeys(PARTS, said)}
    assert said not in report["proposals"]["patient"].values()
    review.approve(issue, config, who="Ada", now=NOW)
    other = worded(config, "patient", subject="Changed since")
    assert renditions(issue, other)[0].subject == said


@pytest.mark.parametrize("part", PARTS)
def test_a_field_that_there_is_not_is_refused(config: Config, issue: Issue, part: Part) -> None:
    with pytest.raises(Refused, match=r"'\{nope\}' is no field; known are \{studies\}, \{themes"):
        review.set_words(issue, "patient", part, "{studies} {nope}", config, who="Ben", now=NOW)
    assert issue.wording == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [("{{studies}} this month", r"'\{\{studies\}\}' is no field; known are \{studies\}"),
     ("New in {month", r"the brace of '\{month' stands alone; known fields are \{studies\}"),
     ("New in month}", r"the brace of '\}' stands alone")],
)  # fmt: skip
def test_a_brace_that_is_no_field_is_refused_and_shown(
    config: Config, issue: Issue, text: str, said: str
) -> None:
    with pytest.raises(Refused, match=f"the subject cannot be filled: {said}"):
        review.set_words(issue, "patient", "subject", text, config, who="Ben", now=NOW)
    assert issue.wording == {}


def test_joined_emoji_may_stand_in_words_and_bidi_overrides_may_not(
    config: Config, issue: Issue
) -> None:
    family = "Care \U0001f469\u200d\U0001f467 \u2764\ufe0f\u200d\U0001f525"
    review.set_words(issue, "patient", "subject", family, config, who="Ben", now=NOW)
    assert renditions(issue, config)[0].subject == family
    for text in ("a\u202eb", "a\u200db", "a\u2028b", "a\x07b", "\u200d\u2764"):
        with pytest.raises(Refused, match="control character"):
            review.set_words(issue, "patient", "subject", text, config, who="Ben", now=NOW)


def test_a_glossary_that_cannot_be_read_is_the_problem_of_the_draft(issue: Issue) -> None:
    broken = a_config(glossary="none.yaml", issue={"min_items": 1})
    report = draft_report(issue, broken)
    assert report["proposals"] == {}
    assert "none.yaml: there is no such file" in report["problem"]
    assert draft_report(issue, a_config())["problem"] is None


def test_a_configured_subject_that_names_a_diagnosis_cannot_be_rendered(config: Config) -> None:
    a_stored_summary("one")
    config = worded(config, "patient", subject="MS: what {studies} found")
    with pytest.raises(Refused, match=r"the subject names a diagnosis \('MS'\)"):
        review.approve(compose(config, now=NOW), config, who="Ada", now=NOW)


# ── proposals ─────────────────────────────────────────────────────────────────────────────


def test_the_report_has_the_machines_words_beside_the_editors_own(
    config: Config, issue: Issue
) -> None:
    proposed = draft_report(issue, config)["proposals"]
    assert list(proposed) == list(config.audience_order)
    assert proposed["patient"]["subject"] == "November 2026: what 3 studies found"
    assert "{" not in "".join(text for words in proposed.values() for text in words.values())
    review.set_words(issue, "patient", "subject", "Walking", config, who="Ben", now=NOW)
    report = issue_report(issue, config)
    assert report["proposals"] == proposed
    assert report["wording"] == {"patient": {"subject": "Walking"}}
    assert report["subjects"] == {"patient": "Walking"}


def test_an_issue_that_is_no_longer_open_proposes_nothing(config: Config, issue: Issue) -> None:
    Issue.objects.update(state="sent")
    issue.refresh_from_db()
    assert proposals(issue, config) == {}


THEMES = load_taxonomy().themes


def named(config: Config, audience: Audience, *theme_ids: str) -> dict[str, str]:
    """What an inbox may show of each theme of an edition with an item of each."""
    items = [an_item(theme=theme) for theme in theme_ids]
    groups = step._grouped(items, audience, THEMES, load_glossary(), config)
    return {group.theme.id: group.named for group in groups}


@pytest.mark.parametrize("audience", AUDIENCES)
def test_an_inbox_shows_no_theme_that_names_a_diagnosis(config: Config, audience: Audience) -> None:
    shown = named(config, audience, *THEMES)
    assert list(shown) == list(THEMES)
    for theme, name in shown.items():
        assert config.privacy.diagnosis_in(name) is None
        assert name in ("", THEMES[theme].names[audience])
    assert shown["symptoms"]


def test_a_theme_is_not_named_where_the_site_says_that_it_tells_a_diagnosis(config: Config) -> None:
    assert named(config, "patient", "immune", "treatment") == {
        "immune": "", "treatment": "Treatments"
    }  # fmt: skip
    private = a_config(privacy={"diagnosis_words": ["Treatments"]})
    assert named(private, "patient", "treatment") == {"treatment": ""}


def test_an_edition_whose_themes_cannot_be_named_is_new_research(config: Config) -> None:
    a_stored_summary("one")
    issue = compose(config, now=NOW)
    review.move(issue, "one", "immune", config, who="Ada", now=NOW)
    preheader = proposals(issue, config)["patient"]["preheader"]
    assert preheader.startswith("New research: 1 study in 1 theme")


@pytest.mark.parametrize("part", PARTS)
def test_words_that_stand_for_a_readers_data_are_refused(
    config: Config, issue: Issue, part: Part
) -> None:
    with pytest.raises(Refused, match="reader's own data"):
        review.set_words(
            issue, "patient", part, "x __DIGEST_UNSUBSCRIBE_URL__", config, who="Ada", now=NOW
        )
    issue.wording = {"patient": {part: "x __DIGEST_FOO__"}}  # however it came there
    issue.save()
    with pytest.raises(Refused, match=f"the {part} holds"):
        review.approve(issue, config, who="Ada", now=NOW)
