"""The studio's panel “Before you approve”: what blocks stands open, what warns is folded."""

from __future__ import annotations

import os
import re
import shutil
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import sync_playwright

from digest.config import Config
from digest.models import Issue
from digest.pipeline import review
from digest.pipeline.compose import compose
from digest.web.accounts import add_user
from tests.builders import NOW, a_config, a_stored_summary

pytestmark = pytest.mark.django_db

PASSWORD = "a-long-enough-phrase"
CHROMIUM = os.environ.get("DIGEST_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"


@pytest.fixture
def config(settings: Any) -> Config:
    settings.CONFIG = a_config(issue={"min_items": 1})
    config: Config = settings.CONFIG
    return config


@pytest.fixture
def issue(config: Config) -> Issue:
    a_stored_summary("one", url="")
    return compose(config, now=NOW)


@pytest.fixture
def editor(client: Client) -> Client:
    add_user("ada", "editor", PASSWORD)
    assert client.login(username="ada", password=PASSWORD)
    return client


def page(editor: Client) -> str:
    return editor.get("/studio/issues/1").content.decode()


def panel(editor: Client) -> str:
    found = re.search(r'<section class="preflight".*?</section>', page(editor), re.DOTALL)
    assert found
    return found[0]


def test_what_blocks_is_said_in_a_word_with_its_place_and_mend(
    editor: Client, config: Config, issue: Issue
) -> None:
    for audience in ("patient", "caregiver"):
        review.set_words(issue, audience, "intro", "TK", config, who="Ada", now=NOW)
    html = panel(editor).partition("<details>")[0]
    assert "Before you approve" in html
    assert "2 things block this issue: it cannot be approved until that is mended." in html
    assert html.count('<strong class="stop">Blocks</strong>') == 2
    assert "<b>patient edition, introduction</b>" in html
    assert "TK was left in it." in html
    assert "<code>digest intro 1 --audience caregiver TEXT</code>." in html
    assert "digest approve" not in page(editor)


def test_warnings_are_counted_and_folded(editor: Client, issue: Issue) -> None:
    open_part, _, folded = panel(editor).partition("<details>")
    assert "Nothing blocks this issue." in open_part
    assert "digest approve 1 --by NAME" in open_part
    assert "<li" not in open_part
    told = re.search(r"<summary>(\d+) warnings to read", folded)
    assert told
    assert folded.count('<li class="warns">') == int(told[1]) > 0
    assert "<b>every list</b>" in folded


def test_hostile_words_in_a_finding_are_inert(editor: Client, issue: Issue) -> None:
    Issue.objects.update(wording={"patient": {"intro": "TK [insert <script>alert(1)</script>]"}})
    html = panel(editor)
    assert "&lt;script&gt;" in html
    assert "<script" not in html


def test_a_diagnosis_in_a_subject_is_shown_and_told(
    editor: Client, config: Config, issue: Issue, settings: Any
) -> None:
    patient = config.audiences["patient"].model_copy(update={"subject": "MS: {studies}"})
    audiences = {**config.audiences, "patient": patient}
    settings.CONFIG = config.model_copy(update={"audiences": audiences})
    assert "<b>Subject:</b> MS: 1 study" in page(editor)
    assert "<b>patient edition, subject</b>" in panel(editor).partition("<details>")[0]
    assert editor.get("/studio/issues/1/patient.html").status_code == 200


@pytest.mark.parametrize("key", ["themes", "glossary"])
def test_a_file_that_cannot_be_read_is_a_finding_and_no_error(
    editor: Client, config: Config, issue: Issue, settings: Any, key: str
) -> None:
    settings.CONFIG = config.model_copy(update={key: "none.yaml"})
    assert "there is no such file" in panel(editor)
    assert page(editor).count("there is no such file") == 1
    assert editor.get("/studio/issues/1/patient.html").status_code == 404


def test_an_approved_issue_is_still_looked_at_and_a_sent_one_no_more(
    editor: Client, config: Config, issue: Issue
) -> None:
    review.approve(issue, config, who="Ada", now=NOW)
    assert "What preflight says now" in panel(editor)
    assert "digest approve" not in panel(editor)
    Issue.objects.update(state="sent")
    assert 'class="preflight"' not in page(editor)


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_panel_fits_a_phone_works_without_a_script_and_loads_nothing(
    editor: Client, config: Config, issue: Issue, scheme: Any
) -> None:
    if not os.access(CHROMIUM, os.X_OK):
        pytest.skip("no Chromium here: install it or name it in DIGEST_CHROMIUM")
    review.set_words(issue, "patient", "intro", "TK", config, who="Ada", now=NOW)
    html = re.sub(r"<iframe.*?</iframe>", "", page(editor))  # the previews are pages of their own
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        tab = browser.new_page(
            viewport={"width": 375, "height": 800}, color_scheme=scheme, java_script_enabled=False
        )
        asked: list[str] = []
        tab.on("request", lambda request: asked.append(request.url))
        tab.route("**/*", lambda route: route.abort())
        tab.set_content(html)
        assert tab.locator(".preflight li.warns").first.is_hidden()
        tab.locator(".preflight summary").click()
        assert tab.locator(".preflight li.warns").first.is_visible()
        width = tab.evaluate("document.documentElement.scrollWidth")
        browser.close()
    assert (width, asked) == (375, [])
