"""What PostgreSQL enforces for the parks, derived from the models after every migration.

Idempotent: only what is missing or different is made, so that it may run on a live system. Rules in words
are in docs/ARCHITECTURE.md (tenancy).
"""

from __future__ import annotations

import hashlib
from typing import Any

from django.apps import apps
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from .tenancy import ManyRows, ParkForeignKey, ParkModel

WEB_ROLE = "innovscore_web"
WORKER_ROLE = "innovscore_worker"
APP_ROLES = f"{WEB_ROLE}, {WORKER_ROLE}"
HERE = "park_id = nullif(current_setting('app.park_id', true), '')::bigint"
READ_ONLY_TABLES = ("django_migrations", "django_content_type")
COUNT_AGAIN = "autovacuum_analyze_threshold=1"

APPEND_ONLY = """
CREATE OR REPLACE FUNCTION parks_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""


def park_models() -> list[type[ParkModel]]:
    """Every model whose rows belong to a park."""
    return [model for model in apps.get_models() if issubclass(model, ParkModel)]


def build(connection: BaseDatabaseWrapper) -> None:
    """Bring walls, grants and composite keys up to the models. Does nothing when not run as the owner."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_userbyid(relowner) = current_user FROM pg_class WHERE oid = to_regclass('parks_park')"
        )
        row = cursor.fetchone()
        if not row or not row[0]:
            return
        cursor.execute(APPEND_ONLY)
        _grant_shared_tables(cursor)
        for model in park_models():
            _wall(cursor, model)
            _grants(cursor, model)
            _append_only(cursor, model)
            _statistics(cursor, model)
        for model in park_models():
            _composite_keys(cursor, model)


def _tenancy(model: type[ParkModel], name: str, default: Any) -> Any:
    return getattr(model.Tenancy, name, default)


def _grant_shared_tables(cursor: Any) -> None:
    tenant = {model._meta.db_table for model in park_models()}
    cursor.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user"
    )
    for (table,) in cursor.fetchall():
        if table in tenant:
            continue
        cursor.execute(f'REVOKE ALL ON "{table}" FROM {APP_ROLES}')
        rights = "SELECT" if table in READ_ONLY_TABLES else "SELECT, INSERT, UPDATE, DELETE"
        cursor.execute(f'GRANT {rights} ON "{table}" TO {APP_ROLES}')
    cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {APP_ROLES}")


def policies(model: type[ParkModel]) -> dict[str, str]:
    """The row-level security policies of a model: name (ends in a digest of the text) -> definition."""
    texts = {"park": f"USING ({HERE}) WITH CHECK ({HERE})"}
    visible = _tenancy(model, "visible", "")
    if visible:
        texts["visible"] = f"FOR SELECT USING ({visible})"
    if _tenancy(model, "worker_sees_all", False):
        texts["worker"] = f"TO {WORKER_ROLE} USING (true) WITH CHECK (true)"
    return {f"{name}_{hashlib.sha256(text.encode()).hexdigest()[:8]}": text for name, text in texts.items()}


def _wall(cursor: Any, model: type[ParkModel]) -> None:
    table = model._meta.db_table
    cursor.execute(
        "SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE oid = %s::regclass", [table]
    )
    if not cursor.fetchone()[0]:
        cursor.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY')
    cursor.execute(
        "SELECT policyname FROM pg_policies WHERE schemaname = 'public' AND tablename = %s", [table]
    )
    present = {name for (name,) in cursor.fetchall()}
    wanted = policies(model)
    for name in present - wanted.keys():
        cursor.execute(f'DROP POLICY "{name}" ON "{table}"')
    for name in wanted.keys() - present:
        cursor.execute(f'CREATE POLICY "{name}" ON "{table}" {wanted[name]}')


def _statistics(cursor: Any, model: type[ParkModel]) -> None:
    """Small tables are counted again after any change: uncounted, PostgreSQL takes each for one row of the park and joins
    a dozen loans by their cross product. Tables of many rows are counted by their share of changes as usual."""
    if issubclass(model, ManyRows):
        return
    table = model._meta.db_table
    cursor.execute("SELECT reloptions FROM pg_class WHERE oid = %s::regclass", [table])
    if COUNT_AGAIN not in (cursor.fetchone()[0] or ()):
        cursor.execute(f'ALTER TABLE "{table}" SET ({COUNT_AGAIN})')


def _grants(cursor: Any, model: type[ParkModel]) -> None:
    table = model._meta.db_table
    cursor.execute(f'REVOKE ALL ON "{table}" FROM {APP_ROLES}')
    usual = "select, insert" if _tenancy(model, "append_only", False) else "select, insert, update, delete"
    cursor.execute(f'GRANT {_tenancy(model, "grants", usual)} ON "{table}" TO {APP_ROLES}')
    updates = _tenancy(model, "updates", ())
    if updates:
        columns = ", ".join(f'"{_column(model, name)}"' for name in updates)
        cursor.execute(f'GRANT UPDATE ({columns}) ON "{table}" TO {APP_ROLES}')


def _column(model: type[ParkModel], name: str) -> str:
    field = model._meta.get_field(name)
    return str(field.column)  # type: ignore[union-attr]  # a column of its own, or it could not be granted


def _append_only(cursor: Any, model: type[ParkModel]) -> None:
    if not _tenancy(model, "append_only", False):
        return
    table = model._meta.db_table
    cursor.execute(
        "SELECT 1 FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname = 'append_only'", [table]
    )
    if cursor.fetchone():
        return
    cursor.execute(
        f'CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON "{table}" '
        "FOR EACH ROW EXECUTE FUNCTION parks_refuse_change()"
    )


def composite_keys(model: type[ParkModel]) -> dict[str, tuple[str, str]]:
    """Composite foreign keys of a model: constraint name -> (column, target table)."""
    keys = {}
    for field in model._meta.get_fields():
        if isinstance(field, ParkForeignKey):
            target: type[models.Model] = field.related_model  # resolved by now
            digest = hashlib.sha256(f"{model._meta.db_table}.{field.column}".encode()).hexdigest()[:10]
            keys[f"park_fk_{field.column[:30]}_{digest}"] = (field.column, target._meta.db_table)
    return keys


def _composite_keys(cursor: Any, model: type[ParkModel]) -> None:
    table = model._meta.db_table
    for name, (column, target) in composite_keys(model).items():
        cursor.execute(
            "SELECT 1 FROM pg_constraint WHERE conrelid = %s::regclass AND conname = %s", [table, name]
        )
        if cursor.fetchone():
            continue
        _unique_park_id(cursor, target)
        cursor.execute(
            f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" FOREIGN KEY (park_id, "{column}") '
            f'REFERENCES "{target}" (park_id, id) DEFERRABLE INITIALLY IMMEDIATE NOT VALID'
        )
        cursor.execute(f'ALTER TABLE "{table}" VALIDATE CONSTRAINT "{name}"')


def _unique_park_id(cursor: Any, table: str) -> None:
    cursor.execute(
        "SELECT 1 FROM pg_constraint WHERE conrelid = %s::regclass AND conname = %s",
        [table, f"{table}_park_key"],
    )
    if not cursor.fetchone():
        cursor.execute(f'ALTER TABLE "{table}" ADD CONSTRAINT "{table}_park_key" UNIQUE (park_id, id)')
