"""The editor's commands: they act, they speak JSON, and they refuse with one clear line."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from typer.testing import CliRunner

from digest.cli.main import app
from digest.config import Config
from digest.errors import Refused
from digest.models import Issue
from digest.pipeline.compose import compose
from tests.builders import NOW, a_config, a_stored_drug_trial, a_stored_summary

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def issue(monkeypatch: pytest.MonkeyPatch) -> Issue:
    """The open draft of the tests' site, with two studies of walking and one of a drug."""
    monkeypatch.setenv("COLUMNS", "200")
    a_stored_summary("walk")
    a_stored_summary("walk-again")
    a_stored_drug_trial("drug")
    return compose(the_site(), now=NOW)


def the_site() -> Config:
    return a_config()


def run(*words: str) -> str:
    """What a command prints. Raises what it refuses with."""
    done = CliRunner().invoke(app, ["--config", os.environ["DIGEST_CONFIG"], *words])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def document(*words: str) -> Any:
    return json.loads(run(*words, "--json"))


def states(report: Any, slug: str) -> dict[str, str]:
    lines = [*report["items"], *report["held"], *report["left_out"]]
    (found,) = (line["ledger"] for line in lines if line["summary"]["slug"] == slug)
    return {audience: entry["state"] for audience, entry in found.items()}


@pytest.mark.parametrize(
    ("command", "state"), [("exclude", "left out"), ("hold", "held"), ("bring", "in")]
)
def test_an_item_is_placed_in_one_edition_or_in_all(command: str, state: str) -> None:
    one = document(command, "1", "drug", "--audience", "caregiver")
    assert states(one, "drug") == {"patient": "in", "caregiver": state, "clinician": "in"}
    assert ("drug (not caregiver)" in run("show", "1")) == (state != "in")
    assert set(states(document(command, "1", "drug"), "drug").values()) == {state}


def test_what_was_decided_is_taken_back() -> None:
    run("hold", "1", "drug", "--audience", "patient")
    run("hold", "1", "drug")
    assert states(document("undo", "1", "drug", "--audience", "patient"), "drug") == {
        "patient": "held", "caregiver": "held", "clinician": "held",
    }  # fmt: skip
    assert set(states(document("undo", "1", "drug"), "drug").values()) == {"in"}
    with pytest.raises(Refused, match="nothing was decided on 'drug'"):
        run("undo", "1", "drug")


def test_an_audience_that_there_is_not_is_refused() -> None:
    for words in (("hold", "1", "drug"), ("undo", "1", "drug"), ("intro", "1", "x")):
        with pytest.raises(Refused, match=r"no audience 'nurse'\. Known: patient"):
            run(*words, "--audience", "nurse")


@pytest.mark.parametrize("part", ["subject", "preheader", "intro"])
def test_words_of_ones_own_and_the_proposal_back(part: str) -> None:
    own = document(part, "1", "Walking eases much", "--audience", "patient")
    assert own["wording"] == {"patient": {part: "Walking eases much"}}
    assert own["subjects"] == ({"patient": "Walking eases much"} if part == "subject" else {})
    assert own["proposals"]["patient"][part] != "Walking eases much"
    assert f"patient {part}: “Walking eases much” (yours)" in run("show", "1")
    back = run(part, "1", "", "--audience", "patient")
    assert own["proposals"]["patient"][part] in back
    assert "(yours)" not in back


def test_composing_and_showing_print_what_an_inbox_will_show() -> None:
    for words in (("compose", "--until", "2026-11-21T07:00"), ("show", "1")):
        said = run(*words)
        assert "patient subject: “November 2026: what 3 studies found”" in said
        assert "clinician preheader: “" in said


def test_lessons_are_listed_and_forgotten() -> None:
    assert document("lessons") == {"lessons": []}
    assert "Nothing was taught yet" in run("lessons")
    run("move", "1", "walk", "--theme", "life")
    (line,) = document("lessons")["lessons"]
    assert (line["slug"], line["theme"], line["issue"], line["follow"]) == ("walk", "life", 1, 1)
    assert "walk" in run("lessons")
    assert document("lessons", "--forget", "walk") == {"lessons": []}
    with pytest.raises(Refused, match="nobody taught anything with 'walk'"):
        run("lessons", "--forget", "walk")
