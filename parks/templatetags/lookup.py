"""Looking a value up by a key that is itself a variable."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.translation import get_language

register = template.Library()


@register.filter
def lookup(mapping: Any, key: Any) -> Any:
    """mapping[key], or nothing."""
    return mapping.get(key) if hasattr(mapping, "get") else None


@register.filter
def named(item: Any) -> str:
    """The zh or en name of a part of a scheme, by the reader's language."""
    english = (get_language() or "").startswith("en")
    get = item.get if hasattr(item, "get") else lambda key: getattr(item, key, "")
    return str((get("en") if english else get("zh")) or get("zh") or get("code") or "")
