"""The mails of an issue: compiled once for each edition and choice, and what a preview shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from email import message_from_bytes, policy

import pytest

from digest.delivery.compiled import Compiled, compile_mail
from digest.errors import Refused
from digest.mail.render import mail_environment, render
from digest.mail.slots import personalise
from digest.mail.variants import for_themes
from digest.pipeline.mailing import Mailing, Reader
from digest.project.settings import KEYS
from digest.values import Rendition
from tests.builders import NOW, a_config, a_month

ID = "<1@example.org>"


@pytest.fixture
def mailing() -> Mailing:
    """Of one edition in six themes."""
    config = a_config()
    wording = config.audiences["patient"].wording("patient")
    rendition = render(a_month(cards=6, wording=wording), mail_environment())
    return Mailing(12, config, KEYS, {"patient": rendition}, "approved")


def reader(mailing: Mailing, *chosen: str) -> Reader:
    """Nobody in particular, who chose themes."""
    return replace(mailing.nobody("patient", NOW), chosen=frozenset(chosen))


@pytest.mark.parametrize("chosen", [(), ("theme-1",), ("theme-0", "theme-4", "gone")])
def test_a_mail_is_the_edition_as_its_reader_chose_it(
    mailing: Mailing, chosen: tuple[str, ...]
) -> None:
    to = reader(mailing, *chosen)
    envelope = mailing.fill("patient", to, message_id=ID, date=NOW)
    edition = for_themes(mailing.editions["patient"], to.chosen)
    assert edition is not None
    html, text = personalise(edition, to.personal)
    message = message_from_bytes(envelope.content, policy=policy.default)
    read = [part.get_content().replace("\r\n", "\n") for part in message.iter_parts()]
    assert read == [text, html]
    assert message["Subject"] == edition.subject
    assert message["Feedback-ID"].startswith("12:")


def test_each_choice_is_compiled_once(mailing: Mailing, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []

    def counting(html: str, text: str, subject: str, **rest: object) -> Compiled:
        compiled.append(subject)
        return compile_mail(html, text, subject, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr("digest.pipeline.mailing.compile_mail", counting)
    for chosen in [(), ("theme-1",), (), ("theme-1",)]:
        mailing.fill("patient", reader(mailing, *chosen), message_id=ID, date=NOW)
    assert len(compiled) == 2


def test_two_mailings_share_no_mail(mailing: Mailing) -> None:
    def plain(editions: Mapping[str, Rendition]) -> bytes:
        one = Mailing(12, mailing.config, KEYS, editions, "approved")
        return one.fill("patient", reader(one), message_id=ID, date=NOW).content

    edition = mailing.editions["patient"]
    changed = replace(edition, text=f"{edition.text}\nCorrected.\n")
    assert b"\r\nCorrected.\r\n" not in plain({"patient": edition})
    assert b"\r\nCorrected.\r\n" in plain({"patient": changed})


def test_who_chose_none_of_its_themes_gets_no_mail(mailing: Mailing) -> None:
    with pytest.raises(Refused, match="none of the chosen themes"):
        mailing.fill("patient", reader(mailing, "gone"), message_id=ID, date=NOW)
