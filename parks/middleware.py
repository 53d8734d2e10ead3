"""The door: every request passes here, by its line of the access policy, into its park."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import structlog
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from innovscore.core.problems import Forbidden, Problem

from . import access, audit, starters, throttle
from .actors import Actor
from .http import without_nul
from .models import Park
from .problems import problem_response
from .queries import memberships
from .scope import park_scope

GetResponse = Callable[[HttpRequest], HttpResponse]


class ParkDoor:
    """Finds the policy line of a view, the person's membership, enters the park and runs the view inside it.

    No line: refused. Not signed in: to the sign-in page (API: 401). No membership of the park: as if it did
    not exist. Another role: 403. An answer of 400 and above takes back everything the view wrote, unless the view
    set `keeps_writes` on it.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.park = None  # type: ignore[attr-defined]
        request.actor = None  # type: ignore[attr-defined]
        self._sign_in_by_token(request)
        try:
            quota = self._sign_in_by_bearer(request)
        except Problem as problem:
            return problem_response(request, problem)
        response = self.get_response(request)
        for name, value in quota.items():
            response[name] = value
        return response

    def _sign_in_by_token(self, request: HttpRequest) -> None:
        """`Authorization: Token …` on the API; such requests carry no cookie and need no CSRF token."""
        scheme, _space, clear = request.headers.get("Authorization", "").partition(" ")
        if not is_api(request) or scheme.lower() != "token":
            return
        token = memberships.by_token(clear.strip())
        request.user = token.account if token else AnonymousUser()
        request.api_token = token  # type: ignore[attr-defined]

    def _sign_in_by_bearer(self, request: HttpRequest) -> dict[str, str]:
        """`Authorization: Bearer …` of an OAuth2 client; returns the headers that tell its rate limit.

        Raises Problem 429 when the client asks too often.
        """
        scheme, _space, clear = request.headers.get("Authorization", "").partition(" ")
        if not is_api(request) or scheme.lower() != "bearer":
            return {}
        token = memberships.by_bearer(clear.strip())
        if token is None:
            request.user = AnonymousUser()
            return {}
        request.user = token.application.user
        request.bearer = token  # type: ignore[attr-defined]
        return throttle.spend(f"client:{token.application_id}", throttle.CLIENT)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        match = request.resolver_match
        assert match is not None  # noqa: S101  # Django calls process_view after resolving
        if "\x00" in request.path:
            raise Http404
        request.GET, request.POST = without_nul(request.GET), without_nul(request.POST)  # type: ignore[assignment]
        if request.method == "OPTIONS":
            return self._no_method(request, access.methods_of(match.view_name))
        line = access.line_for(match.view_name, request.method or "")
        if line is None:
            return self._no_line(request, match.view_name)
        try:
            if line.is_public:
                return None
            return self._run(request, line, view, args, kwargs)
        except Problem as problem:
            return problem_response(request, problem)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Problems of public views, which Django runs itself."""
        return problem_response(request, error) if isinstance(error, Problem) else None

    def _no_line(self, request: HttpRequest, route: str) -> HttpResponse:
        methods = access.methods_of(route)
        if not methods:
            raise ImproperlyConfigured(f"Route {route} has no line in a policy.toml")
        return self._no_method(request, methods)

    def _no_method(self, request: HttpRequest, methods: list[str]) -> HttpResponse:
        if not is_api(request):
            return HttpResponseNotAllowed(methods)
        message = _("此地址只接受 %(methods)s。") % {"methods": ", ".join(methods)}
        problem = Problem(
            code="method_not_allowed", status=405, message=message, headers={"Allow": ", ".join(methods)}
        )
        return problem_response(request, problem)

    def _run(
        self,
        request: HttpRequest,
        line: access.Line,
        view: Callable[..., HttpResponse],
        args: Any,
        kwargs: dict[str, Any],
    ) -> HttpResponse:
        if not request.user.is_authenticated:
            return self._to_sign_in(request)
        park = self._park(kwargs)
        request.park = park  # type: ignore[attr-defined]
        actor = self._actor(request, line, park)
        if isinstance(actor, HttpResponse):
            return actor
        request.actor = actor  # type: ignore[attr-defined]
        if actor is not None:
            structlog.contextvars.bind_contextvars(
                park=actor.park_code, person=actor.person_id, role=actor.role
            )
        with park_scope(park.pk) if park else contextlib.nullcontext(), transaction.atomic():
            return self._answer(request, line, view, args, kwargs)

    def _answer(
        self,
        request: HttpRequest,
        line: access.Line,
        view: Callable[..., HttpResponse],
        args: Any,
        kwargs: dict[str, Any],
    ) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response.setdefault(
            "Cache-Control", "private, no-store"
        )  # nothing is left for the next at this browser
        if hasattr(response, "render") and not getattr(response, "is_rendered", True):
            response = response.render()
        if response.status_code >= 400 and not getattr(response, "keeps_writes", False):
            transaction.set_rollback(True)
            return response
        by: Actor = request.actor  # type: ignore[attr-defined]
        if line.audit:
            audit.record(by=by, action=line.audit, object_type="route", object_id=request.path[:80])
        if not is_api(request):
            starters.happened(by, request.resolver_match.view_name, request.method)  # type: ignore[union-attr, arg-type]
        return response

    def _park(self, kwargs: dict[str, Any]) -> Park | None:
        if "park" not in kwargs:
            return None
        park = Park.objects.filter(code=kwargs["park"]).first()
        if park is None:
            raise Http404
        return park

    def _actor(
        self, request: HttpRequest, line: access.Line, park: Park | None
    ) -> Actor | HttpResponse | None:
        membership = memberships.acting(request)
        if park is None:
            return memberships.actor_of(request, membership) if membership else None
        if membership is None or membership.park_id != park.pk:
            if line.for_any_account:
                return memberships.visitor(request, park)
            return self._other_park(request, park)
        if access.needs_second_factor(membership.role) and not memberships.is_verified(request):
            return self._redirect(request, "parks:code")
        if not line.allows(membership.role):
            raise Forbidden(
                code="role_not_allowed",
                message=_("您当前的身份是“%(role)s”，不能使用此功能。请在右上角切换身份。")
                % {"role": membership.get_role_display()},
            )
        self._check_scope(request, line)
        return memberships.actor_of(request, membership)

    def _check_scope(self, request: HttpRequest, line: access.Line) -> None:
        bearer = getattr(request, "bearer", None)
        if not line.scope or (bearer is not None and line.scope in bearer.scope.split()):
            return
        raise Forbidden(
            code="insufficient_scope",
            message=_("访问令牌缺少权限 %(scope)s。") % {"scope": line.scope},
            headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{line.scope}"'},
        )

    def _other_park(self, request: HttpRequest, park: Park) -> HttpResponse:
        account_id: int = request.user.pk  # type: ignore[assignment]  # signed in, or we were not here
        if not is_api(request) and memberships.of_account(account_id=account_id, park_id=park.pk):
            return self._redirect(request, "parks:switch")
        if not is_api(request) and memberships.has_ended(account_id=account_id, park_id=park.pk):
            raise Forbidden(
                code="role_ended",
                message=_("您在这里的身份或授权已终止或尚未开始，请联系单位的法定代表人或园区。"),
            )
        raise Http404

    def _to_sign_in(self, request: HttpRequest) -> HttpResponse:
        if is_api(request):
            raise Problem(
                code="not_signed_in",
                status=401,
                message=_("请先登录，或在请求头中提供令牌。"),
                headers={"WWW-Authenticate": "Bearer"},
            )
        return self._redirect(request, "parks:login")

    def _redirect(self, request: HttpRequest, route: str) -> HttpResponse:
        if is_api(request):
            raise Forbidden(code="second_factor", message=_("此身份需要先通过动态口令验证。"))
        return HttpResponseRedirect(f"{reverse(route)}?{urlencode({'next': request.get_full_path()})}")


def is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")
