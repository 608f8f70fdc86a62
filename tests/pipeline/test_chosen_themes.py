"""A reader's choice of themes on its way: the page, the claim, the mail, the preview."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.test import Client

from digest.config import Config
from digest.delivery.records import Themes
from digest.errors import ConfigError, Refused
from digest.mail.opening import RULE
from digest.models import Delivery, Issue, StoredRendition
from digest.pipeline import review
from digest.pipeline.approval import approval_hash
from digest.pipeline.compose import compose
from digest.pipeline.deliver import send_issue
from digest.pipeline.preflight import preflight
from digest.pipeline.preview import write_previews
from digest.pipeline.render import rendition_value
from digest.pipeline.report import subscriber_report
from digest.project.settings import KEYS
from digest.values import Envelope, Outcome
from subscribers.addresses import address_key
from subscribers.models import Subscriber
from tests.builders import NOW, a_config, a_stored_drug_trial, a_stored_summary, a_subscriber
from tests.fakes import FakeTransport

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    site = a_config(tmp_path, issue={"min_items": 1})
    clinician = site.audiences["clinician"].model_copy(update={"leave_out": ("symptoms",)})
    return site.model_copy(update={"audiences": {**site.audiences, "clinician": clinician}})


@pytest.fixture
def issue(config: Config) -> Issue:
    """Approved: a drug trial for everybody, and for all but clinicians two studies of walking."""
    a_stored_summary("walk")
    a_stored_summary("walk-again")
    a_stored_drug_trial("drug")
    draft = compose(config, now=NOW)
    for slug in ("walk", "walk-again"):
        review.move(draft, slug, "symptoms", config, who="Ada", now=NOW)
    return review.approve(draft, config, who="Ada", now=NOW)


def send(config: Config, transport: FakeTransport) -> dict[str, int]:
    counts = send_issue(1, config, KEYS, now=lambda: NOW, transport=transport)
    return {state: rows for state, rows in counts.items() if rows}


def mails(transport: FakeTransport) -> dict[str, EmailMessage]:
    """What was sent, by address."""
    return {
        one.recipient: message_from_bytes(one.content, _class=EmailMessage, policy=policy.default)
        for one in transport.sent
    }


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content


def test_each_gets_their_themes_alone_and_the_sentences_count_them(
    config: Config, issue: Issue
) -> None:
    a_subscriber("all@example.net")
    a_subscriber("walks@example.net", themes=["symptoms", "gone"])
    a_subscriber("drugs@example.net", themes=["mind", "treatment"])
    transport = FakeTransport()
    assert send(config, transport) == {"accepted": 3}
    got = mails(transport)
    for address, studies, held, lacking in (
        ("all@example.net", "3 studies", "An Infusion Drug", "no such text"),
        ("walks@example.net", "2 studies", "A Walk a Day", "An Infusion Drug"),
        ("drugs@example.net", "1 study", "An Infusion Drug", "A Walk a Day"),
    ):
        assert str(got[address]["Subject"]) == f"November 2026: what {studies} found"
        for kind in ("plain", "html"):
            part = body(got[address], kind)
            assert studies in part
            assert held in part
            assert lacking not in part
            assert "__DIGEST_" not in part
            assert "<!--theme" not in part


def test_who_has_no_theme_in_their_edition_is_skipped_and_the_row_says_why(
    config: Config, issue: Issue
) -> None:
    a_subscriber("ann@example.net", themes=["life", "mind"])
    a_subscriber("cy@example.net", themes=["symptoms", "mind"], lists=("clinician",))
    a_subscriber("di@example.net", themes=["symptoms"], lists=("patient",))
    transport = FakeTransport()
    assert send(config, transport) == {"accepted": 1, "skipped": 2}
    assert transport.recipients == ["di@example.net"]
    assert set(Delivery.objects.filter(state="skipped").values_list("detail", flat=True)) == {
        "no chosen theme in this issue"
    }
    issue.refresh_from_db()
    assert issue.state == "sent"
    report = subscriber_report("ann@example.net")
    assert report["themes"] == ["life", "mind"]
    assert report["deliveries"][0]["detail"] == "no chosen theme in this issue"


def test_who_chose_only_themes_that_their_list_has_no_more_gets_every_theme(
    config: Config, issue: Issue
) -> None:
    """Else they would never get a mail again, and with it no link to choose anew."""
    a_subscriber("ann@example.net", themes=["gone", "past"])
    a_subscriber("cy@example.net", themes=["symptoms"], lists=("clinician",))  # left out there
    transport = FakeTransport()
    assert send(config, transport) == {"accepted": 2}
    got = mails(transport)
    assert str(got["ann@example.net"]["Subject"]) == "November 2026: what 3 studies found"
    assert "An Infusion Drug" in body(got["ann@example.net"], "plain")
    assert "An Infusion Drug" in body(got["cy@example.net"], "plain")


def test_a_mail_for_a_choice_that_the_edition_does_not_hold_fails_with_its_reason(
    config: Config, issue: Issue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Claiming passes such a reader over; should one come through, no other mail is sent."""
    a_subscriber("ann@example.net", themes=["life"])
    monkeypatch.setattr(Themes, "choice", lambda *wishes: frozenset({"life"}))
    transport = FakeTransport()
    assert send(config, transport) == {"failed": 1}
    assert transport.sent == []
    assert Delivery.objects.get().detail == "this issue holds none of the chosen themes"


def test_a_themes_yaml_that_cannot_be_read_stops_before_the_first_mail(
    config: Config, issue: Issue
) -> None:
    a_subscriber("ann@example.net")
    transport = FakeTransport()
    with pytest.raises(ConfigError, match="there is no such file"):
        send(config.model_copy(update={"themes": "none.yaml"}), transport)
    issue.refresh_from_db()
    assert (transport.sent, issue.state) == ([], "approved")
    assert not Delivery.objects.exists()


def rewritten(**changes: object) -> str:
    """The patient edition's splicing with keys changed, or (None) taken out; its hash."""
    row = StoredRendition.objects.get(audience="patient")
    assert row.splicing
    kept = {**row.splicing, **changes}
    row.splicing = {key: value for key, value in kept.items() if value is not None}
    row.save()
    return approval_hash(map(rendition_value, StoredRendition.objects.all()))


@pytest.mark.parametrize("state", ["approved", "sending"])
def test_another_rule_of_splicing_is_never_sent_and_can_be_approved_again(
    config: Config, issue: Issue, state: str
) -> None:
    a_subscriber("ann@example.net")
    Issue.objects.update(approved_hash=rewritten(rule=RULE + 1), state=state)
    transport = FakeTransport()
    with pytest.raises(Refused, match=r"another version of the program\. Approve it again"):
        send(config, transport)
    assert (transport.sent, Delivery.objects.count()) == ([], 0)
    issue.refresh_from_db()
    (found,) = (one for one in preflight(issue, config) if one.level == "blocks")
    assert (found.check, found.where) == ("message", "patient edition")
    if state == "approved":
        review.approve(issue, config, who="Ben", now=NOW)
        assert send(config, transport) == {"accepted": 1}


@pytest.mark.parametrize(
    "changes",
    [{"later": 1}, {"subject": None}, {"themes": None}, {"themes": 1},
     {"themes": [{"theme": "symptoms"}]}],
)  # fmt: skip
def test_a_splicing_of_other_keys_is_refused_in_one_line(
    config: Config, issue: Issue, changes: dict[str, object]
) -> None:
    a_subscriber("ann@example.net")
    with pytest.raises(Refused):
        rewritten(**changes)
    with pytest.raises(Refused, match="another version of the program"):
        send(config, FakeTransport())
    assert [one.check for one in preflight(issue, config) if one.level == "blocks"] == ["rendering"]
    review.approve(issue, config, who="Ben", now=NOW)
    assert send(config, FakeTransport()) == {"accepted": 1}


def test_an_issue_in_which_nobody_finds_a_theme_is_done_without_a_mail(
    config: Config, issue: Issue
) -> None:
    a_subscriber("ann@example.net", themes=["life"])
    transport = FakeTransport()
    assert send(config, transport) == {"skipped": 1}
    issue.refresh_from_db()
    assert (transport.sent, issue.state) == ([], "sent")


def test_a_choice_counts_as_it_is_when_the_row_is_claimed(config: Config, issue: Issue) -> None:
    others = [f"p{n}" for n in range(30)]  # so that the last two are in a later claim
    for name in ("ann", *others, "bob", "cy"):
        a_subscriber(f"{name}@example.net", themes=["symptoms"])

    def others_choose(envelope: Envelope) -> None:
        if envelope.recipient == "ann@example.net":
            Subscriber.objects.filter(address_key=address_key("bob@example.net")).update(
                themes=["treatment"]
            )
            Subscriber.objects.filter(address_key=address_key("cy@example.net")).update(
                themes=["life"]
            )

    transport = FakeTransport(on_deliver=others_choose)
    assert send(config, transport) == {"accepted": 32, "skipped": 1}
    got = mails(transport)
    assert "A Walk a Day" in body(got["ann@example.net"], "plain")
    assert "A Walk a Day" not in body(got["bob@example.net"], "plain")


def test_a_mail_that_waits_to_be_tried_again_follows_a_new_choice(
    config: Config, issue: Issue
) -> None:
    ann = a_subscriber("ann@example.net")
    send(config, FakeTransport({"ann@example.net": Outcome("deferred", "450 later")}))
    Delivery.objects.update(next_try=NOW)
    Subscriber.objects.filter(pk=ann.pk).update(themes=["treatment"])
    transport = FakeTransport()
    assert send(config, transport) == {"accepted": 1}
    assert "1 study" in str(mails(transport)["ann@example.net"]["Subject"])


def test_the_link_in_a_mail_leads_to_the_page_and_the_next_mail_follows(
    config: Config, issue: Issue, client: Client
) -> None:
    ann = a_subscriber("ann@example.net")
    transport = FakeTransport({"ann@example.net": Outcome("deferred", "450 later")})
    seen: list[Envelope] = []
    transport._on_deliver = seen.append
    send(config, transport)
    mail = message_from_bytes(seen[0].content, _class=EmailMessage, policy=policy.default)
    link = re.search(
        r'href="https://digest\.example\.org(/preferences/[^"]+)"[^>]*>Your page',
        body(mail, "html"),
    )
    assert link
    assert f"https://digest.example.org{link[1]}" in body(mail, "plain")
    assert "Every theme" in client.get(link[1]).content.decode()
    choice = {"way": "only", "only": ["symptoms"]}
    assert "Saved" in client.post(f"{link[1]}/themes", choice, follow=True).content.decode()
    ann.refresh_from_db()
    assert ann.themes == ["symptoms"]
    Delivery.objects.update(next_try=NOW)
    again = FakeTransport()
    send(config, again)
    assert "2 studies" in str(mails(again)["ann@example.net"]["Subject"])


def test_a_changed_count_is_not_what_was_approved(config: Config, issue: Issue) -> None:
    a_subscriber("ann@example.net")
    row = StoredRendition.objects.get(audience="caregiver")
    assert row.splicing
    row.splicing["themes"][0]["studies"] += 1
    row.save()
    with pytest.raises(Refused, match="not what Ada approved"):
        send(config, FakeTransport())


# ── the preview ───────────────────────────────────────────────────────────────────────────


def test_a_preview_of_a_choice_is_what_its_reader_gets(
    config: Config, issue: Issue, tmp_path: Path
) -> None:
    made = write_previews(
        issue, config, KEYS, tmp_path, only="patient", now=NOW, themes=["symptoms"]
    )
    a_subscriber("ann@example.net", themes=["symptoms"])
    transport = FakeTransport()
    send(config, transport)
    sent = mails(transport)["ann@example.net"]
    raw = (tmp_path / "patient.eml").read_bytes()
    previewed = message_from_bytes(raw, _class=EmailMessage, policy=policy.default)

    def without_links(text: str) -> str:
        return re.sub(r"/(leave|preferences)/[\w.-]+", r"/\1/…", text)

    assert [path.name for path in made.files] == ["patient.html", "patient.txt", "patient.eml"]
    assert str(previewed["Subject"]) == str(sent["Subject"])
    for kind, name in (("html", "patient.html"), ("plain", "patient.txt")):
        shown = (tmp_path / name).read_text(encoding="utf-8")
        assert without_links(body(previewed, kind)) == without_links(body(sent, kind))
        assert body(previewed, kind).split() == shown.split()


def test_an_edition_without_the_theme_is_named_and_not_written(
    config: Config, issue: Issue, tmp_path: Path
) -> None:
    made = write_previews(issue, config, KEYS, tmp_path, only=None, now=NOW, themes=["symptoms"])
    assert made.without == ["clinician"]
    assert {path.stem for path in tmp_path.iterdir()} == {"patient", "caregiver"}
    assert {path.stem for path in made.files} == {"patient", "caregiver"}


def test_a_draft_is_previewed_for_a_choice_too(config: Config, tmp_path: Path) -> None:
    a_stored_drug_trial("drug")
    draft = compose(config, now=NOW)
    made = write_previews(draft, config, KEYS, tmp_path, only=None, now=NOW, themes=["treatment"])
    assert (len(made.files), made.without) == (9, [])


@pytest.mark.parametrize(
    ("themes", "problem"),
    [(["treatment", "nonsense"], "there is no theme 'nonsense'. Known: .*mind"),
     ([""], "there is no theme ''"),
     (["life", "mind"], "no study of issue 1 is in life or mind. Choose from .*treatment")],
)  # fmt: skip
def test_a_choice_that_leads_to_no_mail_is_refused_with_the_themes(
    config: Config, issue: Issue, tmp_path: Path, themes: list[str], problem: str
) -> None:
    out = tmp_path / "out"
    with pytest.raises(Refused, match=problem):
        write_previews(issue, config, KEYS, out, only=None, now=NOW, themes=themes)
    assert not out.exists()


def test_an_issue_from_before_there_were_choices_is_previewed_whole(
    config: Config, issue: Issue, tmp_path: Path
) -> None:
    StoredRendition.objects.update(splicing=None)
    made = write_previews(issue, config, KEYS, tmp_path, only="patient", now=NOW, themes=["life"])
    assert (len(made.files), made.without) == (3, [])
    assert "An Infusion Drug" in (tmp_path / "patient.txt").read_text(encoding="utf-8")


def test_a_theme_of_the_issue_that_the_taxonomy_lost_can_still_be_named(
    config: Config, issue: Issue, tmp_path: Path
) -> None:
    row = StoredRendition.objects.get(audience="patient")
    assert row.splicing
    for one in row.splicing["themes"]:
        one["theme"] = one["theme"].replace("symptoms", "old")
    row.save()
    made = write_previews(issue, config, KEYS, tmp_path, only="patient", now=NOW, themes=["old"])
    assert len(made.files) == 3
