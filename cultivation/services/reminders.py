"""What ends soon is told to the firm in time."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from parks import outbox
from parks.actors import Actor
from parks.models import Notification

from ..queries import facts, ladder, matching_facts

STEPS = (60, 20, 5)
"""Working days before a qualification ends: a renewal takes months, so the first word comes early."""
FACT_DAYS = 20
"""The same for a figure that the firm stated."""


def remind(*, by: Actor) -> int:
    """Tell of qualifications that end soon, once a step, and of stated figures, once. Run again it tells nothing. Returns how many."""
    url = reverse("cultivation:growth", kwargs={"park": by.park_code})
    told = 0
    for firm, version, held in ladder.ending(matching_facts.firms(), within=STEPS[0]):
        step = min(days for days in STEPS if (held.left or 0) <= days)
        told += outbox.notify(
            organisation_id=firm.organisation_id, kind=Notification.Kind.DEADLINE, url=url,
            text=_("“%(what)s”到 %(day)s 为止有效，还有 %(n)s 个工作日，请准备复审或重新认定。")
            % {"what": held.label, "day": held.until, "n": held.left},
            dedupe_key=f"qualification:{firm.id}:{version.policy_id}:{held.until}:D-{step}",
        )  # fmt: skip
    for row, left in facts.ending(FACT_DAYS):
        told += outbox.notify(
            organisation_id=row.enterprise.organisation_id, kind=Notification.Kind.DEADLINE,
            url=reverse("cultivation:own_fact", kwargs={"park": by.park_code, "code": row.code}),
            text=_("企业自报的“%(what)s”到 %(day)s 为止有效，还有 %(n)s 个工作日，请更新。")
            % {"what": row.label, "day": row.until, "n": left},
            dedupe_key=f"fact:{row.pk}",
        )  # fmt: skip
    return told
