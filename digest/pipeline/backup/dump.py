"""Dump: rows of one snapshot as JSON lines, and lines as rows; the same on both databases.

    {"table": "subscribers_subscriber", "columns": ["id", "address", …]}
    [1, "AQ…", …]

In: the open database. Out: lines, or rows. Times are ISO 8601 with their offset, bytes base64, and
sealed columns stay as they lie: neither way opens an address. What a session holds is left out:
everybody of the studio signs in again. SQL is made of our own tables' names alone.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, TypeAlias

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.db.migrations.loader import MigrationLoader

from digest.errors import Refused

APPS = ("contenttypes", "auth", "subscribers", "digest")
OURS = ("subscribers", "digest")  # a database with rows of these holds data
ROWS = 500  # read and written at once
Model: TypeAlias = type[models.Model]
Field: TypeAlias = "models.Field[Any, Any]"


def tables() -> list[Model]:
    """Every table that a backup holds, those between two others too."""
    return [model for app in APPS for model in _models_of(app)]


def schema() -> list[str]:
    """The names of the migrations that this version's tables have."""
    found = MigrationLoader(None).disk_migrations or {}
    return sorted(f"{app}.{name}" for app, name in found if app in APPS)


def counts() -> dict[str, int]:
    """Table → rows, as of now or of the snapshot that is open."""
    return {model._meta.db_table: model._base_manager.count() for model in tables()}


def holds_data() -> bool:
    """Whether anything of the newsletter or its readers is in the database.

    Accounts of the studio alone are none: `digest init` makes one.
    """
    return any(model._base_manager.exists() for app in OURS for model in _models_of(app))


@contextmanager
def snapshot() -> Iterator[None]:
    """All reads inside see one state, and keep no writer waiting.

    Raises Refused inside a transaction, which has begun to see another.
    """
    if connection.in_atomic_block:
        raise Refused("a backup cannot be taken inside a transaction")
    if connection.vendor == "sqlite":
        # By hand: Django's own would take the write lock (project/database.py).
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def lines() -> Iterator[bytes]:
    """Every table's head and rows. Inside `snapshot`, in bounded memory."""
    for model in tables():
        meta = model._meta
        columns = [field.column for field in meta.concrete_fields]
        yield _json({"table": meta.db_table, "columns": columns})
        for row in _rows(model):
            yield _json(row)


def load(lines: Iterable[bytes], through: Callable[[int], None]) -> None:
    """Put the rows of such lines into empty tables; `through` is told how many each time.

    In one transaction, which is the caller's. Raises Refused for a table that is not ours.
    """
    known = {model._meta.db_table: model for model in tables()}
    insert: Callable[[list[list[Any]]], None] = _refuse_rows
    batch: list[list[Any]] = []
    for line in lines:
        found = json.loads(line)
        if isinstance(found, list):
            batch.append(found)
        if batch and (len(batch) == ROWS or isinstance(found, dict)):
            insert(batch)
            through(len(batch))
            batch = []
        if isinstance(found, dict):
            insert = _inserting(known.get(found["table"]), found)
    if batch:
        insert(batch)
        through(len(batch))
    _number_from_here()


def empty() -> None:
    """Delete every row of every table, sessions too. In a transaction: keys are checked at its

    end.
    """
    sessions = list(apps.get_app_config("sessions").get_models())
    with connection.cursor() as cursor:
        for model in [*reversed(tables()), *sessions]:
            cursor.execute(f"DELETE FROM {_quoted(model._meta.db_table)}")  # noqa: S608


def _models_of(app: str) -> Iterator[Model]:
    return apps.get_app_config(app).get_models(include_auto_created=True)


def _rows(model: Model) -> Iterator[list[Any]]:
    """A table's rows by primary key, each value as JSON takes it."""
    meta = model._meta
    ways = [_outward(field) for field in meta.concrete_fields]
    names = ", ".join(_quoted(field.column) for field in meta.concrete_fields)
    key = _quoted(meta.pk.column)
    with connection.chunked_cursor() as cursor:
        cursor.execute(f"SELECT {names} FROM {_quoted(meta.db_table)} ORDER BY {key}")  # noqa: S608
        while some := cursor.fetchmany(ROWS):
            for row in some:
                yield [
                    None if value is None else way(value)
                    for way, value in zip(ways, row, strict=True)
                ]


def _outward(field: Field) -> Callable[[Any], Any]:
    """How a value of this column, as the database gives it, becomes one of JSON."""
    column = field.get_col(field.model._meta.db_table)
    converters = connection.ops.get_db_converters(column)
    if isinstance(field, models.BinaryField):
        return lambda value: b64encode(value).decode()
    if isinstance(field, models.JSONField):
        converters = [*converters, *field.get_db_converters(connection)]

    def way(value: Any) -> Any:
        for convert in converters:
            value = convert(value, column, connection)
        return value.isoformat() if isinstance(value, date) else value  # a datetime is one too

    return way


def _inward(field: Field) -> Callable[[Any], Any]:
    """How a value of JSON becomes what this column is given."""
    if isinstance(field, models.BinaryField):  # a sealed one is sealed already
        return b64decode
    read: Callable[[Any], Any] = lambda value: value  # noqa: E731
    if isinstance(field, models.DateTimeField):
        read = datetime.fromisoformat
    elif isinstance(field, models.DateField):
        read = date.fromisoformat
    return lambda value: field.get_db_prep_save(read(value), connection)


def _inserting(model: Model | None, head: dict[str, Any]) -> Callable[[list[list[Any]]], None]:
    fields = list(model._meta.concrete_fields) if model else []
    if model is None or [field.column for field in fields] != head["columns"]:
        raise Refused(f"this version has no table {head['table']} with those columns")
    ways = [_inward(field) for field in fields]
    names = ", ".join(_quoted(field.column) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    order = f"INSERT INTO {_quoted(model._meta.db_table)} ({names}) VALUES ({marks})"  # noqa: S608

    def insert(batch: list[list[Any]]) -> None:
        rows = [
            [None if value is None else way(value) for way, value in zip(ways, row, strict=True)]
            for row in batch
        ]
        with connection.cursor() as cursor:
            cursor.executemany(order, rows)

    return insert


def _refuse_rows(batch: list[list[Any]]) -> None:
    raise Refused("rows stand before the name of their table")


def _number_from_here() -> None:
    """New rows are numbered after those that came with their numbers (PostgreSQL's sequences)."""
    with connection.cursor() as cursor:
        for order in connection.ops.sequence_reset_sql(no_style(), tables()):
            cursor.execute(order)


def _quoted(name: str | None) -> str:
    return connection.ops.quote_name(str(name))


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
