"""The second person's signature under a document that the first one made."""

from __future__ import annotations

from django.utils.translation import gettext as _

from innovscore.core.problems import Conflict, Forbidden
from parks.actors import Actor

from ..models.people import TwoPersons
from ..queries.acting import person_of


def sign(document: TwoPersons, *, by: Actor, also: tuple[str, ...] = ()) -> None:
    """Put the acting person under the document; `also` names other fields to save with it.

    Raises Conflict when it is signed already, Forbidden for the person who made it. The database refuses both too.
    """
    if document.checker_person is not None:
        raise Conflict(code="confirmed_already", message=_("这一步已由他人确认，请刷新页面。"))
    if document.maker_person == by.person_id:
        raise Forbidden(code="same_person", message=_("经办人不能确认自己经办的事项，请由另一位同事确认。"))
    document.checker_person, document.checker_name = person_of(by), by.person_name
    document.save(update_fields=["checker_person", "checker_name", *also])
    document.refresh_from_db()


def made_by(by: Actor) -> dict[str, object]:
    """The maker's columns of a new document."""
    return {"maker_person": person_of(by), "maker_name": by.person_name}
