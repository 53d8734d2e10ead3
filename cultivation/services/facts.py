"""What only the firm knows: stated by the firm with a paper, accepted or returned by the office."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from enterprises.queries import enterprises
from enterprises.queries import evidence as files
from enterprises.services import library
from innovscore.core.dates import add_years
from innovscore.core.problems import Conflict, Forbidden, Refused
from parks import audit, outbox
from parks.actors import Actor
from parks.clock import db_now, db_today

from ..formula import STATED
from ..models import StatedFact
from ..queries import facts as queries
from ..states import FactState
from .refusals import guarded

LARGEST = {"percent": Decimal(100), "flag": Decimal(1), "points": Decimal(100), "years": Decimal(200)}
"""Unit -> the largest figure that can be true."""


def state(
    *, by: Actor, code: str, value: Decimal, as_of: dt.date, evidence_id: int | None = None, upload: UploadedFile | None = None,
    note: str = "",
) -> StatedFact:  # fmt: skip
    """The firm states a figure in the unit of the vocabulary, with a paper of its library or a new one.

    It counts once the office accepts it. Raises Refused at the field, Conflict while an earlier one waits.
    """
    firm = enterprises.own_or_404(by)
    queries.history(firm.pk, code)
    fact, today = STATED[code], db_today()
    most = LARGEST.get(fact.unit, Decimal(10**9))
    if not 0 <= value <= most:
        raise Refused(
            code="value_range", field="value", message=_("数值应在 0 到 %(most)s 之间。") % {"most": most}
        )
    until = add_years(as_of, fact.years)
    if not as_of <= today <= until:
        message = _("截至日期不能晚于今天，也不能早于 %(n)s 年前。") % {"n": fact.years}
        raise Refused(code="as_of_range", field="as_of", message=message)
    with transaction.atomic(), guarded():
        row = StatedFact.objects.create(
            enterprise=firm, code=code, value=value, as_of=as_of, until=until, note=note, stated_by_ref=by.person_id or 0,
            stated_by_name=by.person_name, evidence_id=_paper(by, fact.zh, evidence_id, upload),
        )  # fmt: skip
        audit.record(by=by, action="fact.stated", obj=row, after={"code": code, "value": str(value)})
    return row


def _paper(by: Actor, title: str, evidence_id: int | None, upload: UploadedFile | None) -> int:
    if upload is not None:
        kept, _is_new = library.add(
            by=by, organisation_id=by.organisation_id or 0, upload=upload, title=title
        )
        return kept.pk
    if evidence_id is None:
        message = _("请上传证明材料，或从材料库中选择一份。")
        raise Refused(code="evidence_missing", field="upload", message=message)
    return files.own_file(by.organisation_id or 0, evidence_id).pk


def check(*, by: Actor, fact_id: int, accepts: bool, reason: str = "") -> StatedFact:
    """Another person compares the figure with its paper. To return it needs a reason, which the firm reads."""
    if not accepts and not reason.strip():
        raise Refused(code="reason_missing", field="reason", message=_("请写明退回的原因。"))
    queries.get(fact_id)
    with transaction.atomic(), guarded():
        row = StatedFact.objects.select_for_update(of=("self",)).select_related("enterprise").get(pk=fact_id)
        if row.state != FactState.STATED:
            raise Conflict(code="checked_already", message=_("这一条已经核对过，请刷新页面后查看。"))
        if by.person_id in (None, row.stated_by_ref):
            raise Forbidden(code="same_person", message=_("填报的人不能自己核对，请另一位同事核对。"))
        row.state = FactState.ACCEPTED if accepts else FactState.RETURNED
        row.checked_by_ref, row.checked_by_name, row.checked_at = by.person_id, by.person_name, db_now()
        row.reason = "" if accepts else reason.strip()[:300]
        row.save(update_fields=["state", "checked_by_ref", "checked_by_name", "checked_at", "reason"])
        audit.record(by=by, action=f"fact.{row.state}", obj=row, after={"code": row.code}, reason=row.reason)
        text = _("“%(what)s”已采用，有效至 %(day)s。") if accepts else _("“%(what)s”已退回：%(why)s")
        outbox.notify(
            organisation_id=row.enterprise.organisation_id, kind="decision",
            text=text % {"what": row.label, "day": row.until, "why": row.reason},
            url=reverse("cultivation:own_fact", kwargs={"park": by.park_code, "code": row.code}),
        )  # fmt: skip
    return row
