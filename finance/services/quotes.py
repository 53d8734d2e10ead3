"""An enterprise asks for its line to be computed anew."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from enterprises.queries import enterprises
from innovscore.core.problems import Conflict, NotFound
from parks.actors import Actor

from ..models import Consent, CreditLine
from ..queries import consents, products
from . import lines


def request(*, by: Actor, product_code: str) -> CreditLine | None:
    """Quote the own line again; needs an active consent. None when no line can be given now."""
    with transaction.atomic():
        enterprise = enterprises.own(by)
        if enterprise is None:
            raise NotFound(code="no_enterprise", message=_("您的单位还没有在本园区登记企业。"))
        version = products.active_version(product_code)
        consent = consents.active_for(enterprise.pk, version.product_id)
        if consent is None:
            raise Conflict(code="consent_missing", message=_("请先授权银行查询，再测算授信额度。"))
        Consent.objects.select_for_update().get(pk=consent.pk)
        return lines.requote(by=by, enterprise_id=enterprise.pk, version=version, consent=consent)
