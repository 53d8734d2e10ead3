"""The menu of a zone's public pages."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

register = template.Library()
MENU = (
    (_("首页"), "public_home", ()),
    (_("榜单"), "public_boards", ("public_board", "public_edition", "public_history", "public_place", "public_firm")),
    (_("公示"), "public_notices", ("public_notice", "public_object", "public_track")),
    (_("统计"), "public_years", ()),
    (_("奖励"), "public_awards", ()),
    (_("核验"), "lookup", ("check", "public_witness")),
)  # fmt: skip


@register.simple_tag(takes_context=True)
def public_menu(context: dict[str, Any]) -> list[dict[str, Any]]:
    """Entries with label, url, and whether the page shown belongs to one; nothing for a page of no zone."""
    zone, here = context.get("zone"), context["request"].resolver_match.url_name
    if not zone:
        return []
    return [
        {
            "label": label, "active": here == name or here in below,
            "url": reverse(f"rankings:{name}", args=[] if name == "lookup" else [zone.code]),
        }
        for label, name, below in MENU
    ]  # fmt: skip
