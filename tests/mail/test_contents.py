"""What stands in a mail before it is laid out."""

from __future__ import annotations

from digest.mail.contents import contents_of
from digest.values import AUDIENCES, ThemeGroup
from tests.builders import a_summary, a_teaser, a_theme, an_edition, an_item

PAGE = a_summary(title="Walks ease tiredness.", headline="Walks ease tiredness.")


def _lead(text: str) -> str:
    item = an_item(summary=PAGE, teasers=dict.fromkeys(AUDIENCES, a_teaser(lead=text)))
    edition = an_edition(groups=(ThemeGroup(a_theme(), (item,)),))
    return str(contents_of(edition, "1 May 2026").sections[0].cards[0].lead)


def test_a_title_is_not_said_again_at_the_head_of_the_lead() -> None:
    assert _lead("Walks ease tiredness. Doctors followed 120 people.") == (
        "Doctors followed 120 people."
    )


def test_a_title_that_is_half_a_sentence_is_not_cut_from_the_lead() -> None:
    item = an_item(
        summary=a_summary(title="Walking"),
        teasers=dict.fromkeys(AUDIENCES, a_teaser(lead="Walking every day eased tiredness.")),
    )
    edition = an_edition(groups=(ThemeGroup(a_theme(), (item,)),))
    card = contents_of(edition, "1 May 2026").sections[0].cards[0]
    assert str(card.lead) == "Walking every day eased tiredness."


def test_a_lead_that_is_nothing_but_the_title_stays() -> None:
    assert _lead("Walks ease tiredness.") == "Walks ease tiredness."
