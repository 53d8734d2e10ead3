"""Handing a dimension of a declaration to a colleague of the firm."""

from __future__ import annotations

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from innovscore.core.problems import NotFound, Refused
from parks import audit, outbox
from parks.actors import Actor
from parks.clock import db_now
from parks.queries import memberships
from parks.roles import ENTERPRISE

from ..models import Declaration, Delegation
from .declarations import editable


def delegate(
    *, by: Actor, declaration: Declaration, dimension: str, person_id: int, note: str = ""
) -> Delegation:
    """Put a dimension into the hands of a colleague (an agent or signatory of the same firm) and tell them."""
    with transaction.atomic():
        locked = editable(declaration)
        colleague = (
            memberships.of_organisation(locked.enterprise.organisation_id)
            .filter(account__person_id=person_id, role__in=ENTERPRISE)
            .first()
        )
        if colleague is None:
            raise Refused(
                code="no_colleague", field="person", message=_("请选择本企业的一位经办人或法定代表人。")
            )
        row, _created = Delegation.objects.update_or_create(
            declaration=locked,
            dimension=dimension,
            defaults={
                "person_ref": person_id,
                "person_name": colleague.account.person.name,
                "note": note.strip()[:300],
                "assigned_by_name": by.person_name,
                "assigned_at": db_now(),
                "finished_at": None,
            },
        )
        url = reverse(
            "enterprises:section",
            kwargs={"park": by.park_code, "year": locked.cycle.year, "dimension": dimension},
        )
        outbox.notify(
            organisation_id=locked.enterprise.organisation_id, person_ref=person_id, kind="task", url=url,
            text=_("%(who)s 请您填写 %(year)s 年度申报的一部分。") % {"who": by.person_name, "year": locked.cycle.year},
        )  # fmt: skip
        audit.record(
            by=by, action="dimension.delegated", obj=row, after={"dimension": dimension, "person": person_id}
        )
    return row


def finish(*, by: Actor, declaration: Declaration, dimension: str) -> None:
    """The colleague says that the part is done; who delegated it sees so in the task list."""
    with transaction.atomic():
        locked = editable(declaration)
        row = Delegation.objects.filter(declaration=locked, dimension=dimension).first()
        if row is None:
            raise NotFound(code="not_delegated", message=_("这一部分没有委派。"))
        row.finished_at = db_now()
        row.save(update_fields=["finished_at"])
        audit.record(by=by, action="dimension.finished", obj=row, after={"dimension": dimension})


def take_back(*, by: Actor, declaration: Declaration, dimension: str) -> None:
    """End a delegation; what the colleague filled in stays."""
    with transaction.atomic():
        locked = editable(declaration)
        row = Delegation.objects.filter(declaration=locked, dimension=dimension).first()
        if row is not None:
            audit.record(by=by, action="dimension.taken_back", obj=row, before={"person": row.person_ref})
            row.delete()
