"""Objections 异议 to a board on notice: filed by anyone with a name, answered by the office."""

from __future__ import annotations

import datetime as dt
import secrets

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from innovscore.core.problems import Conflict, Forbidden, Gone, TooMany
from parks import audit
from parks.actors import Actor
from parks.clock import db_now
from parks.scope import park_scope

from ..models import BoardEdition, Objection, PublishedBoard
from ..queries import editions
from ..states import OBJECTION, EditionState, ObjectionState, may

LIMIT = 5  # objections an address may file in an hour
RECEIPT_CHARS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def _receipt() -> str:
    return "YY" + "".join(secrets.choice(RECEIPT_CHARS) for _number in range(10))


def _over() -> Gone:
    return Gone(code="notice_over", message=_("公示期已满，逾期视为无异议。"))


def file_publicly(
    *,
    published: PublishedBoard,
    name: str,
    contact: str,
    statement: str,
    address: str,
    about_uscc: str = "",
) -> Objection:
    """An objection by a person who need not have an account. Enters the park of the notice for this insert only.

    Raises Gone after the end by the database's clock, TooMany after five from one address in an hour.
    """
    park = published.park
    with park_scope(park.pk):
        by = Actor(None, None, "public", None, "public", None, "", park.pk, park.code)
        origin = salted_hmac(
            "rankings.objection", address, secret=settings.SECRET_KEY, algorithm="sha256"
        ).hexdigest()
        hour_ago = db_now() - dt.timedelta(hours=1)
        if Objection.objects.filter(origin=origin, filed_at__gt=hour_ago).count() >= LIMIT:
            raise TooMany(
                code="too_many_objections", message=_("提交过于频繁，请一小时后再试，或按公告上的电话联系。")
            )
        return _file(
            by=by,
            edition_id=published.edition_id,
            name=name,
            contact=contact,
            statement=statement,
            origin=origin,
            about_uscc=about_uscc,
        )


def file_by_enterprise(
    *, by: Actor, published: PublishedBoard, contact: str, statement: str, about_uscc: str = ""
) -> Objection:
    """An objection by an enterprise of the park, in its own name."""
    return _file(
        by=by,
        edition_id=published.edition_id,
        name=by.organisation_name,
        contact=contact,
        statement=statement,
        about_uscc=about_uscc,
    )


def _file(
    *,
    by: Actor,
    edition_id: int,
    name: str,
    contact: str,
    statement: str,
    origin: str = "",
    about_uscc: str = "",
) -> Objection:
    edition = editions.get_edition(edition_id)
    if (
        edition.state != EditionState.ON_NOTICE
        or edition.notice_ends_at is None
        or db_now() >= edition.notice_ends_at
    ):
        raise _over()
    about = edition.entries.filter(uscc=about_uscc).first() if about_uscc else None
    objection = Objection(
        edition=edition, about_id=about.enterprise_id if about else None, receipt=_receipt(), objector_name=name,
        objector_contact=contact, objector_organisation_id=by.organisation_id, statement=statement, origin=origin, filed_at=db_now(),
    )  # fmt: skip
    with transaction.atomic():
        try:
            with transaction.atomic():
                objection.save()
        except IntegrityError as error:
            raise _over() from error
        audit.record(
            by=by,
            action="objection.filed",
            obj=objection,
            after={"edition": edition.pk, "receipt": objection.receipt},
        )
    return objection


def accept(*, by: Actor, objection: Objection) -> None:
    """Take an objection up for investigation."""
    with transaction.atomic():
        row = _locked(objection, ObjectionState.ACCEPTED)
        row.state = ObjectionState.ACCEPTED
        row.accepted_by_ref, row.accepted_by_name, row.accepted_at = by.person_id, by.person_name, db_now()
        row.save(update_fields=["state", "accepted_by_ref", "accepted_by_name", "accepted_at"])
        audit.record(by=by, action="objection.accepted", obj=row, after={"receipt": row.receipt})


def answer(*, by: Actor, objection: Objection, upheld: bool, text: str) -> None:
    """Decide an objection with a written answer. Who proposed the edition may not decide.

    An upheld one bars publication until an edition of a newer run takes the place of this one.
    """
    state = ObjectionState.UPHELD if upheld else ObjectionState.REJECTED
    with transaction.atomic():
        row = _locked(objection, state)
        edition = BoardEdition.objects.get(pk=row.edition_id)
        if by.person_id is None or by.person_id == edition.proposed_by_ref:
            raise Forbidden(
                code="four_eyes", message=_("提请人不能答复对自己提请的榜单的异议，请由他人办理。")
            )
        row.state = state
        row.answered_by_ref, row.answered_by_name, row.answered_at = by.person_id, by.person_name, db_now()
        row.answer = text
        row.save(update_fields=["state", "answered_by_ref", "answered_by_name", "answered_at", "answer"])
        audit.record(
            by=by, action="objection.answered", obj=row, after={"state": state, "receipt": row.receipt}
        )


def _locked(objection: Objection, state: str) -> Objection:
    row = Objection.objects.select_for_update().get(pk=objection.pk)
    if not may(OBJECTION, row.state, state):
        raise Conflict(
            code="objection_state",
            message=_("这条异议现在是“%(state)s”，不能做这一步。请刷新页面。")
            % {"state": row.get_state_display()},
        )
    return row
