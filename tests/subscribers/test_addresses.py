"""One text is one address, safe in a header, or a clear refusal."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from subscribers.addresses import address_key, parse_address
from subscribers.errors import BadAddress, SubscribersError


@pytest.mark.parametrize(
    ("raw", "address", "name"),
    [
        ("ann@example.org", "ann@example.org", ""),
        ("  Ann.Lee+News@Example.ORG \n", "Ann.Lee+News@example.org", ""),
        ("Ann Lee <ann@example.org>", "ann@example.org", "Ann Lee"),
        ('"Lee, Ann" <ann@example.org>', "ann@example.org", "Lee, Ann"),
        ("<ann@example.org>", "ann@example.org", ""),
        ("o'brien_1@sub.example.co.uk", "o'brien_1@sub.example.co.uk", ""),
        ("ann@bücher.example", "ann@xn--bcher-kva.example", ""),
        ("ann@BÜCHER.example", "ann@xn--bcher-kva.example", ""),
        ("ann@straße.example", "ann@xn--strae-oqa.example", ""),  # not the neighbour strasse
        (f"{'a' * 64}@example.org", f"{'a' * 64}@example.org", ""),
    ],
)
def test_an_address_is_read_with_its_name(raw: str, address: str, name: str) -> None:
    parsed = parse_address(raw)
    assert (parsed.address, parsed.name) == (address, name)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("ann", "no @"),
        ("ann(at)example.org", "no @"),
        ("@example.org", "before the @"),
        ("ann@", "no dot"),
        ("ann@localhost", "no dot"),
        ("ann@example.", "domain"),
        ("ann@.example", "domain"),
        ("ann@-bad-.example", "domain"),
        ("ann@10.0.0.1", "domain"),
        ("ann@[10.0.0.1]", "domain"),
        ("ann@exa_mple.org", "domain"),
        ("ann@xn--999999999.example", "domain"),
        ("ann@☃\u0301.example", "domain"),
        ("a@b.c, e@x.y", "more than one"),
        ("a@b.c; e@x.y", "more than one"),
        ("a@b.c e@x.y", "more than one"),
        ("a@b.c, Ann <e@x.y>", "more than one"),
        ("ann@example.org,", "domain"),
        ("ann lee@example.org", "before the @"),
        ("ann..lee@example.org", "before the @"),
        ('"ann lee"@example.org', "before the @"),
        ("änn@example.org", "outside ASCII"),
        ("ann@example.org>", "<"),
        ("ann@exam\nple.org", "control"),
        ("ann@example.org\r\nBcc: eve@example.org", "control"),
        ("ann\0@example.org", "control"),
        ("ann\u2028@example.org", "control"),
        ("ann\u200b@example.org", "invisible"),
        (f"{'a' * 65}@example.org", "64"),
        (f"ann@{'a' * 64}.org", "domain"),
        (f"{'a' * 64}@{'.'.join(['b' * 60] * 4)}", "254"),
        ("a" * 320 + "@example.org", "64"),
        ("a" * 5000, "1000"),
    ],
)
def test_what_is_no_address_is_refused_with_its_reason_and_mend(raw: str, reason: str) -> None:
    with pytest.raises(BadAddress) as refused:
        parse_address(raw)
    assert reason in refused.value.reason
    assert refused.value.mend


def test_a_refusal_reads_as_one_line_that_does_not_repeat_the_address() -> None:
    with pytest.raises(SubscribersError) as refused:
        parse_address("canary@localhost")
    assert refused.value.line().startswith("address: its domain has no dot. Write it")
    assert "canary" not in str(refused.value)


@given(
    st.text(max_size=80)
    | st.from_regex(r"[\w.,;<> \r\n]{0,20}@[\w.,;<>-]{0,20}(@x\.y)?", fullmatch=True)
    | st.emails()
)
@example("a@b.c, e@x.y")
@example("ann@example.org\nBcc: eve@example.org")
@hypothesis_settings(max_examples=300, deadline=None)
def test_any_text_is_refused_or_becomes_one_safe_address(raw: str) -> None:
    try:
        parsed = parse_address(raw)
    except BadAddress:
        return
    address = parsed.address
    assert address.isascii()
    assert address.isprintable()
    assert not set(address) & set(' ,;:<>()[]"\\')
    assert address.count("@") == 1
    assert len(address) <= 254
    assert parsed.name.isprintable()
    assert parse_address(address).address == address


def test_the_key_is_blind_to_case_and_differs_for_others() -> None:
    key = address_key("Ann@example.org")
    assert key == address_key("ann@EXAMPLE.org")
    assert len(key) == 64
    assert key != address_key("bob@example.org")


def test_the_key_depends_on_the_secret(settings: Settings) -> None:
    before = address_key("ann@example.org")
    settings.SUBSCRIBERS_HASH_KEY = "another" * 8
    assert address_key("ann@example.org") != before
