"""Objections 异议 to a board on notice: filed by anyone with a name, answered by the office."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from enterprises.queries import provenance
from innovscore.core.problems import Conflict, Forbidden, Gone, NotFound, Refused, TooMany
from parks import audit, workdays
from parks.actors import Actor
from parks.clock import db_now, db_today
from parks.models import Park
from parks.scope import park_scope
from parks.services import evidence

from ..models import BoardEdition, BoardEntry, Objection, ObjectionFile, PublishedBoard
from ..queries import editions
from ..states import (
    ACCEPT_WORKING_DAYS,
    ANSWER_WORKING_DAYS,
    DECIDED,
    OBJECTION,
    EditionState,
    ObjectionState,
    may,
)

LIMIT = 5  # objections an address may file in an hour
MOST_FILES = 3
AREA = "objections"  # their own part of the evidence store
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
    files: Sequence[UploadedFile] = (),
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
            files=files,
        )


def file_by_enterprise(
    *,
    by: Actor,
    published: PublishedBoard,
    contact: str,
    statement: str,
    about_uscc: str = "",
    item: str = "",
    files: Sequence[UploadedFile] = (),
) -> Objection:
    """An objection by an enterprise of the park, in its own name; `item` is the indicator when it is about its own score."""
    return _file(
        by=by,
        edition_id=published.edition_id,
        name=by.organisation_name,
        contact=contact,
        statement=statement,
        about_uscc=about_uscc,
        item=item,
        files=files,
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
    item: str = "",
    files: Sequence[UploadedFile] = (),
) -> Objection:
    edition = editions.get_edition(edition_id)
    if (
        edition.state != EditionState.ON_NOTICE
        or edition.notice_ends_at is None
        or db_now() >= edition.notice_ends_at
    ):
        raise _over()
    if len(files) > MOST_FILES:
        raise Refused(
            code="too_many_files", field="files", message=_("最多附 %(n)s 个文件。") % {"n": MOST_FILES}
        )
    today = db_today()
    objection = Objection(
        edition=edition, about_id=_firm(edition, by, about_uscc), item=item, receipt=_receipt(), objector_name=name,
        objector_contact=contact, objector_organisation_id=by.organisation_id, statement=statement, origin=origin,
        filed_at=db_now(), accept_due=workdays.add_working_days(today, ACCEPT_WORKING_DAYS),
        answer_due=workdays.add_working_days(today, ANSWER_WORKING_DAYS),
    )  # fmt: skip
    with transaction.atomic():
        try:
            with transaction.atomic():
                objection.save()
        except IntegrityError as error:
            raise _over() from error
        ObjectionFile.objects.bulk_create([_kept(objection, upload) for upload in files])
        audit.record(
            by=by,
            action="objection.filed",
            obj=objection,
            after={"edition": edition.pk, "receipt": objection.receipt},
        )
    return objection


def _firm(edition: BoardEdition, by: Actor, uscc: str) -> int | None:
    """The firm it is about: listed in this edition or in an earlier public one of the board (a correction may have
    removed it); an enterprise may also mean itself although it is not listed."""
    listed = BoardEntry.objects.filter(
        edition__cycle_id=edition.cycle_id,
        edition__board=edition.board,
        edition__noticed_by_ref__isnull=False,
    )
    entry = listed.filter(uscc=uscc).first() if uscc else None
    if entry is not None:
        return entry.enterprise_id
    return editions.own_enterprise_id(by.organisation_id, uscc) if uscc else None


def _kept(objection: Objection, upload: UploadedFile) -> ObjectionFile:
    kept = evidence.keep(upload, area=AREA)
    return ObjectionFile(
        objection=objection,
        sha256=kept.sha256,
        filename=kept.filename,
        content_type=kept.content_type,
        size=kept.size,
    )


@dataclass(frozen=True, slots=True)
class Tracked:
    """What the objector may see of an objection."""

    receipt: str
    state: str
    label: str
    board: str
    year: int
    filed_at: dt.datetime
    accepted_at: dt.datetime | None
    answer_due: dt.date | None
    answered_at: dt.datetime | None
    answer: str


def tracked(*, zone: Park, receipt: str, contact: str) -> Tracked:
    """An objection by its receipt and the contact that was left. NotFound when the two do not fit: the same answer for both."""
    with park_scope(zone.pk):
        row = (
            Objection.objects.select_related("edition__cycle").filter(receipt=receipt.strip().upper()).first()
        )
        if row is None or not secrets.compare_digest(
            row.objector_contact.strip().encode(), contact.strip().encode()
        ):
            raise NotFound(
                code="no_such_objection", message=_("没有查到。请核对回执号和提交时留下的联系方式。")
            )
        return Tracked(
            row.receipt, row.state, row.get_state_display(), row.edition.name_zh, row.edition.cycle.year, row.filed_at,
            row.accepted_at, row.answer_due, row.answered_at, row.answer,
        )  # fmt: skip


def accept(*, by: Actor, objection: Objection) -> None:
    """Take an objection up for investigation."""
    with transaction.atomic():
        row = _locked(objection, ObjectionState.ACCEPTED)
        row.state = ObjectionState.ACCEPTED
        row.accepted_by_ref, row.accepted_by_name, row.accepted_at = by.person_id, by.person_name, db_now()
        row.save(update_fields=["state", "accepted_by_ref", "accepted_by_name", "accepted_at"])
        audit.record(by=by, action="objection.accepted", obj=row, after={"receipt": row.receipt})


def investigate(*, by: Actor, objection: Objection, findings: str) -> None:
    """Note what the check of the facts found; the objector and the firm do not see it, only the answer."""
    with transaction.atomic():
        row = _locked(objection, ObjectionState.INVESTIGATED)
        row.state, row.findings = ObjectionState.INVESTIGATED, findings
        row.investigated_by_ref, row.investigated_by_name, row.investigated_at = (
            by.person_id,
            by.person_name,
            db_now(),
        )
        row.save(
            update_fields=[
                "state",
                "findings",
                "investigated_by_ref",
                "investigated_by_name",
                "investigated_at",
            ]
        )
        audit.record(by=by, action="objection.investigated", obj=row, after={"receipt": row.receipt})


def answer(*, by: Actor, objection: Objection, outcome: str, text: str) -> None:
    """Decide an objection (upheld, partly, rejected) with a written answer.

    Who proposed the edition, or verified a figure of the firm it is about, may not decide. An upheld one bars
    publication until an edition of a newer run takes the place of this one.
    """
    if outcome not in DECIDED:
        raise Refused(code="unknown_outcome", field="outcome", message=_("请选择成立、部分成立或不成立。"))
    with transaction.atomic():
        row = _locked(objection, outcome)
        may_answer(by=by, objection=row)
        row.state = outcome
        row.answered_by_ref, row.answered_by_name, row.answered_at = by.person_id, by.person_name, db_now()
        row.answer = text
        row.save(update_fields=["state", "answered_by_ref", "answered_by_name", "answered_at", "answer"])
        audit.record(
            by=by, action="objection.answered", obj=row, after={"state": outcome, "receipt": row.receipt}
        )


def may_answer(*, by: Actor, objection: Objection) -> None:
    """Raises Forbidden when this person may not decide the objection."""
    edition = BoardEdition.objects.get(pk=objection.edition_id)
    if by.person_id is None or by.person_id == edition.proposed_by_ref:
        raise Forbidden(code="four_eyes", message=_("提请人不能答复对自己提请的榜单的异议，请由他人办理。"))
    if objection.about_id and by.person_id in provenance.verifiers(
        cycle_id=edition.cycle_id, enterprise_id=objection.about_id
    ):
        raise Forbidden(
            code="own_verification", message=_("您核定过这家企业的数据，不能答复对它的异议，请由他人办理。")
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
