"""One connection: what each mail's outcome is, whatever the server says and whenever it breaks."""

from __future__ import annotations

import pytest

from digest.delivery.smtp import Patience
from digest.errors import DeliveryError
from tests.delivery.smtp.fakes import (
    CONTENT,
    FEATURES,
    ONE_BY_ONE,
    Heard,
    Script,
    a_mail,
    mails,
    run,
)

LARGE = (b"x" * 76 + b"\r\n") * 300_000  # more than the buffers of two sockets hold
BOTH = pytest.mark.parametrize("features", [FEATURES, ONE_BY_ONE], ids=["pipelined", "one by one"])


@BOTH
def test_mails_arrive_to_the_byte_each_begun_before_it_is_settled(features: str) -> None:
    script = Script({"EHLO": features})
    heard = run(script, [a_mail("ann"), a_mail("bob", b".x\nlast"), a_mail("cid")])
    assert script.bodies == [CONTENT, b"..x\r\nlast\r\n", CONTENT]
    assert heard.events == [
        "begun ann", "accepted ann", "begun bob", "accepted bob", "begun cid", "accepted cid",
    ]  # fmt: skip
    assert script.connections == 1
    assert script.commands[-1] == "QUIT"
    assert heard.details["ann"] == "250 ok"


def test_the_next_envelope_goes_out_behind_the_final_dot() -> None:
    script = Script()
    run(script, mails("ann bob"))
    envelope = b"MAIL FROM:<digest@example.org> SIZE=%d\r\nRCPT TO:<%s@example.net>\r\nDATA\r\n"
    assert envelope % (len(CONTENT), b"ann") in script.chunks
    body_and_next = CONTENT + b".\r\n" + envelope % (len(CONTENT), b"bob")
    assert body_and_next in b"".join(script.chunks)
    # The answer to the dot waits for the next RCPT: who does not send both together, hangs.
    script = Script(
        {"dot ann@example.net": "", "RCPT bob@example.net": "250 dot\r\n250 M\r\n250 R"}
    )
    script.replies["MAIL"] = ["250 first", ""]
    heard = run(script, mails("ann bob"))
    assert heard.ends == ["accepted ann", "accepted bob"]
    assert heard.details["ann"] == "250 dot"


def test_without_pipelining_each_command_waits_for_its_answer() -> None:
    script = Script({"EHLO": ONE_BY_ONE})
    run(script, mails("ann bob"))
    commands = [chunk for chunk in script.chunks if not chunk.startswith(CONTENT[:7])]
    assert all(chunk.count(b"\r\n") == 1 for chunk in commands)


@BOTH
@pytest.mark.parametrize(
    ("step", "reply", "state"),
    [
        ("MAIL", "451 later", "deferred"),
        ("MAIL", "552 5.3.4 too large", "failed"),
        ("RCPT", "450 4.2.0 greylisted", "deferred"),
        ("RCPT", "550 5.1.1 <bob@example.net> unknown", "failed"),
        ("DATA", "451 later", "deferred"),
        ("DATA", "554 no", "failed"),
        ("dot", "550 spam", "failed"),
        ("dot", "452 full", "deferred"),
    ],
)
def test_a_refused_mail_leaves_the_connection_to_the_others(
    features: str, step: str, reply: str, state: str
) -> None:
    replies: dict[str, str | list[str]] = {"EHLO": features}
    if step == "MAIL":
        replies["MAIL"] = ["250 ok", reply, "250 ok"]
        replies["RCPT bob@example.net"] = "503 5.5.1 need MAIL"
        replies["DATA bob@example.net"] = "503 5.5.1 need MAIL"
    elif step == "RCPT":
        replies["DATA bob@example.net"] = "554 5.5.1 no valid recipients"
        replies["RCPT bob@example.net"] = reply
    else:
        replies[f"{step} bob@example.net"] = reply
    script = Script(replies)
    heard = run(script, mails("ann bob cid"))
    assert heard.ends == ["accepted ann", f"{state} bob", "accepted cid"]
    assert heard.details["bob"] == reply.replace("bob@example.net", "(the address)")
    assert ("begun bob" in heard.events) is (step == "dot")
    assert script.connections == 1
    assert script.commands.count("RSET") == (step != "dot")
    assert bool(heard.slowed) is (reply[:3] in ("451", "452"))


@pytest.mark.parametrize("dot", ["250 ok", "554 no recipients"])
def test_a_body_that_is_asked_for_after_all_is_empty(dot: str) -> None:
    script = Script({"RCPT bob@example.net": "550 no", "dot bob@example.net": dot})
    heard = run(script, mails("ann bob cid"))
    assert heard.ends == ["accepted ann", "failed bob", "accepted cid"]
    assert script.bodies == [CONTENT, b"", CONTENT]


@BOTH
@pytest.mark.parametrize("reply", ["drop", "hang", "421 shutting down", "what?", "299-a\r\n550 b"])
@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
def test_a_break_before_the_body_costs_nothing(features: str, step: str, reply: str) -> None:
    script = Script({"EHLO": features, step: ["250 ok", reply, "250 ok"]})
    if step == "DATA":
        script.replies[step] = ["354 go", reply, "354 go"]
    heard = run(script, mails("ann bob cid"))
    assert heard.ends == ["accepted ann", "accepted bob", "accepted cid"]
    assert script.connections == 2
    assert heard.events.count("begun bob") == 1
    assert len(script.bodies) == 3


@BOTH
@pytest.mark.parametrize(
    ("reply", "state"),
    [
        ("drop", "unknown"),
        ("hang", "unknown"),
        ("what?", "unknown"),
        ("hang: 250-half of an answer", "unknown"),
        ("354 go", "unknown"),
        ("421 shutting down", "deferred"),
    ],
)
def test_a_break_after_the_final_dot_leaves_that_mail_alone_unknown(
    features: str, reply: str, state: str
) -> None:
    script = Script({"EHLO": features, "dot bob@example.net": reply})
    heard = run(script, mails("ann bob cid dan"))
    ends = ["accepted ann", f"{state} bob", "accepted cid", "accepted dan"]
    assert heard.ends == ends
    assert heard.events.count("begun bob") == heard.events.count("begun cid") == 1
    assert heard.details["bob"].isprintable()


def test_what_was_said_before_a_drop_is_heard() -> None:
    script = Script({"dot ann@example.net": "250 kept\r\nwhat?", "RCPT bob@example.net": "drop"})
    heard = run(script, mails("ann"))
    assert heard.details == {"ann": "250 kept"}
    script = Script({"RCPT bob@example.net": ["drop", "250 ok"]})
    heard = run(script, mails("ann bob"))
    assert heard.ends == ["accepted ann", "accepted bob"]


@pytest.mark.parametrize("reply", ["drop", "552 5.3.4 enough", "421 4.3.2 going down"])
def test_a_break_before_the_final_dot_was_written_is_deferred(reply: str) -> None:
    script = Script({"body ann@example.net": [reply, ""]})
    heard = run(script, [a_mail("ann", LARGE), a_mail("bob")])
    assert heard.events == ["begun ann", "deferred ann", "begun bob", "accepted bob"]
    assert CONTENT in script.bodies


def test_a_reply_ahead_of_its_question_is_not_taken_for_the_answer_to_the_dot() -> None:
    script = Script({"DATA": ["354 go\r\n250 2.0.0 queued", "354 go"]})
    heard = run(script, mails("ann"))
    assert heard.ends == ["deferred ann"]
    assert "out of turn" in heard.details["ann"]
    assert script.bodies == []


@pytest.mark.parametrize("reply", ["drop", "421 shutting down", "hang"])
def test_a_mail_that_is_dropped_first_on_a_new_connection_is_not_tried_at_once(reply: str) -> None:
    script = Script({"RCPT ann@example.net": reply})
    heard = run(script, mails("ann bob"))
    assert heard.ends == ["deferred ann", "accepted bob"]
    assert script.connections == 2


@pytest.mark.parametrize("step", ["MAIL", "RCPT"])
@BOTH
def test_a_refused_sender_stops_everything_and_returns_what_was_not_begun(
    features: str, step: str
) -> None:
    no = "550 5.7.1 not yours" if step == "MAIL" else "530 5.7.0 sign in"
    script = Script({"EHLO": features, step: ["250 ok", no]})
    heard = Heard()
    with pytest.raises(DeliveryError) as caught:
        run(script, mails("ann bob cid"), heard=heard)
    assert no in caught.value.line()
    assert not caught.value.temporary
    assert heard.ends == ["accepted ann", "returned bob"]


@BOTH
def test_a_server_that_lets_nobody_in_is_no_fault_of_the_recipients(features: str) -> None:
    names = [f"m{number:02}" for number in range(40)]
    replies: dict[str, str | list[str]] = {
        f"RCPT {name}@example.net": f"554 5.7.1 <{name}@example.net>: Relay access denied"
        for name in names
    }
    script, heard = Script({"EHLO": features, "DATA": "554 5.5.1 nobody", **replies}), Heard()
    with pytest.raises(DeliveryError) as caught:
        run(script, mails(" ".join(names)), heard=heard)
    assert "refuses every recipient (554 5.7.1 <(the address)>: Relay" in caught.value.line()
    assert not caught.value.temporary
    deferred = [f"deferred {name}" for name in names[:19]]
    assert heard.ends == [*deferred, "returned m19"]
    assert not any(event.startswith("begun") for event in heard.events)


def test_once_somebody_was_let_in_a_refusal_is_about_the_recipient() -> None:
    no = "550 5.7.1 not wanted here"
    script = Script({"RCPT": [no, "550 5.1.1 unknown", "250 ok", no], "DATA": "354 go"})
    names = " ".join(f"m{number:02}" for number in range(40))
    heard = run(script, mails(names))
    assert heard.ends[:4] == ["deferred m00", "failed m01", "accepted m02", "failed m03"]
    assert {end.split()[0] for end in heard.ends[4:]} == {"failed"}


def test_a_mail_too_large_for_the_server_is_never_offered() -> None:
    script = Script({"EHLO": "250-fake\r\n250-PIPELINING\r\n250 SIZE 100"})
    large = b"x" * 101
    heard = run(script, [a_mail("ann", large), *mails("bob cid"), a_mail("dan", large)])
    assert heard.ends == ["deferred ann", "accepted bob", "accepted cid", "failed dan"]
    assert not any("ann" in line or "dan" in line for line in script.commands)
    assert "begun ann" not in heard.events


def test_a_sender_that_cannot_be_written_is_said_to_nobody() -> None:
    script, heard = Script(), Heard()
    with pytest.raises(DeliveryError, match=r"Correct sender\.address"):
        run(script, [a_mail("ann", sender="a>\r\nRSET\r\n")], heard=heard)
    assert heard.ends == ["returned ann"]
    assert not any(line.startswith(("MAIL", "RSET")) for line in script.commands)


@pytest.mark.parametrize("goodbye", ["hang", "drop", "what?"])
def test_nothing_hangs_on_the_answer_to_quit(goodbye: str) -> None:
    assert run(Script({"QUIT": goodbye}), mails("ann")).ends == ["accepted ann"]


@pytest.mark.parametrize(
    ("step", "seconds", "state"),
    [
        ("MAIL", 300, "deferred"),
        ("RCPT", 300, "deferred"),
        ("DATA", 120, "deferred"),
        ("dot", 600, "unknown"),
        ("QUIT", 5, "accepted"),
    ],
)
@BOTH
def test_a_silent_server_is_given_the_time_that_the_rfc_allows(
    features: str, step: str, seconds: float, state: str
) -> None:
    patience = Patience(reopen=(0,))
    heard = run(Script({"EHLO": features, step: "hang"}), mails("ann"), patience=patience)
    assert heard.ends == [f"{state} ann"]
    assert seconds <= heard.seconds <= seconds + 11  # the watch is looked at every 10 s
    if step != "QUIT":
        assert f"silent for {seconds} s" in heard.details["ann"]


def test_a_server_that_takes_no_more_of_a_body_is_given_three_minutes() -> None:
    script = Script({"body ann@example.net": "hang"})
    heard = run(script, [a_mail("ann", LARGE)], patience=Patience(reopen=(0,)))
    assert heard.ends == ["deferred ann"]
    assert "silent for 180 s" in heard.details["ann"]


def test_a_server_that_takes_a_body_slowly_is_not_given_up_on() -> None:
    script = Script(sip=100)
    heard = run(script, [a_mail("ann", LARGE)])
    assert heard.ends == ["accepted ann"]
    assert heard.seconds > 300


def test_a_body_that_could_not_leave_any_more_is_not_unknown() -> None:
    script = Script({"DATA": ["drop: 354 go", "354 go"]})
    heard = run(script, mails("ann bob"))
    assert heard.ends == ["deferred ann", "accepted bob"]
    assert "begun ann" in heard.events
