"""Preflight: on the real mails, what blocks first; approval and the clock stop while it blocks."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from digest.config import Config
from digest.errors import Refused
from digest.mail.preflight import Finding
from digest.models import AuditEntry, Issue, StoredRendition, StoredSummary
from digest.pipeline import preflight as step
from digest.pipeline import readers, review
from digest.pipeline.compose import compose
from digest.pipeline.preflight import preflight
from digest.pipeline.render import renditions
from digest.shipped import shipped as shipped_file
from digest.values import AUDIENCES
from tests.builders import NOW, a_config, a_stored_summary, a_subscriber

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def config() -> Config:
    return a_config(issue={"min_items": 1})


@pytest.fixture
def issue(config: Config) -> Issue:
    """A draft with three studies, and a reader on each list."""
    for slug in ("one", "two", "three"):
        a_stored_summary(slug, headline=f"Walking every day eased tiredness in group {slug}.")
    for audience in AUDIENCES:
        a_subscriber(f"{audience}@example.org", lists=(audience,))
    return compose(config, now=NOW)


def worded(config: Config, audience: str, **words: Any) -> Config:
    """The configuration with other words for one audience."""
    changed = config.audiences[audience].model_copy(update=words)  # type: ignore[index]
    return config.model_copy(update={"audiences": {**config.audiences, audience: changed}})


def blocking(issue: Issue, config: Config) -> list[Finding]:
    return [one for one in preflight(issue, config) if one.level == "blocks"]


def named(findings: Any, check: str) -> list[Finding]:
    return [one for one in findings if one.check == check]


def test_a_sound_draft_is_blocked_by_nothing_and_looking_stores_nothing(
    config: Config, issue: Issue
) -> None:
    assert blocking(issue, config) == []
    assert not StoredRendition.objects.exists()
    assert not AuditEntry.objects.exists()


def test_the_frozen_mail_is_looked_at_not_a_new_one(config: Config, issue: Issue) -> None:
    review.approve(issue, config, who="Ada", now=NOW)
    assert blocking(issue, config) == []
    StoredRendition.objects.filter(audience="caregiver").update(text="")
    assert [(one.check, one.where) for one in blocking(issue, config)] == [
        ("parts", "caregiver edition, text part")
    ]


def test_a_frozen_mail_stays_sound_when_a_source_changes_its_title(
    config: Config, issue: Issue
) -> None:
    review.approve(issue, config, who="Ada", now=NOW)
    before = preflight(issue, config)
    StoredSummary.objects.filter(slug="one").update(title="Another title", url="", content_hash="x")
    assert preflight(issue, config) == before


def test_what_blocks_comes_first_and_every_edition_is_looked_at(
    config: Config, issue: Issue
) -> None:
    for audience in AUDIENCES:
        review.set_words(
            issue, audience, "subject", "A" * 90, config, who="Ada", now=NOW
        )  # warns: too long
    review.set_words(issue, "clinician", "intro", "TK", config, who="Ada", now=NOW)
    found = preflight(issue, config)
    assert found[0].where == "clinician edition, introduction"
    assert [one.level for one in found] == sorted(one.level for one in found)
    assert {one.where for one in named(found, "subject")} == {
        f"{audience} edition, subject" for audience in AUDIENCES
    }


@pytest.mark.parametrize("part", ["html", "text"])
def test_an_open_draft_goes_by_the_words_of_today(
    config: Config, issue: Issue, tmp_path: Path, part: str
) -> None:
    """A template of the site's own that lost a line of the footer blocks, as ever."""
    place = {"html": "footer.html", "text": "issue.txt"}[part]
    shipped = shipped_file(f"templates/email/{place}").read_text(encoding="utf-8")
    (tmp_path / "email").mkdir()
    own = re.sub(r"issue\.publication\.postal_address", "'Somewhere else'", shipped)
    assert own != shipped
    (tmp_path / "email" / place).write_text(own, encoding="utf-8")
    config = config.model_copy(update={"templates": str(tmp_path)})
    assert {one.check for one in blocking(issue, config)} == {"postal address"}
    assert named(preflight(issue, config), "approved") == []


# ── a mail that cannot be sent ────────────────────────────────────────────────────────────


def test_our_example_identity_warns_once_readers_would_get_it(issue: Issue) -> None:
    smtp = {"kind": "smtp", "host": "mail.test", "port": 25}
    (found,) = named(preflight(issue, a_config(transport=smtp)), "sender")
    assert found.level == "warns"
    assert "publication.site_url, sender.address, sender.postal_address" in found.what
    ours = {"postal_address": "Charity, 1 Long Lane, Leeds", "address": "news@charity.test"}
    site = {"site_url": "https://digest.charity.test"}
    sound = a_config(transport=smtp, sender=ours, publication=site)
    assert named(preflight(issue, sound), "sender") == []


def insecure_site(config: Config) -> Config:
    publication = config.publication.model_copy(update={"site_url": "http://digest.example.org"})
    return config.model_copy(update={"publication": publication})


def unmailable_sender(config: Config) -> Config:
    sender = config.sender.model_copy(update={"address": "jörg@example.org"})
    return config.model_copy(update={"sender": sender})


@pytest.mark.parametrize(
    ("spoil", "said"),
    [(insecure_site, "List-Unsubscribe"), (unmailable_sender, "outside of ASCII")],
)
@pytest.mark.parametrize("state", ["draft", "approved"])
def test_what_sending_would_refuse_of_every_mail_blocks_once(
    config: Config, issue: Issue, spoil: Callable[[Config], Config], said: str, state: str
) -> None:
    if state == "approved":
        review.approve(issue, config, who="Ada", now=NOW)
    (found,) = blocking(issue, spoil(config))
    assert (found.check, found.where) == ("message", "every edition")
    assert said in found.what
    assert found.mend.endswith(".")
    if state == "draft":
        with pytest.raises(Refused, match=said):
            review.approve(issue, spoil(config), who="Ada", now=NOW)
        assert_nothing_was_approved()


def test_a_slot_that_nothing_fills_blocks_and_is_no_error(
    config: Config, issue: Issue, tmp_path: Path
) -> None:
    (tmp_path / "email").mkdir()
    footer = shipped_file("templates/email/footer.html").read_text(encoding="utf-8")
    own = footer.replace(
        "{{ issue.why_you_get_this }}", "{{ issue.why_you_get_this }} __DIGEST_X__"
    )
    assert own != footer
    (tmp_path / "email" / "footer.html").write_text(own, encoding="utf-8")
    config = config.model_copy(update={"templates": str(tmp_path)})
    assert {one.check for one in blocking(issue, config)} == {"placeholder", "message"}


# ── a rendering that is refused ───────────────────────────────────────────────────────────


def gone_theme(config: Config, folder: Path) -> Config:
    issue = Issue.objects.get()
    issue.items.update(theme="no_more")
    return config


def changed_at_its_source(config: Config, folder: Path) -> Config:
    StoredSummary.objects.filter(slug="one").update(content_hash="another")
    return config


def nothing_in_it(config: Config, folder: Path) -> Config:
    for slug in ("one", "two", "three"):
        review.put(Issue.objects.get(), slug, "hold", config, who="Ada", now=NOW)
    Issue.objects.update(state="draft")  # else it is skipped
    return config


def skipped(config: Config, folder: Path) -> Config:
    Issue.objects.update(state="skipped")
    return config


def broken_template(config: Config, folder: Path) -> Config:
    (folder / "email").mkdir()
    (folder / "email" / "footer.html").write_text("{% if %}", encoding="utf-8")
    return config.model_copy(update={"templates": str(folder)})


def missing_glossary(config: Config, folder: Path) -> Config:
    return config.model_copy(update={"glossary": "none.yaml"})


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (gone_theme, "of a theme that is no more: no_more"),
        (changed_at_its_source, "changed at the source since issue 1 was composed: one"),
        (nothing_in_it, "issue 1 has nothing in it"),
        (skipped, "issue 1 was skipped"),
        (broken_template, "a template cannot be used"),
        (missing_glossary, "there is no such file"),
    ],
)
def test_a_rendering_that_is_refused_is_one_finding_with_its_mend(
    config: Config,
    issue: Issue,
    tmp_path: Path,
    spoil: Callable[[Config, Path], Config],
    said: str,
) -> None:
    config = spoil(config, tmp_path)
    (found,) = preflight(Issue.objects.get(), config)
    assert (found.level, found.check) == ("blocks", "rendering")
    assert said in found.what
    assert found.where
    assert found.mend


# ── approval ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("part", ["subject", "preheader"])
def test_a_diagnosis_may_be_previewed_but_never_frozen(
    config: Config, issue: Issue, part: str
) -> None:
    config = worded(config, "caregiver", **{part: "MS: what {studies} found in this month of ours"})
    assert any("MS: what" in getattr(one, part) for one in renditions(issue, config))
    (found,) = blocking(issue, config)
    assert (found.check, found.where) == ("diagnosis", f"caregiver edition, {part}")
    with pytest.raises(Refused) as caught:
        review.approve(issue, config, who="Ada", now=NOW)
    assert caught.value.line().startswith(
        f"the caregiver edition: the {part} names a diagnosis ('MS'). "
    )
    assert_nothing_was_approved()


def assert_nothing_was_approved() -> None:
    issue = Issue.objects.get()
    assert (issue.state, issue.approved_by, issue.approved_hash) == ("draft", "", "")
    assert not StoredRendition.objects.exists()
    assert not AuditEntry.objects.filter(what__startswith="approved").exists()


def test_a_sender_that_names_a_diagnosis_blocks_every_issue(config: Config, issue: Issue) -> None:
    sender = config.sender.model_copy(update={"name": "MS News"})
    config = config.model_copy(update={"sender": sender})
    (found,) = blocking(issue, config)
    assert (found.check, found.where) == ("sender", "config.yaml")
    with pytest.raises(Refused, match=r"sender\.name names a diagnosis \('MS'\)"):
        review.approve(issue, config, who="Ada", now=NOW)
    assert_nothing_was_approved()


def test_approval_names_the_first_thing_that_blocks_and_how_many_more(
    config: Config, issue: Issue
) -> None:
    review.set_words(issue, "patient", "intro", "TK one", config, who="Ada", now=NOW)
    assert refusal(issue, config) == (
        "patient edition, introduction: TK was left in it. Write another: "
        "`digest intro 1 --audience patient TEXT`. `digest preflight 1` lists them"
    )
    review.set_words(issue, "caregiver", "intro", "TK two", config, who="Ada", now=NOW)
    assert "TK was left in it, and 1 more thing blocks. " in refusal(issue, config)
    review.set_words(issue, "clinician", "intro", "TK three", config, who="Ada", now=NOW)
    assert "TK was left in it, and 2 more things block. " in refusal(issue, config)
    assert_nothing_was_approved()


def refusal(issue: Issue, config: Config) -> str:
    with pytest.raises(Refused) as caught:
        review.approve(issue, config, who="Ada", now=NOW)
    return caught.value.line()


def test_a_warning_never_holds_an_issue_up(config: Config, issue: Issue) -> None:
    review.set_words(issue, "patient", "subject", "A" * 90, config, who="Ada", now=NOW)
    assert named(preflight(issue, config), "subject")
    review.approve(issue, config, who="Ada", now=NOW)
    assert issue.state == "approved"


def test_approving_asks_no_address_and_counts_no_list(
    config: Config, issue: Issue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*arguments: Any, **options: Any) -> Any:
        raise AssertionError("approval holds a transaction open: nothing slow runs in it")

    monkeypatch.setattr(step, "reach", never)
    monkeypatch.setattr(readers, "confirmed_recipients", never)
    review.approve(issue, config, who="Ada", now=NOW)
    assert issue.state == "approved"
