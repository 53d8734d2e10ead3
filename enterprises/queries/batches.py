from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from innovscore.core.problems import NotFound

from ..models import DepartmentBatch


def all_batches() -> QuerySet[DepartmentBatch]:
    """Batches of department data, newest first."""
    return DepartmentBatch.objects.select_related("job").order_by("-pk")


def get(batch_id: int) -> DepartmentBatch:
    """A batch of the park; raises NotFound."""
    batch = all_batches().filter(pk=batch_id).first()
    if batch is None:
        raise NotFound(code="not_found", message=_("没有这个批次。"))
    return batch
