"""The register of public money: one standing entry for a firm and a thing, whichever room gives it."""

from __future__ import annotations

from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from innovscore.core.problems import Conflict

from ..clock import db_now
from ..models import Benefit


def hold(*, organisation_id: int, scheme: str, subject: str, label: str, amount: Decimal) -> None:
    """Enter what a firm is going to get for a thing (yuan). Raises Conflict when it stands there already."""
    try:
        with transaction.atomic():
            Benefit.objects.create(
                organisation_id=organisation_id,
                scheme=scheme,
                subject=subject[:200],
                label=label[:200],
                amount=amount,
            )
    except IntegrityError as error:
        raise Conflict(code="benefit_held", message=_("同一事项已享受或正在申请，不能重复。")) from error


def let_go(*, organisation_id: int, subject: str) -> None:
    """The firm does not get it after all, or gave it back; nothing to do when it was never entered."""
    standing = Benefit.objects.filter(
        organisation_id=organisation_id, subject=subject[:200], ended_at__isnull=True
    )
    standing.update(ended_at=db_now())
