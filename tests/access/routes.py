"""Every route of the URLconf, derived, never typed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

SAMPLE = {"park": "cq", "year": 2025}


@dataclass(frozen=True)
class Route:
    """A named route with the names of its URL parameters."""

    name: str
    parameters: tuple[str, ...]
    converters: tuple[tuple[str, str], ...]

    def url(self, **values: Any) -> str:
        """Its address; parameters that are not given get a value that names nothing."""
        kwargs = {name: self._sample(name, kind) for name, kind in self.converters}
        return reverse(self.name, kwargs=kwargs | {k: v for k, v in values.items() if k in kwargs})

    @staticmethod
    def _sample(name: str, kind: str) -> Any:
        if name in SAMPLE:
            return SAMPLE[name]
        return 987654321 if kind == "IntConverter" else "absent"


def routes() -> list[Route]:
    """All routes, sorted by name."""
    return sorted(_walk(get_resolver().url_patterns, (), {}), key=lambda route: route.name)


def _walk(patterns: list[Any], namespaces: tuple[str, ...], outer: dict[str, str]) -> Iterator[Route]:
    for pattern in patterns:
        converters = outer | {
            name: type(converter).__name__ for name, converter in pattern.pattern.converters.items()
        }
        if isinstance(pattern, URLResolver):
            inside = (*namespaces, pattern.namespace) if pattern.namespace else namespaces
            yield from _walk(pattern.url_patterns, inside, converters)
        elif isinstance(pattern, URLPattern):
            name = ":".join((*namespaces, pattern.name or "unnamed"))
            yield Route(name, tuple(converters), tuple(converters.items()))
