"""Opening a site: config.yaml and keys → settings, then Django. Every command starts here."""

from __future__ import annotations

import getpass
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from digest.config import Config, Keys, load_config, load_keys
from digest.errors import ConfigError, Refused

ConfigPath = Annotated[
    Path, typer.Option("--config", help="The site's config.yaml.", envvar="DIGEST_CONFIG")
]


@dataclass(frozen=True, slots=True)
class Site:
    """What a command works with."""

    config: Config
    keys: Keys


def open_site(context: typer.Context, *, database: bool = True) -> Site:
    """The site that --config names, with Django ready. Raises ConfigError."""
    path = config_path(context)
    config = load_config(path)
    keys = load_keys(config.folder)
    os.environ["DIGEST_CONFIG"] = str(path.resolve())
    os.environ["DJANGO_SETTINGS_MODULE"] = "digest.project.settings"
    import django

    django.setup()
    if database:
        require_tables()
    return Site(config, keys)


def config_path(context: typer.Context) -> Path:
    """The --config given, or the default, wherever in the chain of commands it stood."""
    path: Path = context.find_root().obj
    return path


def require_tables() -> None:
    """Raises ConfigError when the database cannot be reached or awaits `digest migrate`."""
    from django.conf import settings
    from django.db import DatabaseError, connection
    from django.db.migrations.executor import MigrationExecutor

    where = str(settings.CONFIG.database).rsplit("@", 1)[-1]
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        reason = str(error).strip().splitlines()[0]
        mend = "Check `database` in config.yaml, and that the server runs"
        raise ConfigError(f"cannot be opened ({reason})", where=where, mend=mend) from None
    if pending:
        raise ConfigError(
            f"{len(pending)} migrations are not applied", where=where, mend="Run `digest migrate`"
        )


def now() -> datetime:
    """This instant, in UTC."""
    return datetime.now(UTC)


def shell_user() -> str:
    """Who acts from the shell, for the audit."""
    try:
        return f"{getpass.getuser()} (shell)"
    except (KeyError, OSError):
        return "shell"


def parse_when(text: str, config: Config) -> datetime:
    """An ISO date or time in the publication's zone → an instant. Raises Refused."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(
            f"'{text}' is no date or time", mend="Write one like 2026-12-01 or 2026-12-01T09:00"
        ) from None
    local = moment if moment.tzinfo else moment.replace(tzinfo=config.zone)
    try:
        return local.astimezone(UTC)
    except OverflowError:
        raise Refused(f"'{text}' is out of range", mend="Write a year of our time") from None


def on_terminal() -> bool:
    """Whether a person sits there to answer a question."""
    return sys.stdin.isatty() and sys.stdout.isatty()
