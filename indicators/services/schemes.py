"""Adopting a scheme for a park."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from innovscore.core.problems import Conflict, Refused
from parks import audit
from parks.actors import Actor
from parks.clock import db_now
from scoring import engine

from ..models import SchemeVersion
from ..states import SchemeState

LIBRARY = Path(settings.BASE_DIR) / "indicators" / "schemes"
LARGEST = 1024 * 1024


def library() -> dict[str, Path]:
    """Schemes that come with the platform: file name without ending -> path."""
    return {path.stem: path for path in sorted(LIBRARY.glob("*.yaml"))}


def adopt(*, by: Actor, name: str) -> SchemeVersion:
    """The park takes a scheme of the library as it stands (see adopt_text). Raises Refused for an unknown name."""
    path = library().get(name)
    if path is None:
        raise Refused(
            code="scheme_unknown",
            field="name",
            message=_("没有名为“%(name)s”的指标体系，请从列表中选择。") % {"name": name},
        )
    return adopt_text(by=by, text=path.read_text(encoding="utf-8"))


def adopt_text(*, by: Actor, text: str) -> SchemeVersion:
    """A scheme file, checked whole, becomes a draft that its person has proposed; another activates it (drafts.activate).

    The platform itself, which is no person and makes zones by command, puts it into force at once. Raises Refused
    naming what is wrong in the file, Conflict when this version exists.
    """
    scheme = _read(text)
    now = db_now()
    fields: dict[str, Any] = (
        {"state": SchemeState.ACTIVE, "activated_at": now, "activated_by_name": by.person_name}
        if by.person_id is None
        else {
            "edited_by_ref": by.person_id, "edited_by_name": by.person_name, "notes": _("按文件采用，内容未改动。"),
            "proposed_by_ref": by.person_id, "proposed_by_name": by.person_name, "proposed_at": now,
        }
    )  # fmt: skip
    try:
        with transaction.atomic():
            version = SchemeVersion.objects.create(
                code=scheme.code, version=scheme.version, title=scheme.zh, body=dict(scheme.body), digest=scheme.digest,
                created_by_ref=by.person_id, **fields,
            )  # fmt: skip
            audit.record(
                by=by,
                action="scheme.adopted",
                obj=version,
                after={"digest": version.digest, "state": version.state},
            )
    except IntegrityError as error:
        message = _("指标体系 %(code)s 的 %(version)s 版已存在；修改时请使用新的版本号。")
        raise Conflict(
            code="scheme_exists", message=message % {"code": scheme.code, "version": scheme.version}
        ) from error
    return version


def _read(text: str) -> engine.Scheme:
    if len(text) > LARGEST:
        raise Refused(code="scheme_too_large", field="file", message=_("指标体系文件大于 1 MB，请检查。"))
    try:
        body: Any = yaml.safe_load(text)
        if not isinstance(body, dict):
            raise ValueError("the file holds no mapping")
        return engine.load_scheme(body)
    except (engine.EngineError, yaml.YAMLError, ValueError, RecursionError) as error:
        raise Refused(
            code="scheme_wrong",
            field="file",
            message=_("指标体系文件有误：%(what)s") % {"what": str(error)[:800]},
        ) from error
