"""A reader's choice of themes from the shell: what they would get, and what they chose."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from digest.cli.main import app
from digest.cli.output import out
from digest.errors import Refused
from digest.models import Issue
from digest.pipeline import review
from digest.pipeline.compose import compose
from tests.builders import (
    NOW,
    a_config,
    a_stored_drug_trial,
    a_stored_summary,
    a_subscriber,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def issue() -> Issue:
    """An open draft; clinicians are left without the study of walking."""
    config = a_config(issue={"min_items": 1})
    a_stored_summary("walk")
    a_stored_drug_trial("drug")
    draft = compose(config, now=NOW)
    review.move(draft, "walk", "symptoms", config, who="Ada", now=NOW)
    return review.put(draft, "walk", "exclude", config, who="Ada", now=NOW, audience="clinician")


def run(*words: str | Path) -> Result:
    """How a command ended. Raises what it refuses with."""
    words = ("--config", os.environ["DIGEST_CONFIG"], *words)
    done = CliRunner().invoke(app, [str(word) for word in words])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done


def test_a_preview_of_a_choice_names_the_editions_that_hold_none_of_it(
    issue: Issue, tmp_path: Path
) -> None:
    done = run("preview", "1", "--out", tmp_path, "--themes", "symptoms, life", "--json")
    document = json.loads(done.stdout)
    assert document["without"] == ["clinician"]
    assert [Path(name).name for name in document["files"]] == [
        f"{edition}.{ending}"
        for edition in ("patient", "caregiver")
        for ending in ("html", "txt", "eml")
    ]
    assert "the clinician edition holds none of these themes" in done.stderr
    assert "drug" not in (tmp_path / "patient.txt").read_text(encoding="utf-8")


def test_a_preview_without_a_choice_is_whole(issue: Issue, tmp_path: Path) -> None:
    document = json.loads(run("preview", "1", "--out", tmp_path, "--json").stdout)
    assert (len(document["files"]), document["without"]) == (9, [])


@pytest.mark.parametrize("themes", ["nonsense", "symptoms,nonsense", "", "symptoms,"])
def test_an_unknown_theme_is_refused_and_nothing_is_written(
    issue: Issue, tmp_path: Path, themes: str
) -> None:
    with pytest.raises(Refused, match=r"there is no theme '.*Known: .*symptoms"):
        run("preview", "1", "--out", tmp_path / "out", "--themes", themes)
    assert not (tmp_path / "out").exists()


def test_show_and_export_name_the_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(out, "width", 200)  # a terminal that folds no heading
    a_subscriber(themes=["mind", "life"])
    a_subscriber("bob@example.org")
    assert json.loads(run("subscribers", "show", "ann@example.org", "--json").stdout)["themes"] == [
        "mind", "life",
    ]  # fmt: skip
    assert "Themes: mind, life" in run("subscribers", "show", "ann@example.org").stdout
    consents = run("subscribers", "show", "ann@example.org").stdout.partition("Consent")[2]
    assert all(column in consents for column in ("purpose", "form", "version"))
    assert "Themes: all" in run("subscribers", "show", "bob@example.org").stdout
    exported = json.loads(run("subscribers", "export", "--json").stdout)["subscribers"]
    assert [row["themes"] for row in exported] == [["mind", "life"], []]
