"""The registry of R&D platforms goes into the score as a batch of department data; there is no other way."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from enterprises.queries import cycles
from enterprises.services import departments
from innovscore.core.problems import Refused
from parks.actors import Actor
from parks.clock import db_today

from ..models import PlatformFeed
from ..queries import feeds

SOURCE = "sti"
"""The department whose list this is: science and technology."""


def make(*, by: Actor, year: int) -> int:
    """The platforms valid on the year's last day as a batch, checked like every file; a person writes it. Its number.

    Raises NotFound without that year, Refused when no platform counts.
    """
    cycle, day = cycles.of_year(year), feeds.day_of(year, db_today())
    text = feeds.text_of(year, day)
    if not text:
        raise Refused(code="nothing_counts", message=_("没有可计入指标的有效平台。"))
    with transaction.atomic():
        batch = departments.upload(
            by=by, cycle=cycle, source=SOURCE, as_of=day, data=text.encode(), filename=f"platforms-{day}.csv"
        )
        PlatformFeed.objects.get_or_create(batch=batch, park_id=by.park_id, defaults={"day": day})
    return batch.pk


def refuse_if_changed(*, batch_id: int) -> None:
    """A batch that was made here is written only while the registry still says so. Raises Refused."""
    feed = PlatformFeed.objects.filter(batch_id=batch_id).select_related("batch").first()
    if feed and (why := feeds.changed_since(feed)):
        raise Refused(code="platforms_changed", message=why)
