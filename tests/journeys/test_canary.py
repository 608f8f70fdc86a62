"""A canary: an address and a name that nobody finds at rest, whatever happened to them.

Imported, asked, confirmed, mailed over SMTP, deferred and failed by a server that repeats the
address, in the middle of faults of ours. Then every file of the site, every table, every word of
every command and the temporary folder are searched, also for encoded forms.
"""

from __future__ import annotations

import base64
import json
import os
import quopri
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes import Mailbox, smtp_server
from tests.journeys.conftest import CONFIG, Shell
from tests.journeys.test_wrong_input import GOOD

ON_POSTGRESQL = os.environ.get("DIGEST_TEST_DATABASE") == "postgresql"
ASKED, REFUSED = "Zq7canaryvogel@birds.example", "zq7canaryvogel.refused@birds.example"
TAKEN, LATER, GONE = (f"zq7canaryvogel.{what}@birds.example" for what in ("ok", "later", "gone"))
NAME = "Zq8Kanarienvogelina Gelb"
CANARIES = ("zq7canaryvogel", "zq8kanarienvogelina")
AT_REST = re.compile(rb"zq7canaryvogel|zq8kanarienvogelina", re.IGNORECASE)

# A process of ours in which opening a sealed text ends in a fault that holds the text.
WOUNDED = """
import pathlib, sys
import subscribers.sealing as sealing
opened, flag = sealing.Sealer.open, pathlib.Path(sys.argv.pop(1))
def wounded(self, stored, label):
    text = opened(self, stored, label)
    if flag.exists() and text:
        raise RuntimeError(text.decode("utf-8", "replace"))
    return text
sealing.Sealer.open = wounded
from digest.cli.main import run
run()
"""


def forms(canary: str) -> Iterator[bytes]:
    """How a text may lie: hexadecimal, base64 at any place, quoted-printable, UTF-16."""
    for text in {canary, canary.upper(), canary.capitalize()}:
        raw = text.encode()
        for before in range(3):  # what stands before it shifts base64; the edges mix with it
            coded = base64.b64encode(b"\0" * before + raw + b"\0" * 2)
            yield coded[4 if before else 0 : (before + len(raw)) // 3 * 4]
        yield raw.hex().encode()
        yield raw.hex().upper().encode()
        yield text.encode("utf-16-le")
        yield text[::-1].encode()


FORMS = tuple(form for canary in CANARIES for form in forms(canary))


def seen_in(raw: bytes) -> list[bytes]:
    """What of the canaries is found in these bytes, soft line breaks undone."""
    joined = raw.replace(b"=\r\n", b"").replace(b"=\n", b"")
    texts = (raw, joined, quopri.decodestring(raw))
    plain = [match[0] for text in texts for match in AT_REST.finditer(text)]
    return plain + [form for form in FORMS if form in raw]


@dataclass
class Site:
    """A site whose commands' every word is kept."""

    shell: Shell
    flag: Path
    outside: Path
    mailbox: Mailbox
    said: dict[str, str] = field(default_factory=dict)

    def order(self, *words: str | Path, code: int | None = 0) -> str:
        """Run a command in a temporary folder of its own; what it wrote to stdout."""
        done = subprocess.run(
            self._command(*words), env=self._environment(), cwd=self.shell.folder,
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert code is None or done.returncode == code, done
        self.said[f"{len(self.said)} {' '.join(map(str, words))}"] = done.stdout + done.stderr
        return done.stdout

    def run(self) -> subprocess.Popen[str]:
        """`digest run`, its words kept in a file."""
        with (self.outside / "run.err").open("w") as errors:
            return subprocess.Popen(
                self._command("run", "--port", "0", "--json"), env=self._environment(),
                cwd=self.shell.folder, stdout=subprocess.PIPE, stderr=errors, text=True,
            )  # fmt: skip

    def _command(self, *words: str | Path) -> list[str]:
        config = str(self.shell.folder / "config.yaml")
        start = [sys.executable, "-c", WOUNDED, str(self.flag)]
        return [*start, "--config", config, *map(str, words)]

    def _environment(self) -> dict[str, str]:
        temporary = self.outside / "temporary"
        temporary.mkdir(exist_ok=True)
        return {**self.shell.environment(), "TMPDIR": str(temporary)}


@pytest.fixture
def database() -> Iterator[str]:
    """Of the journey alone."""
    if not ON_POSTGRESQL:
        yield "sqlite:///digest.db"
        return
    from bench.deliver.sites import Postgresql

    with tempfile.TemporaryDirectory(prefix="digest-canary-") as folder:
        server = Postgresql(Path(folder))
        yield server.new("canary")
        server._server.cleanup()


@pytest.fixture
def site(new_site: Callable[[str], Shell], database: str, tmp_path: Path) -> Iterator[Site]:
    outside = tmp_path / "outside"
    outside.mkdir()
    mailbox = Mailbox()
    with smtp_server(mailbox) as port:
        sink = f"transport: {{kind: smtp, host: 127.0.0.1, port: {port}, tls: none}}\n"
        shell = new_site(f"{CONFIG}{sink}database: '{database}'\nschedule: {{gather: null}}\n")
        (shell.folder / "incoming" / "walk.json").write_text(json.dumps(GOOD))
        yield Site(shell, outside / "wounded", outside, mailbox)


@pytest.mark.both_databases
@pytest.mark.filterwarnings("ignore::DeprecationWarning:aiosmtpd")
def test_a_canary_is_nowhere_at_rest_whatever_happens_to_it(site: Site) -> None:
    imported(site)
    confirmed_through_faults(site)
    mailed_through_refusals(site)
    site.order("keys", "rotate", "--json")
    site.order("check", code=None)
    found = {name: seen for name, raw in everything(site) if (seen := seen_in(raw))}
    assert found == {}
    told = site.shell.json("subscribers", "show", ASKED)
    assert told["address"] == ASKED  # it is there, after all


def imported(site: Site) -> None:
    """Some are asked, and one of those mails is refused; the others' consent is known."""
    site.mailbox.refuse[REFUSED] = f"450 4.2.0 <{REFUSED}> is busy"
    for addresses, more in (
        ((ASKED, REFUSED), ()),
        ((TAKEN, LATER, GONE), ("--consent-source", "paper forms")),
    ):
        file = site.outside / "people.csv"
        rows = "".join(f"{address},{NAME}\n" for address in addresses)
        file.write_text(f"email,name\n{rows}", encoding="utf-8")
        words = ("subscribers", "import", file, "--list", "patient", "--consent", "Yes.", *more)
        site.order(*words, "--dry-run")
        site.order(*words)
        file.unlink()
    assert [to for _, (to,), _ in site.mailbox.mails] == [ASKED]


def confirmed_through_faults(site: Site) -> None:
    """The mail's link confirms; after that each row that is opened ends in a fault."""
    content = quopri.decodestring(site.mailbox.mails[0][2]).decode()
    link = re.search(r"https://digest\.example\.org(/confirm/\S+)", content)
    assert link
    process = site.run()
    assert process.stdout is not None
    told = "".join(process.stdout.readline() for _ in range(4))
    address = re.search(r"http://127\.0\.0\.1:\d+", told)
    assert address, told
    with httpx.Client(base_url=address[0], timeout=30) as web:
        token = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', web.get(link[1]).text)
        fields = {"csrfmiddlewaretoken": token[1]} if token else {}
        assert web.post(link[1], data=fields).status_code in (200, 302)
        preferences = link_of(site, web)
        site.flag.touch()
        broken = web.get(preferences)
        site.said["a page"] = broken.text
        site.flag.unlink()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
    site.said["run"] = told + process.stdout.read()
    process.stdout.close()


def link_of(site: Site, web: httpx.Client) -> str:
    """The path of the confirmed reader's own page."""
    code = (
        "import django; django.setup()\n"
        "from subscribers.models import Subscriber\n"
        "from subscribers.tokens import preferences_token\n"
        "one = Subscriber.objects.filter(memberships__state='confirmed').order_by('id')[0]\n"
        "print(preferences_token(one))"
    )
    environment = {
        **site.shell.environment(),
        "DIGEST_CONFIG": str(site.shell.folder / "config.yaml"),
        "DJANGO_SETTINGS_MODULE": "digest.project.settings",
    }
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    path = f"/preferences/{done.stdout.strip()}"
    assert web.get(path).status_code == 200
    return path


def mailed_through_refusals(site: Site) -> None:
    """One is deferred and one fails, in words that repeat the address; a fault comes between."""
    site.mailbox.refuse[LATER] = f"451 4.2.1 <{LATER}> over quota"
    site.mailbox.refuse[GONE] = f"550 5.1.1 {GONE.upper()}: no such user"
    for words in (("gather",), ("compose",), ("approve", "1", "--by", "Ada")):
        site.order(*words)
    site.flag.touch()
    site.order("send", "1", code=1)
    site.flag.unlink()
    site.order("send", "1", code=None)
    site.order("show", "1")
    site.order("subscribers", "leave", ASKED)
    taken = {to for _, (to,), _ in site.mailbox.mails}
    assert taken == {ASKED, TAKEN}


def everything(site: Site) -> Iterator[tuple[str, bytes]]:
    """Every file of the site and of the temporary folder, every table, every word."""
    folders = (site.shell.folder, site.outside)
    with held_open(site.shell.folder / "digest.db"):
        for file in (file for folder in folders for file in folder.rglob("*") if file.is_file()):
            yield file.name, file.read_bytes()
    if ON_POSTGRESQL:
        yield from tables(site.shell.folder)
    for name, words in site.said.items():
        if not name.endswith(ASKED):  # an answer that repeats what was asked
            yield name, words.encode()


def held_open(database: Path) -> Any:
    """SQLite's log stays while somebody has the file open."""
    return sqlite3.connect(database if database.exists() else ":memory:")


def tables(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Each row of each table as text."""
    import psycopg
    import yaml

    url = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))["database"]
    with psycopg.connect(url) as connection:
        names = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        ).fetchall()
        assert names
        for (name,) in names:
            rows = connection.execute(f'SELECT t::text FROM "{name}" t').fetchall()
            yield name, "\n".join(row[0] for row in rows).encode()


def test_the_search_would_find_every_form() -> None:
    text = f"To: {NAME} <{ASKED}>"
    shifted = [base64.b64encode(b"x" * n + text.encode()) for n in range(3)]
    quoted = quopri.encodestring(("é" * 20 + text).encode())
    for form in (text, text.lower(), text.upper(), text.encode().hex(), text[::-1]):
        assert seen_in(b"before " + form.encode())
    for coded in (*shifted, quoted, ASKED.replace("c", "=63").encode()):
        assert seen_in(coded), coded
    assert not seen_in(b"a canary and a vogel")
