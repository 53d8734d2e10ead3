"""The OpenAPI document of the bank API."""

from __future__ import annotations

from typing import Any

from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.views import SpectacularAPIView

PREFIX = "/api/bank/v1"
DESCRIPTION = """\
A bank's decision engine works with this API as its people work with the pages: the same rules, consents and records.
Ask for a token first (POST /api/bank/v1/token, private_key_jwt); money is text in yuan, two decimals; every POST carries an Idempotency-Key;
decisions carry If-Match and an actor_token that names a person of the bank. Try it in the sandbox park."""


def only_bank(endpoints: list[Any], **kwargs: Any) -> list[Any]:
    """Calls under the prefix that are described (the token endpoint is OAuth's own)."""
    return [entry for entry in endpoints if entry[0].startswith(f"{PREFIX}/parks/")]


class BankSchemaView(SpectacularAPIView):
    renderer_classes = [OpenApiJsonRenderer]
    custom_settings = {
        "TITLE": "Innovscore bank API",
        "DESCRIPTION": DESCRIPTION,
        "VERSION": "1.0.0",
        "SCHEMA_PATH_PREFIX": PREFIX,
        "PREPROCESSING_HOOKS": ["finance.api.schema.only_bank"],
    }
