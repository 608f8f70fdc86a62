"""The same cards by others: MJML in Node, and css-inline in the place of premailer.

A peer that is not installed gives one line that says so; one that is and fails raises `Failed`.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any
from unittest.mock import patch

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bench.render.measure import ROUNDS, Cost, as_read, timed
from digest.mail import html
from digest.mail.contents import contents_of
from digest.mail.render import SLOTS, mail_environment, render
from digest.mail.slots import JOINED
from digest.values import Edition

_IGNORED = re.compile(r'<style data-premailer="ignore">.*?</style>\n?', re.DOTALL)
HERE = Path(__file__).parent
OUTSIDE = HERE.parents[1] / "tests" / "outside"  # what npm installs, with a lock of its own


class Failed(Exception):
    """A peer is there and ended badly; its last line says why."""


@dataclass(frozen=True, slots=True)
class Peer:
    """What a peer's mails cost, an entry per edition; none, and why, where it is absent."""

    name: str
    costs: tuple[Cost, ...] = ()
    absent: str = ""


def mjml(editions: Sequence[Edition], runs: int, outside: Path = OUTSIDE) -> Peer:
    """MJML → HTML in one warm process of Node; writing the MJML does not count."""
    node = shutil.which("node")
    if not node:
        return Peer("MJML", absent="no Node here")
    if not (outside / "node_modules" / "mjml").is_dir():
        return Peer("MJML", absent="not installed: make outside")
    asked = json.dumps(
        {"runs": runs, "rounds": ROUNDS, "mails": [as_mjml(edition) for edition in editions]}
    )
    done = subprocess.run(
        [node, str(HERE / "mjml.mjs"), str(outside)],
        input=asked,
        check=False,
        capture_output=True,
        encoding="utf-8",
    )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "Error" in line]
        raise Failed(f"MJML failed: {(lines or ['no reason given'])[0].strip()}")
    found = json.loads(done.stdout)
    costs = tuple(Cost.of(one["milliseconds"], one["html"]) for one in found["mails"])
    return Peer(f"MJML {found['version']}", costs)


def as_mjml(edition: Edition) -> str:
    """What stands in the edition's mail, in MJML."""
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    contents = contents_of(edition, JOINED)
    return environment.get_template("issue.mjml").render(issue=contents, **SLOTS)


def css_inline(editions: Sequence[Edition], runs: int) -> Peer:
    """Edition → Rendition with css-inline (PyPI) in the place of premailer, all else the same."""
    try:
        module: Any = import_module("css_inline")
    except ImportError:
        return Peer("css-inline", absent="not installed: .venv/bin/pip install css-inline")
    environment, costs = mail_environment(), []
    with patch.object(html, "_PREMAILER", _CssInline(module)):
        for edition in editions:
            milliseconds = timed(lambda one=edition: render(one, environment), runs)  # type: ignore[misc]
            costs.append(Cost.of(milliseconds, as_read(render(edition, environment))))
    return Peer(f"css-inline {version('css-inline')}, for premailer", tuple(costs))


class _CssInline:
    """premailer's way of being called. It drops sheets that it shall ignore: they are put back."""

    def __init__(self, module: Any) -> None:
        self._inliner = module.CSSInliner(load_remote_stylesheets=False)

    def transform(self, page: str, *, pretty_print: bool) -> str:
        assert not pretty_print
        ignored = "".join(_IGNORED.findall(page)).replace(' data-premailer="ignore"', "")
        inlined = str(self._inliner.inline(_IGNORED.sub("", page)))
        return inlined.replace("</head>", f"{ignored}</head>", 1)
