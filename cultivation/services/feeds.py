"""The registry of R&D platforms goes into the score as a batch of department data; there is no other way."""

from __future__ import annotations

import csv
import datetime as dt
import io

from django.db import transaction
from django.utils.translation import gettext as _

from enterprises.queries import batches, cycles
from enterprises.services import departments
from enterprises.services.mappings import KEY_HEAD
from innovscore.core.problems import Refused
from parks.actors import Actor
from parks.clock import db_today

from ..models import Platform, PlatformFeed
from ..queries import feeds, platforms

SOURCE = "sti"
"""The department whose list this is: science and technology."""
NONE = "；"
"""A list without an entry: what was written before counts no more."""


def make(*, by: Actor, year: int) -> int:
    """The platforms valid on the year's last day, or today while it runs, as a batch, checked like every file; a person
    writes it. Its number.

    Raises NotFound without that year, Refused when no platform counts.
    """
    cycle, day = cycles.of_year(year), min(db_today(), dt.date(year, 12, 31))
    text = _text_of(year, day)
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
    if feed is None or batches.is_of(feed.batch, _text_of(feed.batch.year, feed.day).encode()):
        return
    message = _("生成这个批次以后，研发平台有了变化。请在“研发平台”重新生成部门数据。")
    raise Refused(code="platforms_changed", message=message)


def _text_of(year: int, day: dt.date) -> str:
    """The file: every firm with a platform that counts on the day, and those of the last batch that have none any more."""
    now = platforms.counting(day)
    last = feeds.written(year)
    gone = sorted(uscc for uscc, entries in last[1].items() if entries and uscc not in now) if last else []
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow([KEY_HEAD, feeds.INPUT])
    table.writerows((uscc, "；".join(map(_entry, rows))) for uscc, rows in now.items())
    table.writerows((uscc, NONE) for uscc in gone)
    return text.getvalue() if now or gone else ""


def _entry(row: Platform) -> str:
    """An entry of a list as department files write it: level|name|number|date."""
    return f"{platforms.counts_as(row)}|{feeds.plain(row.name)}|{feeds.plain(row.approval_number)}|{row.approved_on}"
