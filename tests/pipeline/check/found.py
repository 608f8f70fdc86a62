"""What `digest check` finds of the shipped configuration with sections changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from digest.pipeline.check import Finding, check_site
from tests.builders import a_config

SMTP = {"kind": "smtp", "host": "127.0.0.1", "port": 1, "tls": "none"}
SENDGRID = {"kind": "sendgrid"}


def findings(folder: Path, **changes: Any) -> dict[str, Finding]:
    """Key → the last finding of that key."""
    return {finding.key: finding for finding in listed(folder, **changes)}


def listed(folder: Path, **changes: Any) -> list[Finding]:
    """All of them, as they are printed."""
    (folder / "incoming").mkdir(exist_ok=True)
    return check_site(a_config(folder, **changes))
