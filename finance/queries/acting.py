"""Whom a step is done by: lending is never done by the platform itself."""

from __future__ import annotations

from django.utils.translation import gettext as _

from innovscore.core.problems import Forbidden
from parks.actors import Actor


def person_of(actor: Actor) -> int:
    """The acting person; raises Forbidden for the platform's own jobs."""
    if actor.person_id is None:
        raise Forbidden(code="person_needed", message=_("这一步须由本人登录后进行。"))
    return actor.person_id


def organisation_of(actor: Actor) -> int:
    """The organisation acted for; raises Forbidden when there is none."""
    if actor.organisation_id is None:
        raise Forbidden(code="organisation_needed", message=_("这一步须代表一个单位进行。"))
    return actor.organisation_id
