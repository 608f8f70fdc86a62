"""The nine mails that every promise of the mail is kept on."""

from __future__ import annotations

import pytest

from digest.values import AUDIENCES
from tests.mail.material import CARDS, Mail, mail_of

EVERY = [(audience, cards) for audience in AUDIENCES for cards in CARDS]


@pytest.fixture(params=EVERY, ids=lambda one: f"{one[0]}-{one[1]}")
def mail(request: pytest.FixtureRequest) -> Mail:
    """Each edition at 5, 15 and 45 cards, rendered once a run."""
    return mail_of(*request.param)
