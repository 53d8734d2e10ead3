"""Small pieces of every page: tags of states, codes, hashes."""

from __future__ import annotations

from django import template
from django.forms import BoundField, Field
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from parks import access
from parks.idempotency import new_key

register = template.Library()
TONES = ("info", "ok", "warn", "error", "neutral", "purple")
STATE_TONES = {
    "draft": "neutral", "open": "info", "submitted": "info", "returned": "warn", "certified": "ok", "rejected": "error",
    "suspended": "warn", "verified": "ok", "frozen": "ok", "missing": "neutral", "prefilled": "info", "disputed": "purple",
    "confirmed": "neutral", "zero_confirmed": "neutral", "not_applicable": "neutral", "active": "ok", "final": "ok",
    "on_notice": "warn", "proposed": "info", "withdrawn": "error", "superseded": "neutral", "approved": "ok",
    "filed": "warn", "accepted": "info", "investigated": "info", "upheld": "error", "partly": "warn", "valid": "ok",
    "publicised": "warn", "cancelled": "neutral", "done": "ok", "now": "info", "screened": "info", "guarantee_review": "info", "guaranteed": "info", "g_proposed": "info",
    "on_hold": "warn", "overdue": "error", "defaulted": "error", "claim_filed": "warn", "claim_accepted": "warn", "contracted": "ok", "answered": "warn",
    "published": "ok", "booked": "ok", "waiting": "warn", "recalled": "warn",
}  # fmt: skip


@register.simple_tag
def tag(text: object, tone: str = "neutral") -> SafeString:
    """A coloured word; the tone is one of TONES, the text always says the state too."""
    return format_html('<span class="tag tag-{}">{}</span>', tone if tone in TONES else "neutral", text)


@register.filter
def may(role: str, route: str) -> bool:
    """Does the access policy let this role open a page? A link that leads to a refusal is not shown."""
    return access.may(role, route)


@register.simple_tag
def form_key() -> SafeString:
    """The hidden key that keeps a form from having its effect twice."""
    return format_html('<input type="hidden" name="idempotency_key" value="{}">', new_key())


@register.simple_tag
def state(code: object, label: object) -> SafeString:
    """The tag of a state code with its label: {% state obj.state obj.get_state_display %}."""
    return tag(label, STATE_TONES.get(str(code), "neutral"))


@register.filter
def telling(error: str, field: BoundField) -> str:
    """What is wrong with a field, by its name also where Django's own words leave it out."""
    if error != str(Field.default_error_messages["required"]):
        return error
    return _("请填写或选择“%(label)s”。") % {"label": field.label}


@register.filter
def naming(error: str, field: BoundField) -> str:
    """What is wrong with a field, told away from it: its name stands before words that leave it out."""
    told = telling(error, field)
    return told if str(field.label) in told else f"{field.label}{_('：')}{told}"


@register.simple_tag
def usc(value: object) -> SafeString:
    """A unified social credit code."""
    return format_html('<code class="usc">{}</code>', value or "—")


@register.simple_tag(name="hash")
def hash_(value: object, length: int = 12) -> SafeString:
    """A digest, shortened; the whole value in the title."""
    text = str(value or "")
    return format_html('<code title="{}">{}</code>', text, text[:length] or "—")
