"""Certificates: signed by the worker for every place of a final board, closed with it, checked by anybody."""

from __future__ import annotations

import base64
import json
import secrets
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from innovscore.core.problems import Conflict, NotFound
from parks import audit, jobs
from parks.actors import Actor
from parks.clock import db_now
from parks.models import Park

from .. import rules, signing
from ..caching import published as published_for_all
from ..models import PublishedBoard, PublishedCertificate, PublishedKey
from ..queries import certificates as queries
from ..queries.editions import line_of
from ..states import CertificateState, EditionState
from .guarded import call
from .releases import CERTIFICATES


def new_code() -> str:
    """128 random bits in lower-case base32."""
    return base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()


def request_issue(*, by: Actor) -> Any:
    """Ask the worker for the certificates of all final boards of the park that have none yet."""
    return jobs.request(kind=CERTIFICATES, park_id=by.park_id, dedupe_key="certificates", by=by)


def signer() -> signing.Signer:
    """The key that signs now, registered in the park that was entered. Raises Conflict where this process has none."""
    try:
        key = signing.current(settings.SIGNING_KEYS, make=settings.LOCAL)
    except signing.NoKey as error:
        raise Conflict(
            code="no_signing_key",
            message=_("没有可用的签名密钥，证书未签发。请运维在后台执行 signing_key create。（%(why)s）")
            % {"why": error},
        ) from error
    known = PublishedKey.objects.filter(key_id=key.key_id, retired_at__isnull=True).exists()
    if not known:
        call("SELECT rankings_register_key(%s, %s)", [key.key_id, key.public])
    return key


def issue_missing(*, by: Actor) -> int:
    """Sign a certificate for every place of the park's final boards that has none. Returns how many; safe to repeat."""
    made = 0
    with transaction.atomic():
        missing = PublishedBoard.objects.filter(state=EditionState.FINAL, certificates__isnull=True)
        for published in missing.order_by("seq").select_related("park"):
            made += _issue(signer(), published)
        if made:
            audit.record(
                by=by,
                action="certificates.issued",
                object_type="park",
                object_id=by.park_code,
                after={"count": made},
            )
    return made


def _issue(key: signing.Signer, published: PublishedBoard) -> int:
    lines = [line_of(row) for row in published.entries.order_by("position")]
    leaves = [rules.leaf_of(line) for line in lines]
    issued = db_now().replace(microsecond=0)
    for line in lines:
        head = queries.head_of(published, line.position) | {"issued": issued, "key_id": key.key_id}
        payload = rules.certificate_payload(head, line, leaves)
        call(
            "SELECT rankings_issue_certificate(%s, %s, %s, %s, %s, %s, %s)",
            [published.pk, line.position, new_code(), head["number"], payload, key.sign(payload), key.key_id],
        )
    return len(lines)


def withdraw(*, by: Actor, certificate_id: int, reason: str) -> None:
    """Take one certificate back; the check page shows the reason. Raises Conflict when it is not valid any more."""
    with transaction.atomic():
        row = PublishedCertificate.objects.filter(pk=certificate_id).first()
        if row is None:
            raise NotFound(code="no_such_certificate", message=_("没有这份证书。"))
        if row.state != CertificateState.VALID:
            raise Conflict(code="not_valid", message=_("这份证书已经失效，不能再撤回。"))
        call("SELECT rankings_withdraw_certificate(%s, %s, %s)", [row.pk, by.person_id, reason])
        published_for_all(by.park_code)
        audit.record(
            by=by, action="certificate.withdrawn", obj=row, after={"number": row.number}, reason=reason
        )


def show_score(*, by: Actor, certificate_id: int, yes: bool) -> None:
    """The firm's consent (or its end) to show the board score on the check page of its certificate."""
    with transaction.atomic():
        row = queries.own(by.organisation_id, certificate_id)
        call("SELECT rankings_show_score(%s, %s, %s)", [row.pk, by.person_id, yes])
        audit.record(by=by, action="certificate.score_shown" if yes else "certificate.score_hidden", obj=row)


def record_witness(*, by: Actor) -> dict[str, Any]:
    """Sign the heads of the park's chains, publish them and write them to the witness folder. Returns the signed envelope."""
    from innovscore.core.canonical import canonical_json

    with transaction.atomic():
        key = signer()
        park = Park.objects.get(pk=by.park_id)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended('rankings witness', %s))", [park.pk]
            )
        heads = queries.heads(park)
        payload = canonical_json(
            {"v": rules.FORMAT, "park": park.code, "at": db_now(), "key_id": key.key_id, **heads}
        )
        call("SELECT rankings_record_witness(%s, %s, %s)", [payload, key.sign(payload), key.key_id])
        envelope = {"witness": json.loads(payload), "signature": key.sign(payload), "public_key": key.public}
    folder = settings.WITNESS_ROOT / park.code
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{heads['number']:06d}.json"
    path.write_text(json.dumps(envelope, ensure_ascii=False, indent=1), encoding="utf-8")
    return envelope
