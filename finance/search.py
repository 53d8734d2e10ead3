"""What of this room can be searched: registered with parks.search when the application starts.

Names of firms are found and told where the lists themselves tell them, and each name shown to a bank is a read on record.
"""

from __future__ import annotations

from typing import cast

from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from enterprises.queries import enterprises
from parks.actors import Actor
from parks.search import Asked, Hit, Listed, register

from .filters import ApplicationFilter, QueueFilter
from .models import Application
from .queries import applications, guarantees, loans
from .services import consents

SUBJECT = gettext_noop("全站查找")


def _by(asked: Asked) -> Actor:
    """Somebody: none of these lists is public."""
    return cast(Actor, asked.actor)


def _to_bank(asked: Asked) -> QuerySet[Application]:
    return applications.to_bank(_by(asked))


def _bank(asked: Asked, rows: list[Application]) -> list[Hit]:
    shown = consents.note_list_reads(
        by=_by(asked), consent_ids=[row.consent_id for row in rows], subject=SUBJECT
    )
    return [
        Hit(
            f"{row.number} {row.enterprise.name}" if row.consent_id in shown else row.number,
            asked.url("finance:bank_application", application_id=row.pk),
            _note(row),
        )
        for row in rows
    ]


def _note(row: Application) -> str:
    return f"{row.product_version.product.name} {row.get_status_display()}"


def _cases(asked: Asked, rows: list[Application]) -> list[Hit]:
    return [
        Hit(
            f"{row.number} {row.client}".strip(), asked.url("finance:case", application_id=row.pk), _note(row)
        )
        for row in rows
    ]


def _own(asked: Asked) -> QuerySet[Application]:
    firm = enterprises.own(_by(asked))
    return applications.of_enterprise(firm.pk if firm else 0)


def _own_loans(asked: Asked, rows: list[Application]) -> list[Hit]:
    return [Hit(row.number, asked.url("finance:loan", application_id=row.pk), _note(row)) for row in rows]


register(
    Listed("loans", "finance:bank_applications", _to_bank, _bank, QueueFilter, "q"),
    Listed("loans", "finance:portfolio", lambda asked: loans.portfolio(_by(asked)), _cases, ApplicationFilter, "q"),
    Listed("loans", "finance:cases", lambda asked: guarantees.cases(_by(asked)), _cases, ApplicationFilter, "q"),
    Listed("loans", "finance:claims", lambda asked: loans.with_claims(_by(asked)), _cases, ApplicationFilter, "q"),
    Listed("loans", "finance:loans", _own, _own_loans, ApplicationFilter, "q"),
)  # fmt: skip
