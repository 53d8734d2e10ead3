"""Whether a firm agrees to be shown in public."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from innovscore.core.problems import Conflict, Forbidden
from parks import audit
from parks.actors import Actor

from ..models import Enterprise
from ..queries import enterprises
from ..signals import publication_declared


def declare(*, by: Actor, refuses: bool) -> Enterprise:
    """The firm refuses to be shown on boards, or takes its refusal back. What was published stays; boards to come follow it.

    Raises Conflict when that is what it declares already.
    """
    if by.person_id is None:
        raise Forbidden(code="person_needed", message=_("须由企业的经办人或法定代表人本人提交。"))
    firm = enterprises.own_or_404(by)
    with transaction.atomic():
        row = Enterprise.objects.select_for_update().get(pk=firm.pk)
        if row.publication_refused == refuses:
            raise Conflict(code="declared_already", message=_("这已经是本企业现在的声明。请刷新页面。"))
        row.publication_refused = refuses
        row.save(update_fields=["publication_refused"])
        action = "enterprise.publication_refused" if refuses else "enterprise.publication_agreed"
        audit.record(by=by, action=action, obj=row, after={"publication_refused": refuses})
        publication_declared.send(sender=Enterprise, enterprise=row, by=by)
    return row
