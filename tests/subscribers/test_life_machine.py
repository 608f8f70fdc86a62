"""Whatever happens to subscribers, in whatever order: nobody who left gets mail (law 4).

DIGEST_LIFE_STORIES=1000 tells many more stories than `make test` has time for.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.subscribers.machine import Life
from tests.subscribers.moving import MovingLife

STORIES = int(os.environ.get("DIGEST_LIFE_STORIES", "20"))
LENGTH = 30  # acts in a story


# Real commits: what waits for one (the mails) must not wait for the end of the test.
@pytest.mark.django_db(transaction=True)
@pytest.mark.both_databases
@pytest.mark.parametrize("life", [Life, MovingLife])
def test_no_story_mails_who_left_or_confirms_without_consent(life: type[Life]) -> None:
    run_state_machine_as_test(
        life,
        settings=settings(
            max_examples=STORIES,
            stateful_step_count=LENGTH,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
