"""A no that is about us, or about what we send: it stops the issue and is no reader's fault."""

from __future__ import annotations

from collections import Counter

import pytest

from digest.delivery.smtp.standing import ENOUGH, SILENT
from digest.errors import DeliveryError
from tests.delivery.smtp.fakes import (
    FEATURES,
    ONE_BY_ONE,
    Heard,
    Script,
    a_mail,
    mails,
    run,
)

BOTH = pytest.mark.parametrize("features", [FEATURES, ONE_BY_ONE], ids=["pipelined", "one by one"])
NAMES = [f"m{number:02}" for number in range(60)]
MANY = mails(" ".join(NAMES))
Replies = dict[str, str | list[str]]
NO_CONTENT = "554 5.7.1 message content rejected"
QUOTA = "550 5.4.5 daily sending quota exceeded"


def stopped(replies: Replies, connections: int = 1) -> tuple[DeliveryError, Heard]:
    """What stops sixty mails, and how far they came."""
    script, heard = Script(replies), Heard()
    with pytest.raises(DeliveryError) as caught:
        run(script, MANY, heard=heard, connections=connections)
    ends = [end.split()[1] for end in heard.ends]
    assert len(ends) == len(set(ends))
    asked = {line[9:12] for line in script.commands if line.startswith("RCPT")}
    assert asked <= set(ends)  # none that was offered is lost
    return caught.value, heard


def states(heard: Heard) -> Counter[str]:
    """How many ended how."""
    return Counter(end.split()[0] for end in heard.ends)


@BOTH
@pytest.mark.parametrize(
    ("step", "reply"),
    [("dot", NO_CONTENT), ("DATA", "554 5.7.1 no"), ("MAIL", "552 5.3.4 too large")],
)
def test_a_server_that_takes_no_mail_at_all_stops_the_issue_and_fails_nobody(
    features: str, step: str, reply: str
) -> None:
    replies: Replies = {"EHLO": features, step: reply}
    if step == "MAIL":
        replies |= {"RCPT": "503 5.5.1 need MAIL", "DATA": "503 5.5.1 need MAIL"}
    error, heard = stopped(replies)
    assert f"takes no mail of ours ({reply})" in error.line()
    assert "\n" not in error.line()
    assert not error.temporary
    assert heard.ends[:ENOUGH] == [f"deferred {name}" for name in NAMES[:ENOUGH]]
    assert states(heard)["deferred"] == ENOUGH


def test_the_connections_count_together_and_settle_what_they_began() -> None:
    _, heard = stopped({"dot": NO_CONTENT}, connections=5)
    ends = states(heard)
    assert ENOUGH <= ends.pop("deferred") < ENOUGH + 5
    assert ends.keys() <= {"returned"}


def test_a_server_whose_limit_is_below_the_mail_stops_the_issue_before_anything_is_offered() -> (
    None
):
    script, heard = Script({"EHLO": "250-fake\r\n250-PIPELINING\r\n250 SIZE 10"}), Heard()
    with pytest.raises(DeliveryError, match="octets are more than the server takes") as caught:
        run(script, MANY, heard=heard)
    assert not caught.value.temporary
    assert states(heard) == {"deferred": ENOUGH}
    assert not any(line.startswith("MAIL") for line in script.commands)


def test_an_address_that_the_server_cannot_take_is_that_readers_alone() -> None:
    beyond = [a_mail(f"ä{number:02}") for number in range(2 * ENOUGH)]
    heard = run(Script(), [*beyond, a_mail("zoe")])
    assert states(heard) == {"failed": 2 * ENOUGH, "accepted": 1}


def test_once_a_mail_was_accepted_one_that_is_not_fails_alone() -> None:
    script = Script({"dot": ["250 ok", *[NO_CONTENT, "250 ok"] * 29, NO_CONTENT]})
    assert states(run(script, MANY)) == {"accepted": 30, "failed": 30}


def test_a_server_that_turns_against_every_mail_later_stops_the_issue_too() -> None:
    error, heard = stopped({"dot": ["250 ok", NO_CONTENT]})
    assert "takes no mail of ours" in error.line()
    assert {"accepted": 1, "failed": ENOUGH}.items() <= states(heard).items()


def test_mails_that_are_put_off_are_not_counted_as_refused() -> None:
    script = Script({"dot": [NO_CONTENT] * (ENOUGH - 1) + ["452 4.3.1 full"]})
    assert states(run(script, MANY)) == {"deferred": 60}


@BOTH
@pytest.mark.parametrize("step", ["MAIL", "RCPT", "dot"])
@pytest.mark.parametrize("reply", [QUOTA, "550 5.1.90 limit reached"])
def test_a_quota_that_is_used_up_stops_the_issue_at_once_and_is_nobodys_refusal(
    features: str, step: str, reply: str
) -> None:
    replies: Replies = {"EHLO": features, step: ["250 ok", reply]}
    error, heard = stopped(replies)
    assert f"takes no more for now ({reply})" in error.line()
    assert not error.temporary
    assert heard.ends[:2] == ["accepted m00", f"{'deferred' if step == 'dot' else 'returned'} m01"]
    assert states(heard)["failed"] == 0


@pytest.mark.parametrize("connections", [1, 4])
@pytest.mark.parametrize("reply", ["drop", "what?"])
def test_a_server_that_leaves_mail_after_mail_unanswered_is_given_few(
    reply: str, connections: int
) -> None:
    error, heard = stopped({"dot": reply}, connections)
    assert "leaves mail after mail unanswered" in error.line()
    assert not error.temporary
    ends, most = states(heard), connections + SILENT
    assert most <= ends.pop("unknown") < most + connections
    assert ends.keys() <= {"returned"}


def test_an_answer_in_between_begins_the_count_anew() -> None:
    script = Script({"dot": [*["drop"] * SILENT, "250 ok"] * 15})
    assert states(run(script, MANY)) == {"unknown": 45, "accepted": 15}
