"""The editor's commands: they act, they speak JSON, and they refuse with one clear line."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from digest.cli.main import app
from digest.config import Config, load_config
from digest.errors import Refused
from digest.models import Issue, StoredSummary
from digest.pipeline.compose import compose
from tests.builders import NOW, a_config, a_flag, a_stored_drug_trial, a_stored_summary

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


def test_open_flags_of_its_items_are_mentioned_once() -> None:
    assert "`digest flags`" not in run("show", "1")
    walk, again = (StoredSummary.objects.get(slug=slug) for slug in ("walk", "walk-again"))
    a_flag(walk, other=again)
    for words in (("compose", "--until", "2026-11-21T07:00"), ("show", "1")):
        assert "1 open flag on its items: `digest flags`" in run(*words).splitlines()


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


def test_composing_and_showing_print_what_an_inbox_will_show(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("digest.cli.issues.now", lambda: NOW)
    for words in (("compose", "--until", "2026-11-21T07:00"), ("show", "1")):
        said = run(*words)
        assert "patient subject: “November 2026: what 3 studies found”" in said
        assert "clinician preheader: “" in said


def test_showing_an_issue_prints_each_teaser_and_why_it_stands_there() -> None:
    item = document("show", "1")["items"][0]
    said = " ".join(run("show", "1").split())
    for teaser in item["teasers"].values():
        assert " ".join(teaser["lead"].split()) in said
    assert item["summary"]["title"] in said
    assert f"[{item['theme']}, " in said
    assert "(grade " in said


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


def test_lessons_fit_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    run("move", "1", "walk", "--theme", "life")
    (row,) = [line for line in run("lessons").splitlines() if "walk" in line]
    assert "life, not " in row


def test_what_is_in_for_some_editions_says_why_not_in_the_others() -> None:
    run("exclude", "1", "drug", "--audience", "caregiver")
    run("hold", "1", "walk", "--audience", "clinician")
    for words in (("show", "1"), ("undo", "1", "walk", "--audience", "clinician")):
        said = run(*words)
        assert "Not in every edition" in said
        assert "caregiver: left out by the editor" in said
    assert "Not in every edition" not in run("undo", "1", "drug")


def test_a_cut_off_that_lies_ahead_is_refused() -> None:
    with pytest.raises(Refused, match=r"'2130-01-01' lies after now\. Leave --until out"):
        run("compose", "--until", "2130-01-01")


def test_composing_says_whether_editors_are_mailed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.cli.issues.now", lambda: NOW)
    assert "No editor is mailed" in run("compose")
    StoredSummary.objects.filter(slug="walk-again").update(published_at=NOW.replace(year=2027))
    said = run("compose")
    assert "skipped" in said
    assert "One editor is told by mail: `digest run` sends it" in said


def test_a_field_is_shown_as_it_is_read() -> None:
    said = run("subject", "1", "{studies} for you", "--audience", "patient")
    assert "patient subject: “3 studies for you” (yours)" in said
    assert "patient subject: “3 studies for you” (yours)" in run("show", "1")


def test_why_a_draft_cannot_be_rendered_is_said_on_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    config = load_config(Path(os.environ["DIGEST_CONFIG"]))
    broken = config.model_copy(update={"glossary": "none.yaml"})
    monkeypatch.setattr("digest.cli.site.load_config", lambda path: broken)
    monkeypatch.setattr("digest.cli.issues.now", lambda: NOW)
    for words in (("compose",), ("show", "1", "--json"), ("move", "1", "drug", "--theme", "life")):
        done = CliRunner().invoke(app, ["--config", os.environ["DIGEST_CONFIG"], *words])
        assert done.exit_code == 0, done.output
        assert "none.yaml: there is no such file" in " ".join(done.stderr.split())
        assert "Issue 1 cannot be rendered" not in done.stdout
