"""A site's own glossary, themes and templates: whether they can be used and take effect."""

from __future__ import annotations

import difflib
import os
from collections.abc import Collection, Iterator
from pathlib import Path

from jinja2 import TemplateError

from digest.config import Config
from digest.editorial.glossary import load_glossary
from digest.editorial.themes import load_taxonomy
from digest.errors import DigestError
from digest.mail.environment import mail_environment
from digest.pipeline.check.finding import Finding, error, warning
from digest.shipped import shipped

OURS = shipped("templates")
TEMPLATES = (".html", ".htm", ".txt", ".css", ".j2", ".jinja", ".jinja2")
MOST_NAMED = 5  # templates without effect


def words(config: Config) -> Iterator[Finding]:
    """Glossary and themes, and the themes that audiences name."""
    try:
        load_glossary(config.glossary_path)
    except DigestError as trouble:
        yield error("glossary", f"{trouble.where}: {trouble.what}", trouble.mend)
    try:
        known = list(load_taxonomy(config.themes_path).themes)
    except DigestError as trouble:
        yield error("themes", f"{trouble.where}: {trouble.what}", trouble.mend)
        return
    for audience, wording in config.audiences.items():
        for key, themes in (("order", wording.order), ("leave_out", wording.leave_out)):
            for theme in themes:
                if theme not in known:
                    near = difflib.get_close_matches(theme, known, n=1)
                    hint = f"Did you mean '{near[0]}'?" if near else f"Known are {', '.join(known)}"
                    yield error(f"audiences.{audience}.{key}", f"there is no theme '{theme}'", hint)


def templates(config: Config) -> Iterator[Finding]:
    """Own templates that cannot be used, and those that take no effect."""
    if (site := config.templates_path) is None:
        return
    ours = {path.relative_to(OURS).as_posix() for path in OURS.rglob("*.*")}
    try:
        environment = mail_environment(site)
    except DigestError as trouble:
        yield error("templates", trouble.what, trouble.mend)
        return
    for name in sorted(ours):
        try:
            environment.get_template(name)
        except DigestError as trouble:
            yield error("templates", f"{name}: {trouble.what}", trouble.mend)
        except TemplateError as trouble:
            line = getattr(trouble, "lineno", "?")
            yield error("templates", f"{name} line {line}: {trouble}", "Mend it, or remove it")
    idle = _without_effect(site, ours)
    for name in idle[:MOST_NAMED]:
        near = difflib.get_close_matches(name, sorted(ours), n=1)
        meant = f"Did you mean {near[0]}? " if near else ""
        hint = f"{meant}docs/templates.md names every part"
        yield warning("templates", f"{name} overrides nothing", hint)
    if more := idle[MOST_NAMED:]:
        reason = f"{len(more)} more files override nothing"
        yield warning("templates", reason, "Name a folder that holds templates alone")


def _without_effect(site: Path, ours: Collection[str]) -> list[str]:
    """Templates of a site that have no name of ours and that none of its others asks for."""
    own = {
        path.relative_to(site).as_posix(): path.read_text(encoding="utf-8", errors="replace")
        for path in (*site.glob("[!.]*.*"), *site.glob("[!.]*/[!.]*.*"))
        if path.suffix in TEMPLATES and path.is_file() and os.access(path, os.R_OK)
    }
    return sorted(
        name
        for name in own
        if name not in ours
        and not any(name in text for other, text in own.items() if other != name)
    )
