"""Two walls: managers that refuse without a scope, and the database itself."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError

from parks import walls
from parks.models import Job, Membership, SubPark
from parks.scope import OutsideParkScope, park_scope
from parks.tenancy import ManyRows
from tests.conftest import owner_connection

pytestmark = pytest.mark.django_db


def test_tenant_rows_cannot_be_asked_for_outside_a_park() -> None:
    with pytest.raises(OutsideParkScope):
        SubPark.objects.count()


def test_the_second_wall_shows_only_rows_of_the_park(park: Any, other_park: Any) -> None:
    with park_scope(park.pk):
        SubPark.objects.create(code="core", name="核心区")
    with park_scope(other_park.pk):
        assert SubPark.everywhere.count() == 0
    assert SubPark.everywhere.count() == 0
    with park_scope(park.pk):
        assert SubPark.everywhere.count() == 1


def test_a_row_cannot_be_written_into_another_park(park: Any, other_park: Any) -> None:
    with park_scope(park.pk), pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        SubPark.objects.create(park=other_park, code="core", name="核心区")


def test_a_key_cannot_point_into_another_park(park: Any, other_park: Any) -> None:
    from enterprises.models import DepartmentBatch

    with park_scope(other_park.pk):
        foreign = Job.objects.create(kind="x", dedupe_key="x")
    with park_scope(park.pk), pytest.raises(IntegrityError), transaction.atomic():
        DepartmentBatch.objects.create(
            year=2025, source="tax", as_of="2026-06-01", filename="a", sha256="0" * 64, job_id=foreign.pk
        )


def test_every_tenant_table_has_forced_row_level_security_and_foreign_owner(park: Any) -> None:
    tables = [model._meta.db_table for model in walls.park_models()]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, relrowsecurity AND relforcerowsecurity, pg_get_userbyid(relowner) = current_user "
            "FROM pg_class WHERE relname = ANY(%s)",
            [tables],
        )
        found = {name: (forced, own) for name, forced, own in cursor.fetchall()}
        cursor.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False, False)
    assert found == dict.fromkeys(tables, (True, False))


def test_every_table_with_a_park_column_is_behind_the_wall(park: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.columns WHERE column_name = 'park_id' AND table_schema = 'public'"
        )
        with_park = {name for (name,) in cursor.fetchall()}
    assert with_park == {model._meta.db_table for model in walls.park_models()}


def test_small_tenant_tables_are_counted_after_any_change(park: Any) -> None:
    """Uncounted, a dozen loans were joined by their cross product: seconds for a list."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND 'autovacuum_analyze_threshold=1' = ANY(reloptions)"
        )
        counted = {name for (name,) in cursor.fetchall()}
    small = {model._meta.db_table for model in walls.park_models() if not issubclass(model, ManyRows)}
    assert counted == small


def test_switching_the_wall_off_shows_foreign_rows(live_db: None, park: Any, other_park: Any) -> None:
    """The guard is real: without the policy the same read leaks."""
    with park_scope(park.pk):
        SubPark.objects.create(code="core", name="核心区")
    with owner_connection() as owner, owner.cursor() as cursor:
        cursor.execute("ALTER TABLE parks_subpark DISABLE ROW LEVEL SECURITY")
        try:
            with park_scope(other_park.pk):
                assert SubPark.everywhere.count() == 1
        finally:
            cursor.execute("ALTER TABLE parks_subpark ENABLE ROW LEVEL SECURITY")
    with park_scope(other_park.pk):
        assert SubPark.everywhere.count() == 0


def test_people_see_their_own_memberships_of_every_park(park: Any, other_park: Any, actors: Any) -> None:
    from parks.queries import memberships

    one = actors("bank_maker", park)
    with park_scope(other_park.pk):
        Membership.objects.create(
            account_id=one.account_id,
            organisation_id=one.organisation_id,
            role="bank_maker",
            starts_on="2020-01-01",
        )
    actors("bank_maker", other_park)
    codes = {m.park.code for m in memberships.of_account(account_id=one.account_id)}
    assert codes == {"cq", "hz"}
