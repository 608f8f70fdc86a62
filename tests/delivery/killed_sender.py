"""A sender in a process of its own, for the tests that kill it.

    python -m tests.delivery.killed_sender prepare PEOPLE    a database with an approved issue
    python -m tests.delivery.killed_sender send AFTER        send; SIGKILL after so many mails (0:
                                                             never); prints the counts as JSON

DIGEST_CONFIG names the site.
"""

from __future__ import annotations

import json
import os
import signal
import sys

import django


def prepare(people: int) -> None:
    """Tables, an approved issue and its readers."""
    from django.core.management import call_command

    from tests.builders import a_subscriber, an_approved_issue

    call_command("migrate", verbosity=0)
    an_approved_issue()
    for n in range(people):
        a_subscriber(f"reader{n}@example.net")


def send(after: int) -> None:
    """Send issue 1, and die by SIGKILL once `after` mails were delivered but not settled."""
    from digest.delivery.transports import open_transport
    from digest.pipeline.deliver import send_issue
    from digest.project.settings import CONFIG, KEYS
    from digest.values import Envelope, Outcome

    transport = open_transport(CONFIG, KEYS)
    delivered = 0
    deliver = transport.deliver

    def deliver_and_die(envelope: Envelope) -> Outcome:
        nonlocal delivered
        outcome = deliver(envelope)
        delivered += 1
        if delivered == after:
            os.kill(os.getpid(), signal.SIGKILL)
        return outcome

    transport.deliver = deliver_and_die  # type: ignore[method-assign]
    print(json.dumps(send_issue(1, CONFIG, KEYS, transport=transport)))


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "digest.project.settings"
    django.setup()
    {"prepare": prepare, "send": send}[sys.argv[1]](int(sys.argv[2]))
