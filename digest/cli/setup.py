"""Setting a site up: init, check, migrate, users."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from digest.cli.output import Json, print_json, say, table
from digest.cli.site import config_path, on_terminal, open_site
from digest.config import key_file_of, load_config, load_keys, new_keys
from digest.errors import ConfigError, Refused
from digest.shipped import shipped
from digest.sources.folder import FolderSource

users = typer.Typer(help="People of the studio.", no_args_is_help=True, rich_markup_mode=None)
Name = Annotated[str, typer.Argument(metavar="NAME")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (init, check, migrate):
        app.command()(command)


def init(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", show_default=False)] = Path(),
    json: Json = False,
) -> None:
    """Make a site: config.yaml with comments, the keys, the database, an administrator."""
    path = folder / "config.yaml"
    made = make_site(folder, shipped("config.yaml").read_text(encoding="utf-8"))
    context.find_root().obj = path
    site = open_site(context, database=False)
    apply_migrations()
    for source in site.config.sources:
        if isinstance(source, FolderSource):
            site.config.path(source.path).mkdir(parents=True, exist_ok=True)
    administrator = first_administrator(ask=on_terminal() and not json)
    if json:
        document = {"config": str(path), "keys": str(key_file_of(folder)), "made": made}
        print_json({**document, "administrator": administrator})
        return
    say(f"Made {', '.join(made) or 'nothing new'} in {folder.resolve()}")
    if administrator and administrator["password"]:
        say(f"Studio: user {administrator['name']}, password {administrator['password']}")
        say("The password is shown this once; `digest users password NAME` renews it.")
    say(f"Next: edit {path}, put summaries into incoming/, then `digest --config {path} check`")


def make_site(folder: Path, config_text: str) -> list[str]:
    """Write config.yaml and the keys where they are missing; what is there is kept.

    Returns the names of what was made. Raises Refused when the folder cannot be written to, or
    holds a database whose keys are gone.
    """
    made = []
    keys_gone = not key_file_of(folder).exists() and "DIGEST_HASH_KEY" not in os.environ
    if keys_gone and (folder / "digest.db").exists():
        # New keys would forget who must not be mailed: suppressions are keyed hashes.
        raise Refused(
            "there is a database, but its keys are gone",
            where=str(key_file_of(folder)),
            mend="Restore the file from a copy; new keys would not know who left",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "config.yaml").exists():
            (folder / "config.yaml").write_text(config_text, encoding="utf-8")
            made.append("config.yaml")
        keys = key_file_of(folder)
        if not keys.exists():
            # The mode is set before the content is: nobody else reads even the first byte.
            keys.touch(mode=0o600)
            keys.write_text(new_keys(), encoding="utf-8")
            made.append(keys.name)
    except OSError as error:
        raise Refused(
            f"cannot be written ({error.strerror})", where=str(folder), mend="Name another folder"
        ) from None
    return made


def apply_migrations() -> None:
    """Make the tables, or bring them up to this version."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)


def first_administrator(*, ask: bool) -> dict[str, str] | None:
    """The first person of the studio, unless there is one. An asked-for password is not shown."""
    from django.contrib.auth.models import User

    from digest.web.accounts import add_user, new_password

    if User.objects.exists():
        return None
    name, password, shown = "admin", new_password(), True
    if ask:
        name = typer.prompt("Name of the first administrator", default=name)
        typed = typer.prompt("Password (empty: make one)", default="", hide_input=True)
        password, shown = (typed, False) if typed else (password, True)
    add_user(name, "administrator", password)
    return {"name": name, "password": password if shown else ""}


def check(context: typer.Context, json: Json = False) -> None:
    """Configuration, keys, database, transport, DNS advice."""
    path = config_path(context)
    findings: list[dict[str, Any]]
    try:
        config = load_config(path)
        load_keys(config.folder)
        open_site(context)
    except ConfigError as error:
        findings = [_error_finding(error)]
    else:
        from digest.pipeline.check import check_site

        findings = [finding.document() for finding in check_site(config)]
    failed = any(finding["level"] == "error" for finding in findings)
    if json:
        print_json({"ok": not failed, "findings": findings})
    else:
        columns = ("level", "key", "reason", "hint")
        rows = ([finding[column] for column in columns] for finding in findings)
        table("", columns, rows, lean=True, whole=2)  # keys are copied into config.yaml
        say("Not ready: mend the errors above." if failed else "Ready. Warnings may wait.")
    if failed:
        raise typer.Exit(1)


def _error_finding(error: ConfigError) -> dict[str, str]:
    return {"level": "error", "key": error.where, "reason": error.what, "hint": error.mend}


def migrate(context: typer.Context, json: Json = False) -> None:
    """Bring the database's tables up to this version."""
    site = open_site(context, database=False)
    apply_migrations()
    if json:
        print_json({"migrated": True})
    else:
        say(f"The tables of {site.config.database.rsplit('@', 1)[-1]} are up to date.")


@users.command("add")
def add(
    context: typer.Context,
    name: Name,
    role: Annotated[str, typer.Option(help="editor, operator or administrator.")],
    json: Json = False,
) -> None:
    """Add someone to the studio."""
    open_site(context)
    from digest.web.accounts import ROLES, add_user

    if role not in ROLES:
        raise Refused(f"there is no role '{role}'", mend=f"Known: {', '.join(ROLES)}")
    password, shown = _choose_password(json=json)
    add_user(name, role, password)
    _tell_user(name, password if shown else "", json=json)


@users.command("password")
def password(context: typer.Context, name: Name, json: Json = False) -> None:
    """Give someone a new password."""
    open_site(context)
    from digest.web.accounts import set_password

    chosen, shown = _choose_password(json=json)
    set_password(name, chosen)
    _tell_user(name, chosen if shown else "", json=json)


def _choose_password(*, json: bool) -> tuple[str, bool]:
    """A password, and whether it was made here and so must be shown once."""
    from digest.web.accounts import new_password

    if on_terminal() and not json:
        typed = typer.prompt("Password (empty: make one)", default="", hide_input=True)
        if typed:
            return typed, False
    return new_password(), True


def _tell_user(name: str, password: str, *, json: bool) -> None:
    if json:
        print_json({"name": name, "password": password or None})
    elif password:
        say(f"User {name}, password {password} (shown this once)")
    else:
        say(f"User {name} has the password that you typed.")
