"""Where one stands among peers, in words that the rule allows."""

from __future__ import annotations

from django import template

from .. import rules

register = template.Library()
register.filter("above", rules.above)
