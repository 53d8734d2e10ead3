"""What firms of the demo zone state of themselves: some accepted, some waiting, one returned."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.core.files.uploadedfile import SimpleUploadedFile

from cultivation.services import facts
from enterprises.models import Enterprise
from enterprises.queries import enterprises
from parks.actors import Actor
from parks.clock import db_today
from parks.models import Park
from parks.scope import park_scope

from .papers import pdf
from .policies import firm_person

HERO = (
    ("segment_years", "8", "yes"),
    ("main_share", "93.5", "yes"),
    ("development_points", "57", "no"),
    ("market_share", "12", ""),
)
OTHERS = (
    (("segment_years", "5", "yes"), ("main_share", "88", "yes"), ("development_points", "61", "yes")),
    (("segment_years", "11", "yes"), ("main_share", "96", "yes"), ("market_share", "14.5", "yes"), ("development_points", "72", "yes")),
    (("private_funded", "1", "yes"), ("valuation_musd", "420", "yes")),
    (("ipo_sponsor", "1", ""),),
    (("main_share", "71", ""), ("emerging_product", "1", "")),
)  # fmt: skip
"""Name, figure, and what the office said: yes, no, or nothing yet."""
WHY = "请上传培育平台的得分截图"


def tell(park: Park, actors: dict[str, Actor], *, hero: Enterprise) -> None:
    """The hero and every fortieth firm."""
    with park_scope(park.pk):
        day = db_today() - dt.timedelta(days=60)
        firms = [hero, *enterprises.members().exclude(pk=hero.pk).order_by("pk")[5::40][: len(OTHERS)]]
        for firm, stated in zip(firms, (HERO, *OTHERS), strict=False):
            person = firm_person(park, firm)
            for code, value, said in stated:
                upload = SimpleUploadedFile(f"{code}.pdf", pdf(f"{code} {value} (demo) {firm.uscc}"))
                row = facts.state(by=person, code=code, value=Decimal(value), as_of=day, upload=upload)
                if said:
                    facts.check(
                        by=actors["park.review1@demo"], fact_id=row.pk, accepts=said == "yes", reason="" if said == "yes" else WHY
                    )  # fmt: skip
