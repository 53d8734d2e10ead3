"""Tampering as the owner of the tables is found and named; nothing else may change what was published."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from parks.scope import park_scope
from rankings.queries.verification import verify
from tests.conftest import owner_connection
from tests.factories import rankings as make

pytestmark = pytest.mark.django_db

TAMPERS = {
    "name": ("rankings_publishedentry", "name = '冒名公司'", "position = 3", "第 3 行“冒名公司”"),
    "place": ("rankings_publishedentry", "place = 1", "position = 2", "第 2 行"),
    "score": ("rankings_publishedentry", "score = score + 0.0001", "position = 10", "第 10 行"),
    "uscc": ("rankings_publishedentry", "uscc = '91500000000000000X'", "position = 1", "第 1 行"),
    "stage": ("rankings_publishedentry", "stage = 'x'", "position = 5", "第 5 行"),
    "leaf": ("rankings_publishedentry", "leaf = repeat('0', 64)", "position = 4", "第 4 行"),
    "year": ("rankings_publishedboard", "year = 2024", "true", "内容摘要"),
    "eligible": ("rankings_publishedboard", "eligible = 527", "true", "内容摘要"),
    "run": ("rankings_publishedboard", "run_hash = repeat('a', 64)", "true", "运行号"),
    "root": ("rankings_publishedboard", "entries_root = repeat('a', 64)", "true", "根摘要"),
    "chain": ("rankings_publishedboard", "chain = repeat('a', 64)", "true", "发布链的摘要不符"),
    "prev": ("rankings_publishedboard", "prev = repeat('a', 64)", "true", "不接在发布链"),
    "seq": ("rankings_publishedboard", "seq = 7", "true", "发布链缺少第 1 号"),
    "state": ("rankings_publishedboard", "state = 'on_notice'", "true", "与编制的榜单不同：state"),
    "end": (
        "rankings_publishedboard",
        "notice_ends_at = notice_ends_at - interval '1 day'",
        "true",
        "与编制的榜单不同：notice_ends_at",
    ),
    "method": (
        "rankings_publishedmethod",
        "body = jsonb_set(body, '{zh}', '\"另一套\"')",
        "true",
        "评价办法与其摘要不符",
    ),
    "entry": ("rankings_boardentry", "name = '冒名公司'", "position = 3", "名单与编制的榜单不同"),
    "result": (
        "scoring_scoreresult",
        "board_scores[2] = board_scores[2] - 1",
        "board_positions[2] = 1",
        "与积分结果不一致",
    ),
}


def tamper(park_id: int, *statements: str) -> None:
    with owner_connection() as owner, owner.cursor() as cursor:
        cursor.execute("SELECT set_config('app.park_id', %s, false)", [str(park_id)])
        for statement in statements:
            cursor.execute(statement)


def test_what_was_published_verifies_and_each_tampering_is_named(live_db: None, park: Any) -> None:
    """One world, changed and restored once for each kind of tampering."""
    make.published_world(park)
    with park_scope(park.pk):
        assert list(verify()) == []
    missed = []
    for what, (table, change, where, expected) in TAMPERS.items():
        tamper(
            park.pk,
            f"CREATE TABLE kept AS SELECT * FROM {table}",
            f"ALTER TABLE {table} DISABLE TRIGGER USER",
        )
        column = change.split(" = ")[0].split("[")[0]
        try:
            tamper(park.pk, f"UPDATE {table} SET {change} WHERE {where}")
            with park_scope(park.pk):
                named = [f"{one.where}: {one.what}" for one in verify()]
            if not any(expected in text for text in named):
                missed.append((what, named))
        finally:
            tamper(
                park.pk,
                f"UPDATE {table} t SET {column} = k.{column} FROM kept k WHERE k.id = t.id",
                f"ALTER TABLE {table} ENABLE TRIGGER USER",
                "DROP TABLE kept",
            )
    assert missed == []
    with park_scope(park.pk):
        assert list(verify()) == []


def test_the_command_names_the_break_and_fails(live_db: None, park: Any) -> None:
    make.published_world(park)
    out = StringIO()
    call_command("verify_publication", "--park", "cq", stdout=out)
    assert "every published board verifies" in out.getvalue()
    tamper(park.pk, "UPDATE rankings_publishedentry SET name = '冒名公司' WHERE position = 1")
    out = StringIO()
    with pytest.raises(CommandError) as error:
        call_command("verify_publication", "--park", "cq", stdout=out)
    assert error.value.returncode == 1
    assert "2025 innovation_input #1: 第 1 行“冒名公司”" in out.getvalue()
    with pytest.raises(CommandError, match="no zone"):
        call_command("verify_publication", "--park", "nowhere")


def test_a_publication_that_was_taken_out_is_missed(live_db: None, park: Any) -> None:
    make.published_world(park)
    tamper(
        park.pk,
        "DELETE FROM rankings_publishedcurrent",
        "DELETE FROM rankings_publishedentry",
        "DELETE FROM rankings_publishedboard",
    )
    with park_scope(park.pk):
        assert [one.what for one in verify()] == ["公示过，但公开表里没有"]
