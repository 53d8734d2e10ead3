"""What of this room can be searched: registered with parks.search when the application starts."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from indicators.search import hit_in, indicators_of
from parks.search import Asked, Hit, Listed, register

from .filters import CertificateFilter
from .models import PublishedBoard, PublishedCertificate
from .queries import certificates, profiles, public
from .queries.profiles import Found


def _listed_firms(asked: Asked) -> list[tuple[str, Found]]:
    return list(profiles.search(asked.zone, asked.text).items())


def _firms(asked: Asked, rows: list[tuple[str, Found]]) -> list[Hit]:
    return [
        Hit(firm.name, asked.url("rankings:public_firm", uscc=uscc), _place(firm.places[0]))
        for uscc, firm in rows
    ]


def _place(one: profiles.Listed) -> str:
    return _("%(year)s %(board)s 第 %(n)s 名") % {"year": one.year, "board": one.name, "n": one.place}


def _published(asked: Asked) -> list[tuple[Any, Any]]:
    return indicators_of(public.newest_method(asked.zone), asked)


def _in_method(asked: Asked, rows: list[tuple[Any, Any]]) -> list[Hit]:
    return [
        hit_in(asked.url("rankings:public_method", version=method.version), method, one)
        for method, one in rows
    ]


def _shown(asked: Asked) -> list[PublishedBoard]:
    """The edition that each board of a year shows."""
    fits = set(public.named(public.boards(asked.zone), asked.text).values_list("pk", flat=True))
    return [row for _year, rows in public.years(asked.zone) for row in rows if row.pk in fits]


def _edition(row: PublishedBoard, url: str) -> Hit:
    return Hit(f"{row.year} {public.title_of(row)}", url, public.state_words(row))


def _boards(asked: Asked, rows: list[PublishedBoard]) -> list[Hit]:
    url = "rankings:public_board"
    return [_edition(row, asked.url(url, year=row.year, board=row.board)) for row in rows]


def _all_notices(asked: Asked) -> QuerySet[PublishedBoard]:
    return public.named(public.boards(asked.zone), asked.text).order_by("-seq")


def _notices(asked: Asked, rows: list[PublishedBoard]) -> list[Hit]:
    return [_edition(row, asked.url("rankings:public_notice", notice_id=row.pk)) for row in rows]


def _all_certificates(_asked: Asked) -> QuerySet[PublishedCertificate]:
    return certificates.all_certificates()


def _certificates(asked: Asked, rows: list[PublishedCertificate]) -> list[Hit]:
    return [
        Hit(
            row.name,
            asked.url("rankings:office_certificate", certificate_id=row.pk),
            f"{row.number} {public.title_of(row.published)}",
        )
        for row in rows
    ]


register(
    Listed("firms", "rankings:public_boards", _listed_firms, _firms, field="q"),
    Listed("indicators", "rankings:public_home", _published, _in_method, is_page=False),
    Listed("boards", "rankings:public_boards", _shown, _boards),
    Listed("notices", "rankings:public_notices", _all_notices, _notices),
    Listed("certificates", "rankings:office_certificates", _all_certificates, _certificates, CertificateFilter, "name"),
)  # fmt: skip
