"""The office writes to chosen firms; who opened it is kept."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from enterprises.queries import enterprises
from innovscore.core.problems import Refused
from parks import audit
from parks.actors import Actor
from parks.clock import db_now
from parks.models import SubPark

from ..models import Broadcast, BroadcastFirm
from ..queries import broadcasts as queries
from . import telling


def send(
    *, by: Actor, title: str, text: str, stages: list[str], qualifications: list[str], sub_park: SubPark | None
) -> Broadcast:  # fmt: skip
    """Put a notice into the inbox of every firm that fits. Raises Refused when none does."""
    firms = queries.receivers(
        stages=stages, qualifications=qualifications, sub_park_id=sub_park.pk if sub_park else None
    )
    if not firms:
        raise Refused(code="nobody", message=_("没有符合这些条件的企业，请放宽条件。"))
    with transaction.atomic():
        row = Broadcast.objects.create(
            title=title, text=text, stages=stages, qualifications=qualifications, sub_park=sub_park, sent_by_name=by.person_name
        )  # fmt: skip
        BroadcastFirm.objects.bulk_create(
            [BroadcastFirm(broadcast=row, enterprise_id=firm.id) for firm in firms]
        )
        telling.tell(by=by, url=queries.own_url(row), words={title: [firm.organisation_id for firm in firms]})
        audit.record(by=by, action="notice.sent", obj=row, after={"firms": len(firms), "title": title})
    return row


def opened(*, by: Actor, broadcast_id: int) -> Broadcast:
    """Somebody of a firm reads a notice; the first one is kept."""
    row = queries.of_enterprise(broadcast_id, enterprises.own_or_404(by).pk)
    BroadcastFirm.objects.filter(pk=row.pk, read_at__isnull=True).update(
        read_at=db_now(), read_by_name=by.person_name
    )
    return row.broadcast
