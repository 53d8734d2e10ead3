"""Before a letter of authority 授权委托书 ends, agent and legal representative are told: a month and a week before."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse
from django.utils.translation import gettext as _

from parks import outbox
from parks.actors import Actor
from parks.clock import db_today
from parks.models import Notification
from parks.roles import Role

from ..models import AgentLetter
from ..queries import authority

STEPS = (30, 7)
"""Days before the end, both calendar days as in the letter itself."""


def remind(*, by: Actor) -> int:
    """Tell of all letters that end soon, once a letter and step; running it again tells nothing. Returns how many."""
    today = db_today()
    return sum(_remind(by, letter, today) for letter in authority.ending(today, within=STEPS[0]))


def _remind(by: Actor, letter: AgentLetter, today: dt.date) -> int:
    lasts = (letter.ends_on - letter.starts_on).days
    left = (letter.ends_on - today).days
    step = min((days for days in STEPS if left <= days < lasts), default=None)
    if step is None:
        return 0
    last_day = letter.ends_on - dt.timedelta(days=1)
    key, home = f"letter:{letter.pk}:D-{step}", letter.membership.organisation_id
    to_agent = outbox.notify(
        organisation_id=home, person_ref=letter.membership.account.person_id, kind=Notification.Kind.DEADLINE,
        text=_("您的授权到 %(day)s 为止，还有 %(n)s 天。如需继续，请法定代表人在“人员与授权”中重新授权。")
        % {"day": last_day.isoformat(), "n": left},
        url=reverse("enterprises:people", kwargs={"park": by.park_code}), dedupe_key=f"{key}:agent",
    )  # fmt: skip
    to_signatory = outbox.notify(
        organisation_id=home, role=Role.ENTERPRISE_SIGNATORY, kind=Notification.Kind.DEADLINE,
        text=_("%(who)s 的授权到 %(day)s 为止，还有 %(n)s 天。如需继续，请重新授权。")
        % {"who": letter.agent_name, "day": last_day.isoformat(), "n": left},
        url=reverse("enterprises:letter", kwargs={"park": by.park_code, "membership_id": letter.membership_id}),
        dedupe_key=f"{key}:signatory",
    )  # fmt: skip
    return int(to_agent or to_signatory)
