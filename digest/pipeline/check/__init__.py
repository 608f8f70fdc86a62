"""Check: what an operator should know before the first issue, each with key, reason and hint.

    finding    one finding, as text and as JSON
    site       what config.yaml says of sender, wording, editors and sources; keys without effect
    files      glossary, themes and templates of a site's own
    transport  whether mails can go out: a folder, a mail server that is asked, SendGrid's key
    pace       how long an issue takes at the pace asked for
    keys       whether addresses lie encrypted, and whether our keys open them
    backups    whether a backup could be restored as it should
    feedback   whether anything tells of bounces

In: a configuration whose database is open. Out: findings; nothing is sent, nothing changes.
"""

from __future__ import annotations

from digest.config import Config
from digest.pipeline.check import backups, feedback, files, keys, pace, site, transport
from digest.pipeline.check.finding import Finding, Level

__all__ = ["Finding", "Level", "check_site"]

RANK: dict[Level, int] = {"error": 0, "warning": 1, "ok": 2}
EXAMINATIONS = (
    site.database,
    site.sender,
    site.subjects,
    site.editors_told,
    site.sources,
    files.words,
    files.templates,
    transport.examine,
    pace.examine,
    site.names,
    feedback.examine,
    keys.examine,
    backups.examine,
)


def check_site(config: Config) -> list[Finding]:
    """Every finding, errors first."""
    findings = [finding for examine in EXAMINATIONS for finding in examine(config)]
    return sorted(findings, key=lambda finding: RANK[finding.level])
