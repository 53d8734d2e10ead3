"""Giving out and taking back the address of the hall screen."""

from __future__ import annotations

import secrets

from django.db import transaction
from django.utils.translation import gettext as _

from innovscore.core.digest import sha256_hex
from innovscore.core.problems import NotFound, Refused
from parks import audit
from parks.actors import Actor
from parks.clock import db_now

from ..models import ScreenLink

TOKEN_BYTES = 24


def give_out(*, by: Actor, label: str) -> tuple[ScreenLink, str]:
    """A new address; the secret is returned once and not kept. Raises Refused without a label."""
    label = label.strip()
    if not label:
        raise Refused(code="label_missing", field="label", message=_("请写明大屏放在哪里，例如“政务大厅”。"))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with transaction.atomic():
        link = ScreenLink.objects.create(
            token_digest=sha256_hex(token.encode()),
            label=label[:60],
            created_by_ref=by.person_id,
            created_by_name=by.person_name,
        )
        audit.record(by=by, action="screen.given_out", obj=link, after={"label": link.label})
    return link, token


def revoke(*, by: Actor, link_id: int) -> None:
    """The address stops working at once. NotFound for absent, foreign and revoked ones alike."""
    with transaction.atomic():
        link = ScreenLink.objects.select_for_update().filter(pk=link_id, revoked_at__isnull=True).first()
        if link is None:
            raise NotFound(code="no_screen", message=_("没有这个大屏地址，或它已停用。"))
        link.revoked_at = db_now()
        link.save(update_fields=["revoked_at"])
        audit.record(by=by, action="screen.revoked", obj=link)
