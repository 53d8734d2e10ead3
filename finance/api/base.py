"""What every call of the bank API has in common: strict JSON, problem details, one effect a key, cursors, versions."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from oauth2_provider.models import AccessToken
from rest_framework import exceptions, serializers
from rest_framework.parsers import BaseParser
from rest_framework.response import Response
from rest_framework.views import APIView

from innovscore.core.problems import Forbidden, NotFound, Problem, Refused
from parks.actors import Actor
from parks.api.authentication import ActorAuthentication
from parks.idempotency import Reply, once
from parks.problems import api_exception_handler

from ..queries import clients as client_queries
from ..queries import consents as consent_queries
from ..services import assertions
from ..services import consents as consent_services
from ..states import SCOPES
from .fields import Number, Strict

BODY_MAX = 64 * 1024
KEY = re.compile(r"[A-Za-z0-9._:-]{8,64}")
PAGE, PAGE_MAX = 50, 100


class StrictJSON(BaseParser):
    """JSON without what readers disagree about: no double names, NaN, NUL or half characters; small and shallow."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        raw = stream.read(BODY_MAX + 1)
        if len(raw) > BODY_MAX:
            raise Problem(code="too_large", status=413, message=_("请求内容超过 64 KB。"))
        try:
            data = json.loads(
                raw.decode("utf-8"),
                object_pairs_hook=_object,
                parse_float=_no_fraction,
                parse_constant=_no_fraction,
            )
            text = json.dumps(data, ensure_ascii=False)
            text.encode("utf-8")
        except (ValueError, RecursionError) as error:
            raise _malformed() from error
        if "\\u0000" in text or not isinstance(data, dict):
            raise _malformed()
        return data


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_fraction(text: str) -> NoReturn:
    raise Problem(
        code="number_with_fraction",
        status=422,
        message=_('金额和利率请写成文本，例如 "1000000.00"；不接受带小数的 JSON 数字。'),
    )


def _malformed() -> Problem:
    return Problem(
        code="malformed", status=400, message=_("请求内容须为一个 JSON 对象（UTF-8），字段名不可重复。")
    )


class BankAuthentication(ActorAuthentication):
    """The door has checked the bearer token; here it only gets its name in the API document."""


class BankScheme(OpenApiAuthenticationExtension):
    target_class = "finance.api.base.BankAuthentication"
    name = "oauth2"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "oauth2",
            "description": "Client credentials with a signed assertion (private_key_jwt, RFC 7523); tokens live 10 minutes.",
            "flows": {
                "clientCredentials": {
                    "tokenUrl": "/api/bank/v1/token",
                    "scopes": {scope: str(label) for scope, label in SCOPES.items()},
                }
            },
        }


def bank_exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Everything becomes problem details with a stable code; faults of fields are listed one by one."""
    if not isinstance(error, exceptions.ValidationError):
        return api_exception_handler(error, context)
    body = {
        "type": "urn:innovscore:problem:invalid",
        "code": "invalid",
        "status": 422,
        "detail": _("请求内容有误，请按 errors 逐项修改。"),
        "errors": list(_faults(error.get_full_details())),
    }
    return Response(body, status=422, content_type="application/problem+json")


def _faults(details: Any, path: str = "") -> Any:
    if isinstance(details, dict) and set(details) == {"message", "code"}:
        yield {"field": path, "code": details["code"], "detail": str(details["message"])}
    elif isinstance(details, dict):
        for name, inner in details.items():
            yield from _faults(inner, f"{path}.{name}" if path else str(name))
    else:
        for inner in details:
            yield from _faults(inner, path)


class Page(Strict):
    """What a list may be asked."""

    cursor = serializers.CharField(
        required=False, max_length=64, help_text="`next_cursor` of the page before"
    )
    limit = Number(required=False, min_value=1, max_value=PAGE_MAX, default=PAGE)


class BankView(APIView):
    """A call by a bank's program, acting for its bank in the park of the address."""

    authentication_classes = [BankAuthentication]
    parser_classes = [StrictJSON]

    def get_exception_handler(self) -> Callable[..., Response | None]:
        return bank_exception_handler

    @property
    def actor(self) -> Actor:
        actor: Actor = self.request._request.actor  # type: ignore[attr-defined]  # set by the door
        return actor

    def asked(self, form: type[serializers.Serializer]) -> dict[str, Any]:
        """The query string, checked."""
        return _valid(form(data={name: values[-1] for name, values in self.request.query_params.lists()}))

    def sent(self, form: type[serializers.Serializer]) -> dict[str, Any]:
        """The body, checked."""
        return _valid(form(data=self.request.data))

    def once(self, effect: Callable[[], Reply], **more: str) -> Response:
        """Run the effect once for this program, route and key; `more` names what else makes calls differ (the person).

        The body counts as it was sent, except for `actor_token`, which is new for each attempt.
        """
        sent: dict[str, Any] = self.request.data  # type: ignore[assignment]  # StrictJSON gives objects only
        body = {name: value for name, value in sent.items() if name != "actor_token"}
        match = self.request._request.resolver_match
        assert match is not None  # noqa: S101  # the door has resolved it
        reply = once(
            by=self.actor,
            route=match.view_name,
            key=self.key(),
            body={"body": body, "path": dict(self.kwargs), **more},
            effect=effect,
            waits=False,
        )
        response = Response(_ordered(reply.data), status=reply.status)
        if reply.replayed:
            response["Idempotent-Replayed"] = "true"
        return response

    def key(self) -> str:
        """The Idempotency-Key; raises Problem 400 without a usable one."""
        key = self.request.headers.get("Idempotency-Key", "")
        if not KEY.fullmatch(key):
            raise Problem(
                code="idempotency_key_missing",
                status=400,
                message=_("请在请求头 Idempotency-Key 中给出 8 至 64 位的唯一标识（例如 UUID）。"),
            )
        return key

    def person(self, token: str, role: str) -> tuple[Actor, assertions.Statement]:
        """Whom the program acts for: a person of the same bank who has the role in this park."""
        bearer: AccessToken = self.request._request.bearer  # type: ignore[attr-defined]  # the door lets nobody else in
        statement = assertions.verify(bearer.application.bank_client, token, field="actor_token")
        membership = client_queries.person_in_role(
            login=statement.subject, organisation_id=self.actor.organisation_id or 0, role=role
        )
        if membership is None:
            raise Forbidden(
                code="actor_role",
                field="actor_token",
                message=_("actor_token 中的人员在本园区没有办理这一步的身份。"),
            )
        return Actor.of(membership, request_id=self.actor.request_id), statement

    def open(self, consent_id: int, subject: str, groups: Any = None) -> consent_services.Opened:
        """A logged read on a consent; raises NotFound for others' consents, Forbidden when it is over."""
        opened = consent_services.open_groups(
            by=self.actor, consent_id=consent_id, subject=subject, groups=groups
        )
        if opened is not None:
            return opened
        if consent_queries.given_to(self.actor).filter(pk=consent_id).exists():
            raise Forbidden(code="consent_over", message=_("授权已撤回或到期，不能再查询。"))
        raise NotFound(code="not_found", message=_("没有这份授权。"))

    def page(self, rows: QuerySet[Any], asked: Mapping[str, Any]) -> tuple[list[Any], str | None]:
        """A page of rows, newest first, and the cursor of the next one."""
        if asked.get("cursor"):
            rows = rows.filter(pk__lt=_before(asked["cursor"]))
        found = list(rows.order_by("-pk")[: asked["limit"] + 1])
        shown = found[: asked["limit"]]
        return shown, _cursor(shown[-1].pk) if len(found) > len(shown) else None

    def check_version(self, current: str) -> None:
        """Compare If-Match; raises Problem 428 without one, 412 when the object has changed."""
        wanted = self.request.headers.get("If-Match", "")
        if not wanted:
            raise Problem(
                code="if_match_missing",
                status=428,
                message=_("请在请求头 If-Match 中给出您所看到版本的 ETag。"),
            )
        if wanted.strip() != f'"{current}"':
            raise Problem(
                code="changed", status=412, message=_("申请在您读取之后有变化，请重新读取后再提交。")
            )


def _ordered(value: Any) -> Any:
    """Names in one order, so that a replayed answer is the first one byte for byte (PostgreSQL keeps no order)."""
    if isinstance(value, Mapping):
        return {name: _ordered(value[name]) for name in sorted(value)}
    return [_ordered(item) for item in value] if isinstance(value, list) else value


def _valid(form: serializers.Serializer) -> dict[str, Any]:
    form.is_valid(raise_exception=True)
    data: dict[str, Any] = form.validated_data
    return data


def _cursor(pk: int) -> str:
    return base64.urlsafe_b64encode(f"before:{pk}".encode()).decode().rstrip("=")


def _before(cursor: str) -> int:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        return int(re.fullmatch(r"before:([0-9]{1,18})", text)[1])  # type: ignore[index]  # no match is a TypeError
    except (ValueError, TypeError, binascii.Error) as error:
        raise Refused(
            code="cursor", field="cursor", message=_("cursor 无效，请从第一页重新读取。")
        ) from error
