"""`digest keys rotate`: new keys for what lies in the database and for the links in mails.

Keys are never printed, but for a new one that the environment must be given.
"""

from __future__ import annotations

from typing import Annotated

import typer

from digest.cli.output import Json, counted, print_json, progress_bar, say
from digest.cli.site import Site, open_site
from digest.errors import Refused

app = typer.Typer(help="The keys of this site.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def keys() -> None:
    """The keys of this site."""


@app.command()
def rotate(
    context: typer.Context,
    finish: Annotated[
        bool, typer.Option("--finish", help="Drop the old keys that seal nothing any more.")
    ] = False,
    tokens: Annotated[
        bool, typer.Option("--tokens", help="A new key for the links in mails; old links work.")
    ] = False,
    json: Json = False,
) -> None:
    """Seal all anew by a new key. Addresses, names, waiting mails; run again to go on."""
    if finish and tokens:
        raise Refused(
            "--finish and --tokens do not go together",
            mend="Old keys of tokens stay: links in old mails must work",
        )
    site = open_site(context)
    if tokens:
        _rotate_tokens(site, json=json)
    elif finish:
        _finish(site, json=json)
    else:
        _rotate(site, json=json)


def _rotate(site: Site, *, json: bool) -> None:
    from digest.pipeline.rotate import DATA, rotate_data_key

    with progress_bar("Sealing", quiet=json) as report:
        done = rotate_data_key(site.config, report=report)
    if json:
        print_json(done.document())
    elif done.to_set:
        _tell_to_set(DATA, done.to_set)
    else:
        texts = sum(done.sealed.values())
        new = "A new key: " if done.new_key else ""
        say(f"{new}{counted(texts, 'text is', 'texts are')} stored anew.")
        if done.old_keys:
            say(
                "Then `digest keys rotate --finish` drops the old key. Backups made before need it."
            )
    _refuse_unreadable(done.unreadable)


def _finish(site: Site, *, json: bool) -> None:
    from digest.pipeline.rotate import drop_old_keys

    done = drop_old_keys(site.config)
    if json:
        print_json(done.document())
    elif done.old_keys:
        say(f"{done.old_keys} old keys still seal something: run `digest keys rotate` first.")
    else:
        say("No old data key is left in the key file.")


def _rotate_tokens(site: Site, *, json: bool) -> None:
    from digest.pipeline.rotate import TOKENS, rotate_tokens

    to_set = rotate_tokens(site.config, site.keys)
    if json:
        print_json({"done": not to_set, **({"to_set": to_set} if to_set else {})})
    elif to_set:
        _tell_to_set(TOKENS, to_set)
    else:
        say("Links are signed with a new key; older ones work on. Now restart `digest run`.")


def _tell_to_set(name: str, key: str) -> None:
    say(f"{name} comes from the environment. Put this key first there, keep the others after it:")
    say(f"{name}={key},$" + name)
    say("Restart everything that runs with it, then run this again.")


def _refuse_unreadable(texts: int) -> None:
    if texts:
        raise Refused(
            f"{counted(texts, 'text')} cannot be opened with our data keys; nothing is changed",
            where="DIGEST_DATA_KEY",
            mend="Put the key that sealed them back, after the newest one and a comma",
        )
