"""A broken rule, told kindly: what, which field, the way out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Problem(Exception):
    """A rule was broken. `message` (may be lazy) names field, rule and way out; `code` is stable for programs.

    `headers` go with the answer over HTTP, e.g. Retry-After.
    """

    status = 422

    def __init__(
        self, *, code: str, message: Any, field: str | None = None, status: int | None = None, remedy: Any = None,
        params: dict[str, Any] | None = None, headers: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(code)
        self.code = code
        self.message = message
        self.field = field
        self.status = status or type(self).status
        self.remedy = remedy
        self.params = params or {}
        self.headers = dict(headers or {})

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class Refused(Problem):
    """The input breaks a rule."""


class Conflict(Problem):
    """The state has changed or does not allow it."""

    status = 409


class Forbidden(Problem):
    """This person may not do this."""

    status = 403


class NotFound(Problem):
    """Absent, or not for these eyes: the same answer."""

    status = 404


class Gone(Problem):
    """It is over, e.g. a notice period."""

    status = 410


class TooMany(Problem):
    """Too often; try later."""

    status = 429
