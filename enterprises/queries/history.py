"""What happened to a value: read from the audit trail, in words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext_lazy as _

from parks.models import AuditEvent

from ..models import DeclaredValue

WORDS = {
    "value.confirmed": _("确认"),
    "value.corrected": _("更正"),
    "value.correction_withdrawn": _("撤回更正"),
    "value.zero_confirmed": _("确认为 0"),
    "value.not_applicable": _("声明不适用"),
    "value.explained": _("说明"),
    "value.accept": _("采信"),
    "value.keep": _("维持部门数据"),
    "value.adjust": _("调整"),
    "value.mark": _("标记退回"),
    "value.undo": _("撤销核定"),
    "value.imported": _("由 Excel 写入"),
    "value.import_undone": _("撤销 Excel 写入"),
}
MOST = 20


@dataclass(frozen=True, slots=True)
class Change:
    """A line of the history."""

    at: Any
    who: str
    what: Any
    amount: Decimal | None
    reason: str


def of_value(value: DeclaredValue) -> list[Change]:
    """The latest changes of a value, newest first."""
    rows = AuditEvent.objects.filter(
        object_type="enterprises.declaredvalue", object_id=str(value.pk), action__in=list(WORDS)
    ).order_by("-seq")[:MOST]
    return [
        Change(row.at, row.person_name, WORDS[row.action], _amount(row.after), row.reason) for row in rows
    ]


def _amount(after: str) -> Decimal | None:
    amount = json.loads(after or "{}").get("amount")
    try:
        return None if amount is None else Decimal(str(amount))
    except InvalidOperation:
        return None
