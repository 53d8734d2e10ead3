"""Departments' systems bring their data by themselves: the same check, writing and history as a file."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from innovscore.core.problems import Refused
from parks import idempotency
from parks.actors import Actor
from parks.idempotency import Reply

from ..models import WriteMode
from ..queries import batches, cycles
from ..services import departments
from ..services.mappings import KEY_HEAD, ColumnMapping

MOST_ROWS = 5000
KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    required=True,
    description="Made by the caller, at most 64 characters; the same key with the same body has one effect.",
)


class ListItem(serializers.Serializer):
    """An item of a list input."""

    level = serializers.CharField(max_length=64)
    rank = serializers.CharField(max_length=20, required=False)


class RowSerializer(serializers.Serializer):
    """What a department says of one firm. `values`: input code -> decimal as text (yuan for money), or list of items."""

    uscc = serializers.CharField(max_length=40)
    values = serializers.DictField(child=serializers.JSONField(), allow_empty=False)


class BulkSerializer(serializers.Serializer):
    """Rows of one department for one year; `mode` file = all or nothing, row = sound rows only."""

    source = serializers.CharField(max_length=32)  # type: ignore[assignment]  # the API calls it so
    year = serializers.IntegerField(min_value=2000, max_value=2100)
    as_of = serializers.DateField()
    mode = serializers.ChoiceField(choices=["file", "row"], default="file")
    units_confirmed = serializers.ListField(
        child=serializers.CharField(max_length=64), default=list, max_length=200,
        help_text="Input codes whose money is in yuan although it differs 10,000 times from what was known (unit_unsure).",
    )  # fmt: skip
    rows = RowSerializer(many=True, allow_empty=False, max_length=MOST_ROWS)  # type: ignore[call-arg]  # of the list


class FaultSerializer(serializers.Serializer):
    """A refused value; `row` counts from 1 as sent."""

    row = serializers.IntegerField()
    column = serializers.CharField()
    text = serializers.CharField()
    why = serializers.CharField()


class BatchSerializer(serializers.Serializer):
    """What became of a batch."""

    id = serializers.IntegerField()
    year = serializers.IntegerField()
    source = serializers.CharField()  # type: ignore[assignment]  # the API calls it so
    as_of = serializers.DateField()
    state = serializers.CharField()
    mode = serializers.CharField()
    rows_read = serializers.IntegerField()
    rows_refused = serializers.IntegerField()
    values = serializers.IntegerField()
    faults = FaultSerializer(many=True)


class DepartmentData(APIView):
    """Bring department data in bulk, at most 5,000 rows a call."""

    @extend_schema(request=BulkSerializer, responses={201: BatchSerializer}, parameters=[KEY])
    def post(self, request: Request, park: str) -> Response:
        body = BulkSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        actor: Actor = request._request.actor  # type: ignore[attr-defined]  # set by the door
        reply = idempotency.once(
            by=actor,
            route="api-enterprises:department_data",
            key=request.headers.get("Idempotency-Key", ""),
            body=body.data,
            effect=lambda: _import(actor, body.validated_data),
        )
        return Response(reply.data, status=reply.status)


class DepartmentBatch(APIView):
    """A batch of department data and what was refused of it."""

    @extend_schema(responses=BatchSerializer)
    def get(self, request: Request, park: str, batch_id: int) -> Response:
        return Response(_shown(batches.get(batch_id)))


def _import(by: Actor, data: dict[str, Any]) -> Reply:
    cycle = cycles.of_year(data["year"])
    unknown = departments.unknown_inputs(cycle, (code for row in data["rows"] for code in row["values"]))
    if unknown:
        raise Refused(code="input_unknown", field="rows", message=departments.unknown_input(unknown[0]))
    table, mapping = _as_table(data["rows"])
    mapping = replace(mapping, sure=tuple(data["units_confirmed"]))
    batch = departments.upload(
        by=by, cycle=cycle, source=_source(cycle, data["source"]), as_of=data["as_of"], data=table,
        filename="api.csv", mapping=mapping,
    )  # fmt: skip
    if batch.rows_refused and data["mode"] == WriteMode.FILE:
        raise Refused(
            code="rows_refused",
            field="rows",
            message=departments.refusal(batch.rows_refused),
            params={"errors": _faults(batch)},
        )
    if batch.report.get("row_values"):
        departments.apply(by=by, batch=batch, report=lambda *_progress: None, mode=data["mode"])
        batch.refresh_from_db()
    return Reply(status=201, data=_shown(batch))


def _source(cycle: Any, code: str) -> str:
    if code not in departments.source_codes(cycle):
        raise Refused(code="source_unknown", field="source", message=departments.unknown_source(code))
    return code


def _as_table(rows: list[dict[str, Any]]) -> tuple[bytes, ColumnMapping]:
    """The rows as the CSV that is kept, and what its columns hold: heads are input codes, money is in yuan."""
    codes = sorted({code for row in rows for code in row["values"]})
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([KEY_HEAD, *codes])
    writer.writerows([row["uscc"], *(_cell(row["values"].get(code)) for code in codes)] for row in rows)
    text = buffer.getvalue().replace("\x00", "\ufffd")
    data = text.encode("utf-8", errors="replace")
    return data, ColumnMapping(KEY_HEAD, {code: (code, "元") for code in codes})


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ";".join(_item(one) for one in value) or ";"
    return str(value)


def _item(one: Any) -> str:
    if isinstance(one, dict):
        rank = str(one.get("rank", ""))
        return str(one.get("level", "")) + (f"#{rank}" if rank else "")
    return str(one)


def _faults(batch: Any) -> list[dict[str, Any]]:
    return [
        {"row": f["row"] - 1, "column": f["column"], "text": f["text"], "why": f["why"]}
        for f in batch.report.get("faults", [])
    ]


def _shown(batch: Any) -> dict[str, Any]:
    report = batch.report
    counted = report.get("values" if batch.mode == WriteMode.CELL else "row_values", 0)
    return {
        "id": batch.pk, "year": batch.year, "source": batch.source, "as_of": batch.as_of.isoformat(), "state": batch.state,
        "mode": batch.mode, "rows_read": batch.rows_read, "rows_refused": batch.rows_refused, "values": counted,
        "faults": _faults(batch),
    }  # fmt: skip
