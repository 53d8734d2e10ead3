"""Further boards of a park: made once, never changed; switched off when they are no longer wanted."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from innovscore.core.problems import NotFound, Refused
from parks import audit
from parks.actors import Actor

from ..models import BoardDefinition


def make(*, by: Actor, fields: dict[str, Any], taken: set[str]) -> BoardDefinition:
    """Add a further board. Raises Refused when the code is taken by the scheme or another board."""
    code = fields["code"]
    if code in taken or BoardDefinition.objects.filter(code=code).exists():
        raise Refused(code="code_taken", field="code", message=_("这个代号已经用过，请换一个。"))
    with transaction.atomic():
        row = BoardDefinition.objects.create(**fields, made_by_ref=by.person_id, made_by_name=by.person_name)
        audit.record(by=by, action="board.defined", obj=row, after={"code": code, **row.as_rule()})
    return row


def switch(*, by: Actor, definition_id: int, on: bool) -> None:
    """Take a board out of the yearly list, or back into it; its editions stay."""
    with transaction.atomic():
        row = BoardDefinition.objects.select_for_update().filter(pk=definition_id).first()
        if row is None:
            raise NotFound(code="no_such_board", message=_("没有这个榜单。"))
        row.is_active = on
        row.save(update_fields=["is_active"])
        audit.record(by=by, action="board.switched_on" if on else "board.switched_off", obj=row)
