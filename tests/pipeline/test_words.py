"""The glossary in an issue: hard words are explained to patients and caregivers, theme by theme."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.errors import ConfigError
from digest.pipeline.compose import compose
from digest.pipeline.render import editions, renditions
from digest.values import Word
from tests.builders import NOW, a_config, a_stored_drug_trial, a_stored_summary

pytestmark = pytest.mark.django_db

ONE = {"min_items": 1}


def test_each_theme_explains_the_words_of_its_own_teasers() -> None:
    config = a_config(issue=ONE)
    a_stored_drug_trial()
    a_stored_summary(
        "legs", headline="Spastic legs and tiredness eased.", limits="Only one clinic took part."
    )
    by_audience = {e.wording.audience: e for e in editions(compose(config, now=NOW), config)}
    for audience in ("patient", "caregiver"):
        words = {group.theme.id: group.words for group in by_audience[audience].groups}
        assert [(word.term, word.seen) for word in words["symptoms"]] == [("spasticity", "Spastic")]
        terms = [word.term for word in words["treatment"]]
        assert {"infusion", "relapse"} & set(terms)
        assert "spasticity" not in terms
    assert all(group.words == () for group in by_audience["clinician"].groups)


def test_the_words_stand_in_the_mails_of_patients_and_caregivers_alone() -> None:
    config = a_config(issue=ONE)
    a_stored_summary("legs", headline="Spastic legs and tiredness eased.")
    for rendition in renditions(compose(config, now=NOW), config):
        explains = "spasticity: stiff, tight muscles" in rendition.text
        assert explains == (rendition.audience != "clinician")
        assert ("<i>Spastic</i> legs" in rendition.html) == explains


def test_a_sites_own_glossary_is_used_and_a_wrong_one_refused(tmp_path: Path) -> None:
    own = tmp_path / "words.yaml"
    own.write_text("leg: {forms: [legs], meaning: what one walks on}", encoding="utf-8")
    config = a_config(tmp_path, glossary="words.yaml", issue=ONE)
    a_stored_summary("legs", headline="Spastic legs and tiredness eased.")
    issue = compose(config, now=NOW)
    (patient,) = (e for e in editions(issue, config) if e.wording.audience == "patient")
    assert patient.groups[0].words == (Word("leg", "legs", "what one walks on"),)
    own.write_text("leg: {forms: [legs]}", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"words\.yaml: leg: its `meaning` is missing"):
        renditions(issue, config)
