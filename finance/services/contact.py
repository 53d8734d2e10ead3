"""The first contact: a bank promises to be in touch within one working day. Who is told when it is not.

From the end of that day on the bank's officers and the park, once; after five working days the bank's checkers and the
park again, and the enterprise. The park is told the bank and the number, never the enterprise.
"""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from parks.actors import Actor
from parks.clock import BEIJING, db_now
from parks.models import Notification
from parks.outbox import notify, notify_roles
from parks.roles import Role
from parks.workdays import deadline_after

from .. import rules
from ..models import Application
from ..queries import applications as queries

DEADLINE = Notification.Kind.DEADLINE
FURTHER_DAYS = rules.STALE_WORKING_DAYS - rules.CONTACT_WORKING_DAYS


def late() -> list[int]:
    """Applications whose enterprise waits for a first contact that is due."""
    return list(queries.uncontacted(db_now()).order_by("pk").values_list("pk", flat=True))


def remind(*, by: Actor, application_id: int) -> bool:
    """Tell those who have to act; True when somebody was told anything new."""
    now = db_now()
    rows = queries.uncontacted(now).select_related("organisation", "product_version__product", "enterprise")
    application = rows.filter(pk=application_id).first()
    if application is None:
        return False
    told = _tell_of_delay(application, by.park_code)
    if now >= deadline_after(application.contact_due_at, FURTHER_DAYS):
        told = _tell_of_silence(application, by.park_code) or told
    return told


def _words(application: Application) -> dict[str, str]:
    return {
        "number": application.number,
        "bank": application.organisation.name,
        "product": application.product_version.product.name,
        "due": f"{application.contact_due_at.astimezone(BEIJING):%Y-%m-%d %H:%M}",
    }


def _tell_of_delay(application: Application, park: str) -> bool:
    words, key = _words(application), f"contact-late:{application.pk}"
    of_bank = notify_roles(
        Role.BANK_MAKER, Role.BANK_CHECKER, organisation_id=application.organisation_id, kind=DEADLINE, dedupe_key=key,
        text=_("申请 %(number)s 的首次联系期限 %(due)s 已过。请尽快联系企业，并在申请页记录。") % words,
        url=reverse("finance:bank_application", args=[park, application.pk]),
    )  # fmt: skip
    of_park = notify_roles(
        Role.PARK_ADMIN, kind=DEADLINE, dedupe_key=key, url=reverse("finance:office", args=[park]),
        text=_("%(bank)s 还没有联系“%(product)s”申请 %(number)s 的企业，1 个工作日的期限已过。") % words,
    )  # fmt: skip
    return bool(of_bank or of_park)


def _tell_of_silence(application: Application, park: str) -> bool:
    words, key = _words(application), f"contact-stale:{application.pk}"
    of_bank = notify_roles(
        Role.BANK_CHECKER, organisation_id=application.organisation_id, kind=DEADLINE, dedupe_key=key,
        text=_("申请 %(number)s 提交 5 个工作日仍未联系企业，园区已收到通知。请督促客户经理。") % words,
        url=reverse("finance:bank_application", args=[park, application.pk]),
    )  # fmt: skip
    of_park = notify_roles(
        Role.PARK_ADMIN, kind=DEADLINE, dedupe_key=key, url=reverse("finance:office", args=[park]),
        text=_("%(bank)s 5 个工作日没有联系“%(product)s”申请 %(number)s 的企业，请督促。") % words,
    )  # fmt: skip
    of_firm = notify(
        organisation_id=application.enterprise.organisation_id, kind=DEADLINE, dedupe_key=f"{key}:firm",
        text=_("%(bank)s 5 个工作日没有就申请 %(number)s 联系贵企业，园区已收到通知。贵企业也可以撤回申请，选择其他产品。") % words,
        url=reverse("finance:loan", args=[park, application.pk]),
    )  # fmt: skip
    return bool(of_bank or of_park or of_firm)
