"""How hard the teasers are to read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from digest.mail.preflight import Rules, inspect
from digest.values import AUDIENCES, Audience
from tests.builders import a_teaser, a_wording
from tests.mail.preflight.material import RULES, a_study, rendered, with_items

EDITION = with_items(
    a_study(1), a_study(2, teaser=a_teaser(lead="Hard hard.")), a_study(3), a_study(4)
)


def _graded(audience: Audience, whole: float) -> list[str]:
    def grade(text: str) -> float:
        if text.count("Only one clinic") > 1:
            return whole
        return 17.25 if "Hard" in text else 8.0

    edition = replace(EDITION, wording=a_wording(audience=audience))
    rules = Rules(RULES.diagnosis_in, grade)
    return [finding.line() for finding in inspect(edition, rendered(edition), rules)]


@pytest.mark.parametrize(
    ("audience", "most"), [("patient", 9.0), ("caregiver", 9.0), ("clinician", 14.0)]
)
def test_teasers_above_their_readers_grade_warn_and_name_the_hardest(
    audience: Audience, most: float
) -> None:
    assert _graded(audience, most) == []
    (line,) = _graded(audience, most + 0.1)
    assert f"ask for grade {most + 0.1:.1f} of school, above {most:g}" in line
    assert "the hardest is study 2 (study-2) at 17.2" in line


@pytest.mark.parametrize("audience", AUDIENCES)
def test_one_hard_card_among_easy_ones_is_no_finding(audience: Audience) -> None:
    assert _graded(audience, 8.0) == []
