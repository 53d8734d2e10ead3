"""Access tokens for programs of banks: client credentials, proved by a signed assertion, never by a shared secret."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.scopes import BaseScopes
from oauth2_provider.views import TokenView

from parks import throttle
from parks.http import client_address

from ..queries import clients as queries
from ..services import assertions, clients
from ..states import SCOPES

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

GRANT = "client_credentials"


class ClientValidator(OAuth2Validator):
    """Knows a program by its private_key_jwt (RFC 7523)."""

    def authenticate_client(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        assertion = getattr(request, "client_assertion", None) or ""
        client = clients.by_assertion(assertion)
        if client is None:
            return False
        request.client = client.application
        return True


class ClientScopes(BaseScopes):
    """Each program has scopes of its own."""

    def get_all_scopes(self) -> dict[str, str]:
        return {scope: str(label) for scope, label in SCOPES.items()}

    def get_available_scopes(
        self, application: Any = None, request: Any = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        return list(application.bank_client.scopes) if application else []

    def get_default_scopes(
        self, application: Any = None, request: Any = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        return self.get_available_scopes(application, request)


@method_decorator(csrf_exempt, name="dispatch")
class BankTokenView(TokenView):
    """POST grant_type, client_assertion_type, client_assertion, scope; answers and errors as in RFC 6749."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        assertion = request.POST.get("client_assertion", "")
        issuer = assertions.unverified_issuer(assertion) if assertion else ""
        known = queries.active(issuer) is not None
        quota = throttle.spend(
            f"token:{issuer if known else ''}:{client_address(request)}"[:160], throttle.TOKEN
        )
        if not assertion or request.POST.get("client_assertion_type") != ASSERTION:
            text = f"client_assertion and client_assertion_type={ASSERTION} are needed"
            return _refused("invalid_request", text, quota)
        if request.POST.get("grant_type") != GRANT:
            return _refused("unsupported_grant_type", f"grant_type={GRANT} is needed", quota)
        response: HttpResponse = super().post(request, *args, **kwargs)
        for name, value in quota.items():
            response[name] = value
        return response


def _refused(error: str, text: str, quota: dict[str, str]) -> JsonResponse:
    body = {"error": error, "error_description": text}
    return JsonResponse(body, status=400, headers=quota | {"Cache-Control": "no-store"})
