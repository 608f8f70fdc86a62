"""The demonstration: a site of its own in a folder, and one issue the whole way through it."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from digest.cli.setup import apply_migrations, first_administrator, make_site
from digest.cli.site import Site, now, open_site, parse_when
from digest.errors import Refused
from digest.shipped import shipped

CUT_OFF = "2026-11-01"  # the examples are the month before it, whatever the day of the demo
WHO = "the demo"
CONSENT = "Send me one email a month with plain-language summaries of new studies."


def run_demo(context: typer.Context, folder: Path) -> dict[str, Any]:
    """Make the site in `folder` (or go on with the one there) and send its first issue.

    Raises Refused when the folder holds something else.
    """
    site, administrator = _open_demo(context, folder)
    gathered = _gather(site)
    _import_people(site)
    issue, files = _compose_and_send(site, folder)
    return _result(site, issue, gathered, files, administrator, folder)


def _open_demo(context: typer.Context, folder: Path) -> tuple[Site, dict[str, str] | None]:
    examples = shipped("examples")
    config_text = (examples / "config.yaml").read_text(encoding="utf-8")
    _refuse_a_real_site(folder, config_text)
    make_site(folder, config_text)
    for name in ("incoming", "feed.xml", "subscribers"):
        source, target = examples / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copy(source, target)
    context.find_root().obj = folder / "config.yaml"
    site = open_site(context, database=False)
    apply_migrations()
    return site, first_administrator(ask=False)


def _refuse_a_real_site(folder: Path, config_text: str) -> None:
    """The demo approves and sends: it must never touch a site whose people are real."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    config = folder / "config.yaml"
    if not config.is_file() or config.read_text(encoding="utf-8") != config_text:
        raise Refused(
            "the folder holds something that is no demo",
            where=str(folder),
            mend="Name an empty or new folder: `digest demo DIR`",
        )


def _gather(site: Site) -> list[Any]:
    from digest.pipeline.gather import gather

    return gather(site.config, now=now())


def _import_people(site: Site) -> None:
    from subscribers.importing import import_people

    for list_name in site.config.audience_order:
        import_people(
            site.config.path(f"subscribers/{list_name}.csv"),
            list_name=list_name,
            consent_text=CONSENT,
            consent_source="sample people of the examples",
            consent_date=datetime(2026, 3, 3, 12, tzinfo=UTC),
            actor=WHO,
            now=now(),
        )


def _compose_and_send(site: Site, folder: Path) -> tuple[Any, list[Path]]:
    from digest.models import Issue
    from digest.pipeline import review
    from digest.pipeline.compose import compose
    from digest.pipeline.deliver import send_issue
    from digest.pipeline.preview import write_previews

    issue = Issue.objects.first()  # the demo run again finds its issue sent, and sends nothing
    if issue is None or issue.state in ("draft", "skipped"):
        issue = compose(site.config, now=now(), until=parse_when(CUT_OFF, site.config))
        review.approve(issue, site.config, who=WHO, now=now())
    previews = folder / "previews"
    made = write_previews(issue, site.config, site.keys, previews, only=None, now=now())
    send_issue(issue.number, site.config, site.keys)
    issue.refresh_from_db()
    return issue, made.files


def _result(
    site: Site,
    issue: Any,
    gathered: list[Any],
    files: list[Path],
    administrator: dict[str, str] | None,
    folder: Path,
) -> dict[str, Any]:
    from digest.pipeline.report import issue_report

    report = issue_report(issue, site.config)
    per_edition = Counter(issue.deliveries.values_list("audience", flat=True))
    themes = {item["theme"] for item in report["items"]}
    found, new = sum(g.found for g in gathered), sum(g.new for g in gathered)
    rows = [
        ("gathered", f"{found} from {len(gathered)} sources ({new} new)"),
        ("themes", len(themes)),
        ("items", f"{len(report['items'])} and {len(report['articles'])} article"),
        ("held over", len(report["held"])),
        ("left out", len(report["left_out"])),
        *((f"deliveries {s}", count) for s, count in report["deliveries"].items() if count),
    ]
    previews = [str(path.resolve()) for path in files if path.suffix == ".html"]
    return {
        "number": issue.number,
        "state": issue.state,
        "gathered": found,
        "new": new,
        "themes": len(themes),
        "items": len(report["items"]),
        "deliveries": report["deliveries"],
        "table": [(what, str(count)) for what, count in rows],
        "renditions": [
            {"audience": audience, **rendition, "deliveries": per_edition[audience]}
            for audience, rendition in report["renditions"].items()
        ],
        "previews": previews,
        "maildir": str(site.config.path("outbox")),
        "administrator": administrator,
        "next": _next_command(folder),
        "address": f"http://{site.config.web.host}:{site.config.web.port}/",
    }


def _next_command(folder: Path) -> str:
    in_checkout = Path("Makefile").exists() and folder == Path("demo")
    return "make run" if in_checkout else f"digest --config {folder / 'config.yaml'} run"
