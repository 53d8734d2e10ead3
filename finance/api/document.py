"""How calls are described: one decorator a call, so that headers, refusals and scopes are told everywhere alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from .examples import ADDED, ANSWERS, BODIES
from .serializers import BankProblem

KEY = OpenApiParameter(
    "Idempotency-Key", str, OpenApiParameter.HEADER, required=True,
    description="8 to 64 characters of [A-Za-z0-9._:-], e.g. a UUID. The same key and body get the first answer again.",
)  # fmt: skip
VERSION = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, required=True,
    description="The ETag of the application as it was read.",
)  # fmt: skip
REFUSALS = {
    400: "The JSON or a needed header cannot be read.",
    401: "No valid access token.",
    403: "Scope, role or consent is missing.",
    404: "Absent, or not for this bank: the same answer.",
    409: "The state does not allow it, or the same key is in flight (Retry-After).",
    412: "Changed since it was read.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    422: "A field breaks a rule, or the key was used with another body.",
    428: "If-Match is missing.",
    429: "Too many requests (Retry-After, RateLimit-*).",
}
READING, WRITING, DECIDING = (
    (401, 403, 404, 422, 429),
    (400, 401, 403, 404, 409, 413, 415, 422, 429),
    tuple(REFUSALS),
)


def call(
    operation_id: str,
    *,
    scope: str,
    gives: Any,
    asks: Any = None,
    takes: Any = None,
    status: int = 200,
    versioned: bool = False,
) -> Callable[..., Any]:
    """Describe a call: `asks` is its query string, `takes` its body, `gives` its answer."""
    statuses = DECIDING if versioned else WRITING if takes else READING
    refusals = {code: _refusal(code) for code in statuses}
    answers = [
        _example(name, told[operation_id], status)
        for name, told in (("answer", ANSWERS), ("added", ADDED))
        if operation_id in told
    ]
    bodies = [OpenApiExample("body", BODIES[operation_id], request_only=True)] if takes else []
    headers = [*([KEY] if takes else []), *([VERSION] if versioned else [])]
    return extend_schema(
        operation_id=operation_id,
        tags=["bank"],
        auth=[{"oauth2": [scope]}],  # type: ignore[list-item]  # the stub forgets security requirements
        parameters=[*([asks] if asks else []), *headers],
        request=takes,
        responses={status: gives, **refusals},
        examples=[*bodies, *answers],
    )


def _refusal(code: int) -> Any:
    return OpenApiResponse(BankProblem, description=REFUSALS[code])


def _example(name: str, value: Any, status: int) -> OpenApiExample:
    return OpenApiExample(name, value, response_only=True, status_codes=[str(status)])
