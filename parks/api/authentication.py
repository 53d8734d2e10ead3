"""DRF sees whom the door let in: the session's account or the token's."""

from __future__ import annotations

from typing import Any

from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request

from parks.actors import Actor


def actor_of(request: Request) -> Actor:
    """Who the door let in."""
    actor: Actor = request._request.actor  # type: ignore[attr-defined]  # set by the door
    return actor


class ActorAuthentication(SessionAuthentication):
    """The door (ParkDoor) has signed in by session or token; sessions also need a CSRF token."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        user = request._request.user
        if not user.is_authenticated:
            return None
        inner = request._request
        token = getattr(inner, "api_token", None) or getattr(inner, "bearer", None)
        if token is None:
            self.enforce_csrf(request)
        return user, token
