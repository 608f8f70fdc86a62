"""Rows and values: what was stored is read back the same, what is the same is stored once."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.models import IssueItem
from digest.pipeline.compose import compose
from digest.pipeline.report import draft_report
from digest.pipeline.rows import item_value, teasers_json, teasers_value
from digest.values import AUDIENCES, Teaser
from tests.builders import NOW, a_config, a_stored_summary, a_teaser

texts = st.sampled_from(["One.", "Two.", ""])
teasers = st.builds(Teaser, lead=texts, audience=st.none() | texts, caveat=st.none() | texts)


@settings(max_examples=60, deadline=None)
@given(st.fixed_dictionaries(dict.fromkeys(AUDIENCES, teasers)))
def test_teasers_are_read_back_as_they_were(given_teasers: dict[str, Teaser]) -> None:
    assert teasers_value(teasers_json(given_teasers)) == given_teasers  # type: ignore[arg-type]


def test_what_all_editions_share_is_stored_once() -> None:
    stored = teasers_json({audience: a_teaser(audience=audience) for audience in AUDIENCES})
    assert stored["shared"] == {"lead": a_teaser().lead, "caveat": a_teaser().caveat}
    assert stored["patient"] == {"audience": "patient"}
    assert str(stored).count(a_teaser().lead) == 1


def test_a_caveat_that_is_not_stated_stays_so() -> None:
    (one, *_) = teasers_value(
        teasers_json(dict.fromkeys(AUDIENCES, a_teaser(caveat=None, audience=None)))
    ).values()
    assert (one.audience, one.caveat) == (None, None)


def test_rows_of_before_the_upgrade_are_still_read() -> None:
    whole: dict[str, dict[str, str | None]] = {
        audience: asdict(a_teaser(lead=f"For {audience}.")) for audience in AUDIENCES
    }
    read = teasers_value(whole)
    assert {audience: asdict(teaser) for audience, teaser in read.items()} == whole


@pytest.mark.django_db
@pytest.mark.both_databases
def test_the_report_has_each_teaser_whole_whatever_the_row_has() -> None:
    config = a_config(issue={"min_items": 1})
    a_stored_summary("one")
    issue = compose(config, now=NOW)
    row = IssueItem.objects.get()
    assert row.teasers["shared"]["caveat"] == "Only one clinic took part."
    new = draft_report(issue, config)["items"][0]["teasers"]
    assert set(new) == set(AUDIENCES)
    assert all(set(teaser) == {"lead", "audience", "caveat"} for teaser in new.values())
    row.teasers = {audience: asdict(t) for audience, t in item_value(row).teasers.items()}
    row.save()
    assert draft_report(issue, config)["items"][0]["teasers"] == new
