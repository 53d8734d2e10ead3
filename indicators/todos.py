"""What waits for people in this room: registered with parks.todo when the application starts."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from parks import todo
from parks.actors import Actor

from .models import SchemeVersion
from .states import SchemeState

DECIDERS = ("park_admin", "score_officer")


@todo.source("indicators")
def todos(actor: Actor) -> Iterator[todo.Todo]:
    """Versions that a colleague has proposed and this person may put into force."""
    if actor.role not in DECIDERS:
        return
    proposed = SchemeVersion.objects.defer("body").filter(state=SchemeState.DRAFT, proposed_at__isnull=False)
    others = proposed.exclude(proposed_by_ref=actor.person_id).exclude(edited_by_ref=actor.person_id)
    for row in others.order_by("pk"):
        url = reverse("indicators:draft", kwargs={"park": actor.park_code, "version_id": row.pk})
        yield todo.Todo(_("核对并启用指标体系 %(version)s") % {"version": row.version}, url)
