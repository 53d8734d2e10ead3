from __future__ import annotations

from django.db.models import BooleanField, ExpressionWrapper, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext as _

from innovscore.core.digest import sha256_hex
from innovscore.core.problems import NotFound

from ..models import DepartmentBatch, DepartmentValue, RegisterRecord, SourceMapping
from ..states import BatchState


def all_batches() -> QuerySet[DepartmentBatch]:
    """Batches of department data, newest first."""
    return DepartmentBatch.objects.select_related("job").order_by("-pk")


def get(batch_id: int) -> DepartmentBatch:
    """A batch of the park; raises NotFound."""
    batch = all_batches().filter(pk=batch_id).first()
    if batch is None:
        raise NotFound(code="not_found", message=_("没有这个批次。"))
    return batch


def history(*, uscc: str, year: int) -> QuerySet[DepartmentValue]:
    """Every value that departments gave for a firm and year, newest first an input; `place` 1 is the one in force.

    Values of batches that were withdrawn stand at the end with no claim to be in force.
    """
    order = [F("is_applied").desc(), F("as_of").desc(), F("pk").desc()]
    return (
        DepartmentValue.objects.filter(uscc=uscc, year=year)
        .select_related("batch")
        .annotate(
            is_applied=ExpressionWrapper(Q(batch__state=BatchState.APPLIED), output_field=BooleanField())
        )
        .annotate(place=Window(RowNumber(), partition_by=[F("code")], order_by=order))
        .order_by("code", "place")
    )


def entries_of(batch_id: int, code: str) -> dict[str, list[dict[str, str]]]:
    """The lists that a batch gave for an input, by USCC."""
    rows = DepartmentValue.objects.filter(batch_id=batch_id, code=code, entries__isnull=False)
    return {row.uscc: row.entries or [] for row in rows}


def is_of(batch: DepartmentBatch, data: bytes) -> bool:
    """Whether a batch was made of this file."""
    return batch.sha256 == sha256_hex(data)


def saved_mapping(source: str) -> SourceMapping | None:
    """The columns remembered for a department."""
    return SourceMapping.objects.filter(source=source).first()


def register_record(uscc: str) -> RegisterRecord | None:
    """What the newest extract of the market-regulation register says of a firm."""
    return (
        RegisterRecord.objects.filter(uscc=uscc, batch__state=BatchState.APPLIED)
        .order_by("-as_of", "-pk")
        .first()
    )
