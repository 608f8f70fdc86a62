"""A frozen mail keeps the words of its day: config.yaml may change, and it stays sound."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from digest.config import Config
from digest.editorial.themes import SHIPPED
from digest.errors import Refused
from digest.models import Issue, StoredRendition
from digest.pipeline import review
from digest.pipeline.compose import compose
from digest.pipeline.preflight import preflight
from digest.values import AUDIENCES
from tests.builders import NOW, a_config, a_stored_summary, a_subscriber
from tests.pipeline.test_preflight import blocking, missing_glossary, named, worded

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def config() -> Config:
    return a_config(issue={"min_items": 1})


@pytest.fixture
def issue(config: Config) -> Issue:
    """A draft with a reader on each list."""
    a_stored_summary("one")
    for audience in AUDIENCES:
        a_subscriber(f"{audience}@example.org", lists=(audience,))
    return compose(config, now=NOW)


def other_label(config: Config, folder: Path) -> Config:
    return worded(config, "patient", caveat_label="Please note:")


def other_readers(config: Config, folder: Path) -> Config:
    return worded(config, "caregiver", readers="those who help")


def other_postal_address(config: Config, folder: Path) -> Config:
    sender = config.sender.model_copy(update={"postal_address": "2 New Street, Springfield"})
    return config.model_copy(update={"sender": sender})


def other_names(config: Config, folder: Path) -> Config:
    themes = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    for theme, told in themes.items():
        told["names"]["patient"] = f"Renamed {theme}"
    (folder / "themes.yaml").write_text(yaml.safe_dump(themes), encoding="utf-8")
    return config.model_copy(update={"themes": str(folder / "themes.yaml")})


def theme_gone(config: Config, folder: Path) -> Config:
    Issue.objects.get().items.update(theme="no_more")
    return config


CHANGES = (other_label, other_readers, other_postal_address, other_names, theme_gone)
Change = Callable[[Config, Path], Config]


@pytest.mark.parametrize("state", ["approved", "scheduled", "sending", "paused", "sent"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_frozen_mail_in_the_words_of_then_is_one_warning(
    config: Config, issue: Issue, tmp_path: Path, change: Change, state: str
) -> None:
    review.approve(issue, config, who="Ada", now=NOW)
    Issue.objects.update(state=state)
    issue.refresh_from_db()
    before = preflight(issue, config)
    after = preflight(issue, change(config, tmp_path))
    (changed,) = named(after, "approved")
    assert (changed.level, changed.where) == ("warns", "issue 1")
    assert ("`digest approve 1 --by NAME`" in changed.mend) is (state in ("approved", "scheduled"))
    assert [one for one in after if one is not changed] == list(before)


@pytest.mark.parametrize("change", CHANGES)
def test_approved_again_it_has_the_words_of_today(
    config: Config, issue: Issue, tmp_path: Path, change: Change
) -> None:
    review.approve(issue, config, who="Ada", now=NOW)
    config = change(config, tmp_path)
    if change is theme_gone:
        with pytest.raises(Refused, match="a theme that is no more"):
            review.approve(issue, config, who="Ben", now=NOW)
        return
    review.approve(issue, config, who="Ben", now=NOW)
    assert named(preflight(issue, config), "approved") == []


def test_another_site_address_leaves_a_frozen_mail_sound(config: Config, issue: Issue) -> None:
    review.approve(issue, config, who="Ada", now=NOW)
    publication = config.publication.model_copy(update={"site_url": "https://new.example.org"})
    config = config.model_copy(update={"publication": publication})
    assert blocking(issue, config) == []


def test_a_glossary_that_is_gone_is_no_matter_to_a_frozen_mail(
    config: Config, issue: Issue, tmp_path: Path
) -> None:
    review.approve(issue, config, who="Ada", now=NOW)
    assert blocking(issue, missing_glossary(config, tmp_path)) == []


def test_all_else_of_a_frozen_mail_is_looked_at_as_ever(
    config: Config, issue: Issue, tmp_path: Path
) -> None:
    """The words that name a diagnosis may have become more since."""
    review.approve(issue, config, who="Ada", now=NOW)
    privacy = config.privacy.model_copy(update={"diagnosis_words": ("november",)})
    stricter = other_label(config, tmp_path).model_copy(update={"privacy": privacy})
    found = preflight(issue, stricter)
    blocks = [(one.check, one.where) for one in found if one.level == "blocks"]
    assert ("diagnosis", "patient edition, subject") in blocks
    assert {check for check, _ in blocks} == {"diagnosis"}
    assert len(named(found, "approved")) == 1


def test_a_mail_that_is_not_what_was_approved_is_held_against_today(
    config: Config, issue: Issue
) -> None:
    review.approve(issue, config, who="Ada", now=NOW)
    row = StoredRendition.objects.get(audience="patient")
    row.html = row.html.replace("Keep in mind:", "Or so:")
    row.save()
    assert {one.check for one in blocking(issue, config)} == {"caveat"}
    assert named(preflight(issue, config), "approved") == []
