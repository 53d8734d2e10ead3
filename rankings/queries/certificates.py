"""Certificates as the public, the firm and the office see them, and what of them does not verify."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _

from innovscore.core.canonical import canonical_json
from innovscore.core.problems import NotFound
from parks.models import AuditEvent, Organisation, Park

from .. import rules, signing
from ..models import PublishedBoard, PublishedCertificate, PublishedEntry, PublishedKey, PublishedWitness
from ..states import CertificateState
from .editions import line_of
from .public import title_of

GENESIS = "0" * 64


SIGNED_WITHIN = dt.timedelta(hours=1)  # between the time in the signed text and the row's


def head_of(published: PublishedBoard, position: int) -> dict[str, Any]:
    """What a certificate says of the board it is taken from."""
    return {
        "number": rules.certificate_number(published.park.code, published.year, published.seq, position),
        "park": published.park.code, "issuer": published.park.name, "year": published.year, "board": published.board,
        "board_name": published.name_zh, "edition": published.number, "run_hash": published.run_hash,
        "result_root": published.result_root, "entries_root": published.entries_root,
        "content_hash": published.content_hash, "chain": published.chain,
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class CertificatePage:
    """A certificate with everything its pages show; `breaks` names what does not verify. `line` only with consent."""

    row: PublishedCertificate
    board: str
    payload: dict[str, Any]
    tag: str
    key: PublishedKey | None
    breaks: list[str]
    entry: PublishedEntry

    @property
    def verdict(self) -> str:
        """valid, superseded or withdrawn; broken when a hash or the signature does not hold."""
        return "broken" if self.breaks else str(self.row.state)

    @property
    def score(self) -> Any:
        return self.entry.score if self.row.shows_score else None


def by_code(code: str) -> CertificatePage | None:
    """The certificate of a code, in any zone; None for an unknown one."""
    if len(code) != 26:
        return None
    row = (
        PublishedCertificate.everywhere.select_related("published__park", "park")
        .filter(code=code.lower())
        .first()
    )
    return page(row) if row else None


def page(row: PublishedCertificate) -> CertificatePage:
    """A certificate with its checks."""
    entry = PublishedEntry.everywhere.get(
        park=row.park_id, published_id=row.published_id, position=row.position
    )
    key = PublishedKey.everywhere.filter(park=row.park_id, key_id=row.key_id).first()
    return CertificatePage(
        row=row,
        board=title_of(row.published),
        payload=json.loads(row.payload),
        tag=rules.tag_of(row.payload),
        key=key,
        breaks=list(breaks_of(row, entry, key)),
        entry=entry,
    )


def breaks_of(row: PublishedCertificate, entry: PublishedEntry, key: PublishedKey | None) -> Iterator[str]:
    """What of a certificate does not hold: signature, text, path, the board it is taken from."""
    if key is None or not signing.verifies(row.payload, row.signature, key.public_key):
        yield _("签名不符")
    elif signing.key_id_of(key.public_key) != key.key_id:
        yield _("公钥与密钥编号不符")
    try:
        says = json.loads(row.payload)
        steps = [(str(side), str(other)) for side, other in says["path"]]
    except (ValueError, KeyError, TypeError):
        yield _("证书内容不可读")
        return
    if canonical_json(says) != row.payload:
        yield _("证书内容不是规范形式")
    line = line_of(entry)
    expected = head_of(row.published, row.position) | {
        "uscc": line.uscc,
        "name": line.name,
        "place": line.place,
        "leaf": rules.leaf_of(line),
    }
    for field, value in expected.items():
        if says.get(field) != value:
            yield _("证书内容与公布的榜单不同：%(field)s") % {"field": field}
    if (row.number, row.uscc, row.name, row.place, row.key_id) != (
        says.get("number"), says.get("uscc"), says.get("name"), says.get("place"), says.get("key_id"),
    ):  # fmt: skip
        yield _("证书登记与证书内容不同")
    if not rules.proves(str(says.get("leaf")), steps, str(says.get("entries_root"))):
        yield _("证明路径不通向名单根摘要")
    yield from _state_breaks(row, says)


def _state_breaks(row: PublishedCertificate, says: dict[str, Any]) -> Iterator[str]:
    """Does the state follow the board's, and the time the signed text?"""
    board = row.published.state
    if row.state == CertificateState.VALID and board != "final":
        yield _("榜单已不是正式的一版，证书仍标为有效")
    if row.state == CertificateState.SUPERSEDED and board != "superseded":
        yield _("榜单没有更正，证书却标为已更正")
    if (row.closed_at is None) != (row.state == CertificateState.VALID):
        yield _("失效时间与证书状态不符")
    if abs(row.issued_at - dt.datetime.fromisoformat(str(says.get("issued")))) > SIGNED_WITHIN:
        yield _("签发时间与证书内容不同")


def envelope(found: CertificatePage) -> dict[str, Any]:
    """What is downloaded and checked offline: the signed text, its signature and public key; the line with consent."""
    body: dict[str, Any] = {
        "code": found.row.code,
        "certificate": found.payload,
        "signature": found.row.signature,
        "key_id": found.row.key_id,
        "public_key": found.key.public_key if found.key else None,
        "state": found.verdict,
        "tag": found.tag,
    }
    if found.row.shows_score:
        body["line"] = json.loads(rules.line_json(line_of(found.entry)))
    return body


def keys(park: Park) -> list[dict[str, Any]]:
    """Public keys of a zone, newest first."""
    rows = PublishedKey.everywhere.filter(park=park).order_by("-registered_at", "-pk")
    return [
        {
            "key_id": row.key_id, "algorithm": "Ed25519", "public_key": row.public_key,
            "registered_at": row.registered_at.isoformat(),
            "retired_at": row.retired_at.isoformat() if row.retired_at else None,
        }
        for row in rows
    ]  # fmt: skip


def all_certificates() -> QuerySet[PublishedCertificate]:
    """Certificates of the park entered, newest first."""
    return PublishedCertificate.objects.select_related("published").order_by("-published__seq", "position")


def of_organisation(organisation_id: int | None) -> QuerySet[PublishedCertificate]:
    """Certificates of the firm of an organisation in the park entered."""
    codes = Organisation.objects.filter(pk=organisation_id or 0).exclude(uscc="").values("uscc")
    return all_certificates().filter(uscc__in=codes)


def own(organisation_id: int | None, certificate_id: int) -> PublishedCertificate:
    """One certificate of the organisation's firm; NotFound when absent or another's."""
    row = of_organisation(organisation_id).select_related("published__park").filter(pk=certificate_id).first()
    if row is None:
        raise NotFound(code="no_such_certificate", message=_("没有这份证书。"))
    return row


def get(certificate_id: int) -> PublishedCertificate:
    """One certificate of the park entered; NotFound when absent or foreign."""
    row = all_certificates().select_related("published__park").filter(pk=certificate_id).first()
    if row is None:
        raise NotFound(code="no_such_certificate", message=_("没有这份证书。"))
    return row


def without(**which: Any) -> int:
    """How many final boards of the park entered (of a year, of an edition) still wait for their certificates."""
    return PublishedBoard.objects.filter(state="final", certificates__isnull=True, **which).count()


def breaks() -> Iterator[tuple[str, str]]:
    """(number, what) of every certificate of the park entered that does not verify."""
    entries = {(row.published_id, row.position): row for row in PublishedEntry.objects.all()}
    known = {row.key_id: row for row in PublishedKey.objects.all()}
    for row in all_certificates().select_related("published__park"):
        entry = entries.get((row.published_id, row.position))
        if entry is None:
            yield row.number, _("公布的榜单里没有这一名次")
            continue
        for what in breaks_of(row, entry, known.get(row.key_id)):
            yield row.number, what
    for published in PublishedBoard.objects.exclude(certificates__isnull=True).distinct():
        if published.certificates.count() != published.size:
            yield f"{published.year} {published.board} #{published.number}", _("证书的份数与榜单不同")


def heads(park: Park) -> dict[str, Any]:
    """The newest links of the chains of the park entered, and the number of the witness that will name them."""
    event = AuditEvent.objects.order_by("-seq").first()
    board = PublishedBoard.objects.order_by("-seq").first()
    number = PublishedWitness.objects.aggregate(last=Max("number"))["last"] or 0
    return {
        "number": number + 1,
        "audit_seq": event.seq if event else 0,
        "audit_head": event.hash if event else GENESIS,
        "publication_seq": board.seq if board else 0,
        "publication_head": board.chain if board else GENESIS,
    }


def witnesses(park: Park) -> QuerySet[PublishedWitness]:
    """Signed heads of a zone, newest first."""
    return PublishedWitness.everywhere.filter(park=park).order_by("-number")


def differences(says: dict[str, Any]) -> Iterator[str]:
    """What of signed heads is no longer in the chains of the park entered."""
    event = AuditEvent.objects.filter(seq=says.get("audit_seq") or 0).first()
    if says.get("audit_seq") and (event is None or event.hash != says.get("audit_head")):
        yield _("审计链与当时见证的链头不同")
    board = PublishedBoard.objects.filter(seq=says.get("publication_seq") or 0).first()
    if says.get("publication_seq") and (board is None or board.chain != says.get("publication_head")):
        yield _("发布链与当时见证的链头不同")


WITNESSED = ("number", "audit_seq", "audit_head", "publication_seq", "publication_head", "key_id")


def moment_of(says: dict[str, Any]) -> str:
    """The time of signed heads as a row's time is written."""
    return dt.datetime.fromisoformat(says["at"]).astimezone(dt.UTC).isoformat()


def witness_breaks() -> Iterator[tuple[str, str]]:
    """Witnesses of the park entered whose signature fails or whose heads are no longer in the chains."""
    known = {row.key_id: row.public_key for row in PublishedKey.objects.all()}
    for row in PublishedWitness.objects.order_by("number"):
        if not signing.verifies(row.payload, row.signature, known.get(row.key_id, "")):
            yield f"#{row.number}", _("签名不符")
            continue
        says = json.loads(row.payload)  # readable: the signature holds
        if any(getattr(row, name) != says[name] for name in WITNESSED) or row.at.isoformat() != moment_of(
            says
        ):
            yield f"#{row.number}", _("见证登记与签名的内容不同")
        for what in differences(says):
            yield f"#{row.number}", what
