"""config.yaml: typed settings, or one line with the path of the key and the nearest known one."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from digest.config import Config, load_config
from digest.errors import ConfigError
from digest.shipped import shipped
from digest.values import AUDIENCES

LEAST = "sender: {address: digest@example.org, postal_address: 12 Long Lane}\n"
# The contract's own example, as the design page gives it.
CONTRACT = """
publication: {name: MS Research Digest, site_url: "https://digest.example.org", language: en,
  timezone: America/New_York}
sender: {name: Research Digest, address: digest@example.org, reply_to: editors@example.org,
  postal_address: "1 Example Street"}
database: sqlite:///digest.db
transport: {kind: maildir, path: outbox}
sources:
  - {name: site, kind: pages, start: ["https://x.example.org/news"], article: "/news/view/"}
  - {name: feed, kind: feed, url: "https://x.example.org/rss"}
  - {name: drop, kind: folder, path: incoming, undated: first_seen}
fetch: {allow_private_hosts: [], contact: editors@example.org}
issue: {first_lookback_days: 31, min_items: 3, max_items: 40, max_per_theme: 8, approval: required,
  articles: link}
schedule: {gather: "0 * * * *", compose: "0 9 25 * *", send: "0 9 1 * *", max_lateness: 6h}
audiences: {patient: {}, caregiver: {}, clinician: {}}
privacy: {encrypt_addresses: true, retention: {}}
web: {host: 127.0.0.1, port: 8000, trusted_proxy: false}
templates: null
themes: null
pace: {per_second: null, warm_up: null}
feedback: {mailbox: null, sendgrid_public_key: null}
"""


def loaded(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return load_config(path)


def problem(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, text)
    line = caught.value.line()
    assert "\n" not in line
    assert str(tmp_path / "config.yaml") in line
    return line


def test_the_contract_and_the_shipped_example_are_read(tmp_path: Path) -> None:
    assert len(loaded(tmp_path, CONTRACT).sources) == 3
    assert load_config(shipped("config.yaml")).schedule.max_lateness == timedelta(hours=6)


def test_what_is_not_written_has_the_default_of_the_shipped_example(tmp_path: Path) -> None:
    least, ours = loaded(tmp_path, LEAST), load_config(shipped("config.yaml"))
    for section in ("issue", "schedule", "privacy", "web", "pace", "feedback", "transport"):
        assert getattr(least, section) == getattr(ours, section), section
    assert least.audiences == ours.audiences


def test_the_lists_keep_the_order_of_the_configuration(tmp_path: Path) -> None:
    config = loaded(tmp_path, LEAST + "audiences: {clinician: {readers: doctors}, patient: null}\n")
    assert config.audience_order == ("clinician", "patient", "caregiver")
    assert config.audiences["clinician"].readers == "doctors"
    assert config.audiences["patient"].readers == "people living with MS"
    assert set(config.audiences) == set(AUDIENCES)


def test_relative_paths_start_at_the_folder_of_the_file(tmp_path: Path) -> None:
    assert loaded(tmp_path, LEAST).path("incoming") == tmp_path / "incoming"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("publicaton: {}", "unknown key `publicaton`. Did you mean `publication`?"),
        ("issue: {min_item: 1}", "unknown key `issue.min_item`. Did you mean `min_items`?"),
        ("transport: {kind: smtp, hst: x}", "unknown key `transport.hst`. Did you mean `host`?"),
        (
            "sources: [{name: a, kind: folder, pth: x}]",
            "unknown key `sources[0].pth`. Did you mean `path`?",
        ),
        ("audiences: {patiens: {}}", "unknown key `audiences.patiens`. Did you mean `patient`?"),
        ("audiences: {doctors: {}}", "Known here: patient, caregiver, clinician"),
        ("privacy: {retention: {pendin: 1d}}", "Did you mean `pending`?"),
        ("folder: x", "unknown key `folder`"),
        ("web: {port: high}", "web.port: "),
        ("issue: {min_items: 9, max_items: 3}", "min_items (9) is above max_items (3)"),
        ("schedule: {compose: 0 9 * * 1}", "write days of the week by name"),
        ("schedule: {compose: 0 9 25 *}", "must have five fields"),
        ("schedule: {compose: 99 9 25 * *}", "schedule.compose"),
        ("schedule: {max_lateness: soon}", "write one like 90m, 6h or 7d"),
        ("publication: {timezone: Mars/Base}", "'Mars/Base' is no IANA time zone"),
        ("publication: {site_url: digest.example.org}", "is no web address"),
        ("publication: {site_url: 'https://x.org/digest'}", "of its own: https://x.org"),
        ("publication: {site_url: 'https://münchen.de'}", "xn-- form: xn--mnchen-3ya.de"),
        ("publication: {site_url: 'https://x.org:port'}", "is no web address"),
        ("publication: {site_url: 'https://a@x.org'}", "'x.org' is no host"),
        ("audiences: {patient: {subject: 'Hi {name}'}}", "'{name}' is no field"),
        ("audiences: {patient: {intro: '{{studies}} now'}}", "'{{studies}}' is no field; known"),
        ("audiences: {patient: {intro: 'In {month and'}}", "the brace of '{month' stands alone"),
        ("audiences: {patient: {preheader: 'No }'}}", "the brace of '}' stands alone; known"),
        ('audiences: {patient: {subject: "a\\nBcc: x"}}', "line break"),
        (
            "audiences: {patient: {subject: ''}}",
            "audiences.patient.subject: is empty; write a line",
        ),
        ("audiences: {patient: {preheader: ' '}}", "audiences.patient.preheader: is empty"),
        ("audiences: {clinician: {intro: ''}}", "audiences.clinician.intro: is empty"),
        ('audiences: {patient: {subject: "a\\u202eb"}}', "line break or control character"),
        ('publication: {name: "a\\u200db"}', "line break or control character"),
        ("transport: {kind: pigeon}", "'pigeon' is not known. Known are 'maildir', 'smtp'"),
        ("database: mysql://x", "database"),
        (
            "sources: [{name: a, kind: folder, path: x}, {name: a, kind: feed, url: y}]",
            "config.yaml: two sources are named 'a'. Give each its own name",
        ),
        ("sources: [x]", "sources[0]: must be a mapping with name and kind. Mend"),
        ("sources: x", "sources: must be a list. Mend"),
        (
            "sources: [{name: a, path: x}]",
            "sources[0].kind: is missing. Write one of folder, feed, pages",
        ),
        ("fetch: {allow_private_hosts: ['http://x']}", "[0]: 'http://x' is no host; write its"),
        ("fetch: {allow_private_hosts: [10.0.0.0/8]}", "'10.0.0.0/8' is no host; write its"),
        ("fetch: {allow_private_hosts: ['feeds:80']}", "'feeds:80' is no host; write its"),
        ("fetch: {pause: 61m}", "fetch.pause: is longer than an hour"),
        ("issue: 3", "issue: "),
        ("web: {port: 1}\nweb: {port: 2}", "given twice"),
        ("web: [", "line "),
        ("web: !!python/object/apply:os.system [x]", "line "),
    ],
)
def test_what_is_wrong_is_one_line_with_the_key(tmp_path: Path, text: str, words: str) -> None:
    assert words in problem(tmp_path, LEAST + text + "\n")


def test_one_that_stands_alone_is_a_list_of_one(tmp_path: Path) -> None:
    text = (
        "sources: [{name: a, kind: pages, start: 'https://x.example.org/news'}]\n"
        "fetch: {allow_private_hosts: localhost, pause: 1h}\n"
    )
    (tmp_path / "config.yaml").write_text(LEAST + text, encoding="utf-8")
    config = load_config(tmp_path / "config.yaml")
    assert config.sources[0].model_dump()["start"] == ("https://x.example.org/news",)
    assert config.fetch.allow_private_hosts == ("localhost",)


@pytest.mark.parametrize(
    "host", ["localhost", "feeds.internal.", "10.0.0.7", "::1", "[::1]", "a_b"]
)
def test_a_private_host_is_a_name_or_an_address(tmp_path: Path, host: str) -> None:
    text = f"fetch: {{allow_private_hosts: ['{host}']}}\n"
    (tmp_path / "config.yaml").write_text(LEAST + text, encoding="utf-8")
    allowed = load_config(tmp_path / "config.yaml").fetch.allow_private_hosts
    assert allowed == (host.strip("[]"),)


@pytest.mark.parametrize("text", ["", "- a list", "just words"])
def test_a_file_that_is_no_configuration_is_refused(tmp_path: Path, text: str) -> None:
    assert "no mapping" in problem(tmp_path, text)


def test_a_file_that_is_missing_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Run `digest init`"):
        load_config(tmp_path / "nowhere.yaml")
    (tmp_path / "config.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="readable UTF-8"):
        load_config(tmp_path / "config.yaml")


def test_a_postal_address_is_asked_for(tmp_path: Path) -> None:
    assert "sender.postal_address: is missing" in problem(
        tmp_path, "sender: {address: a@b.example}"
    )


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("News on MS", "MS"),
        ("Living with Multiple Sclerosis", "multiple sclerosis"),
        ("NMOSD news", "NMOSD"),
        ("ms news for you", "MS"),
        ("M.S. research", "MS"),
        ("\uff2d\uff33 news", "MS"),
        ("M\u200bS news", "MS"),
        ("M\u00adultiple Scle\u00adrosis", "multiple sclerosis"),
        ("MSers unite", "MS"),
        ("for msers", "MSers"),
        ("pwMS", "MS"),
        ("#MSnews", "MS"),
        ("my_ms_month", "MS"),
        ("RRMS update", "RRMS"),
        ("PPMS/SPMS", "PPMS"),
        ("spms today", "SPMS"),
        ("multiplesclerosis", "multiple sclerosis"),
        ("Multiple-Sclerosis", "multiple sclerosis"),
        ("CIS, nmo and Adem", "CIS"),
        ("Demyelinating disease", "demyelinating"),
        ("Terms and forms, SMS and MRIs", None),
        ("Smog adds to asthma: consumers say", None),
        ("e.g. the U.S.", None),
        ("What 6 studies found", None),
    ],
)
def test_a_diagnosis_is_seen_as_a_word_of_its_own(
    tmp_path: Path, text: str, word: str | None
) -> None:
    assert loaded(tmp_path, LEAST).privacy.diagnosis_in(text) == word


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("news@ms-society.org", "MS"),
        ("https://multiplesclerosis.org", "multiple sclerosis"),
        ("nmosd@x.org", "NMOSD"),
        ("news@MS2day.org", "MS"),
        ("https://rooms.example.org", None),
        ("m.s.patel@example.org", None),
        ("\uff4d\uff53@example.org", "MS"),
        ("rrms@example.org", "RRMS"),
        ("forms@systems.example.org", None),
    ],
)
def test_a_diagnosis_is_seen_in_an_address(tmp_path: Path, text: str, word: str | None) -> None:
    assert loaded(tmp_path, LEAST).privacy.diagnosis_in_address(text) == word


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (LEAST, None),
        (LEAST.replace("{", "{name: Ms. Ada Byron, "), None),
        (LEAST.replace("{", "{name: 'Ada Byron, MSc', "), None),
        (LEAST.replace("{", "{name: Ms News, "), "sender.name names a diagnosis ('MS')"),
        (LEAST.replace("{", "{name: RRMS Weekly, "), "sender.name names a diagnosis ('RRMS')"),
        (LEAST.replace("{", "{name: MultipleSclerosisNews, "), "sender.name names a diagnosis"),
        (LEAST.replace("digest@", "digest@ms."), "sender.address names a diagnosis ('MS')"),
        (LEAST.replace("{", "{reply_to: ms@x.org, "), "sender.reply_to names"),
        (LEAST + "publication: {site_url: 'https://ms.x.org'}", "publication.site_url names"),
    ],
)
def test_a_sender_that_names_a_diagnosis_is_told_in_one_line(
    tmp_path: Path, text: str, line: str | None
) -> None:
    told = loaded(tmp_path, text).diagnosis_in_sender()
    assert told is None if line is None else told is not None and line in told


def test_a_site_address_may_have_a_port_or_be_ipv6(tmp_path: Path) -> None:
    for url in ("http://127.0.0.1:8000", "http://[::1]:8000", "https://x.org/"):
        config = loaded(tmp_path, LEAST + f"publication: {{site_url: '{url}'}}\n")
        assert config.publication.site_url == url.rstrip("/")


def test_paths_of_the_site_are_absolute_or_none(tmp_path: Path) -> None:
    config = loaded(tmp_path, LEAST + "themes: own.yaml\n")
    assert (config.themes_path, config.templates_path) == (tmp_path / "own.yaml", None)


def test_the_settings_of_django_allow_an_ipv6_host(tmp_path: Path) -> None:
    text = LEAST + "publication: {site_url: 'http://[fd00::1]:8000'}\n"
    (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
    keys = ("DIGEST_SECRET_KEY", "DIGEST_HASH_KEY", "DIGEST_DATA_KEY")
    environment = dict.fromkeys(keys, "k" * 64) | {"DIGEST_CONFIG": str(tmp_path / "config.yaml")}
    code = "from digest.project import settings; print(settings.ALLOWED_HOSTS[0])"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        check=True, stdout=subprocess.PIPE, text=True, env=os.environ | environment,
    )  # fmt: skip
    assert ran.stdout.strip() == "[fd00::1]"


def test_the_shipped_words_name_no_diagnosis_where_others_see_them() -> None:
    config = load_config(shipped("config.yaml"))
    for words in config.audiences.values():
        assert config.privacy.diagnosis_in(words.subject) is None
        assert config.privacy.diagnosis_in(words.preheader) is None
    assert config.privacy.diagnosis_in(config.sender.name) is None


def test_no_secret_stands_in_the_shipped_configuration() -> None:
    def keys(value: Any) -> list[str]:
        if isinstance(value, dict):
            return [str(key) for key in value] + [k for item in value.values() for k in keys(item)]
        return []

    raw = yaml.safe_load(shipped("config.yaml").read_text(encoding="utf-8"))
    assert not {"password", "api_key", "secret", "key"} & set(keys(raw))


@pytest.mark.parametrize(
    "text", ["\U0001f469\u200d\u2695\ufe0f at work", "\u2764\ufe0f\u200d\U0001f525", "10\u00a0mg"]
)
def test_joined_emoji_and_fixed_blanks_are_one_line(tmp_path: Path, text: str) -> None:
    config = loaded(tmp_path, LEAST + f"publication: {{name: '{text}'}}\n")
    assert config.publication.name == text
