"""Everybody who sends here, as a call: a sink and how many mails come in, a `Run` goes out.

Ours and our client alone; Postfix's smtp-source; nodemailer's pool; smtplib. One that is not
installed is absent, with the reason; one that does not send all that it was to is `Failed`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.deliver.material import OCTETS, a_mail, as_texts
from bench.deliver.runs import ROOT, Clock, Failed, Run, finished, python
from bench.deliver.sinks import Sink, postfix
from bench.deliver.sites import Sites, smtp

OUTSIDE = ROOT / "tests" / "outside"  # what npm installs, with a lock of its own
OURS, CLIENT = "ours, the whole path", "our client alone"
SOURCE, NODEMAILER, SMTPLIB = "smtp-source", "nodemailer, pool", "smtplib + EmailMessage"


@dataclass(frozen=True, slots=True)
class Sender:
    """`share` of the mails is enough for who is slow; `absent` says why it cannot be asked."""

    name: str
    send: Callable[[Sink, int], Run]
    share: float = 1.0
    absent: str = ""

    def run(self, sink: Sink, mails: int) -> Run:
        """Send its share of `mails`. Raises Failed when not all were accepted."""
        wanted = max(1, round(mails * self.share))
        before = sink.taken() if sink.counts else 0
        run = self.send(sink, wanted)
        taken = sink.taken() - before if sink.counts else run.mails
        if run.mails != wanted or taken < wanted:
            raise Failed(f"{self.name} sent {min(run.mails, taken):,} of {wanted:,} mails")
        return run


def senders(sites: Sites, connections: int, octets: int = OCTETS) -> list[Sender]:
    """All of them, in the order in which a round begins."""
    texts = as_texts(a_mail(octets))
    slots = str(connections)

    def ours(sink: Sink, mails: int) -> Run:
        with sites.fresh(mails, smtp(sink.port, connections)) as site:
            return Run.read(python("bench.deliver.ours", site=site))

    def client(sink: Sink, mails: int) -> Run:
        words = ("smtp", str(sink.port), str(mails), slots, str(octets))
        return Run.read(python("bench.deliver.client", *words))

    def smtp_source(sink: Sink, mails: int) -> Run:
        options = ["-d", "-s", slots, "-m", str(mails), "-l", str(octets)]
        command = [str(postfix("smtp-source")), *options, f"127.0.0.1:{sink.port}"]
        clock = Clock()
        finished(command)
        found = clock.read()
        return Run(mails, found["seconds"], found["user"], found["system"])

    def nodemailer(sink: Sink, mails: int) -> Run:
        asked = {"outside": str(OUTSIDE), "port": sink.port, "connections": connections}
        program = [str(shutil.which("node")), str(Path(__file__).with_name("nodemailer.mjs"))]
        asked_for = json.dumps({**asked, "mails": mails, "mail": texts})
        return Run.read(finished(program, stdin=asked_for))

    def smtplib(sink: Sink, mails: int) -> Run:
        words = (str(sink.port), str(mails))
        return Run.read(python("bench.deliver.smtplib_peer", *words, stdin=json.dumps(texts)))

    return [
        Sender(SOURCE, smtp_source, absent="" if postfix("smtp-source") else "no Postfix here"),
        Sender(OURS, ours),
        Sender(CLIENT, client),
        Sender(NODEMAILER, nodemailer, share=1 / 20, absent=_no_nodemailer()),
        Sender(SMTPLIB, smtplib, share=1 / 50),
    ]


def _no_nodemailer() -> str:
    if not shutil.which("node"):
        return "no Node here"
    there = (OUTSIDE / "node_modules" / "nodemailer").is_dir()
    return "" if there else "not installed: make outside"
