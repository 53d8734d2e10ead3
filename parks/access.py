"""The access policy as data: which role may call which route, on whose object, with which audit event.

Every room keeps its lines in `<room>/policy.toml`, a table a route name, a key a method. The door
(`parks.middleware.ParkDoor`) refuses what has no line; the access matrix in the tests is made from the same
lines and the URLconf.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings

from .roles import SECOND_FACTOR, Role

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
OBJECTS = ("none", "own", "park", "consented")
PUBLIC = "public"
SIGNED_IN = "signed_in"


class PolicyError(ValueError):
    """A line of a policy file is wrong; names file, route and key."""


@dataclass(frozen=True, slots=True)
class Line:
    """One route and method: `roles` may call it, on an `object` of this relation; reading is audited as `audit`.

    `scope` is what a bearer token must carry; a route with one takes no session.
    """

    route: str
    method: str
    roles: frozenset[str]
    object: str
    audit: str = ""
    scope: str = ""

    @property
    def is_public(self) -> bool:
        return PUBLIC in self.roles

    @property
    def for_any_account(self) -> bool:
        return SIGNED_IN in self.roles

    def allows(self, role: str) -> bool:
        return self.is_public or self.for_any_account or role in self.roles


def policy_files() -> list[Path]:
    base = Path(settings.BASE_DIR)
    return sorted(base.glob("*/policy.toml"))


def parse(path: Path) -> dict[tuple[str, str], Line]:
    """Read one policy file; raises PolicyError naming what is wrong."""
    lines = {}
    for route, methods in tomllib.loads(path.read_text(encoding="utf-8")).items():
        for method, entry in methods.items():
            where = f"{path.parent.name}/policy.toml [{route}] {method}"
            roles = frozenset(entry.get("roles", ()))
            unknown = roles - set(Role.values) - {PUBLIC, SIGNED_IN}
            if method not in METHODS or not roles or unknown or entry.get("object") not in OBJECTS:
                raise PolicyError(
                    f"{where}: method, roles {sorted(unknown)} or object {entry.get('object')!r} is wrong"
                )
            lines[route, method] = Line(
                route, method, roles, entry["object"], entry.get("audit", ""), entry.get("scope", "")
            )
    return lines


@cache
def policy() -> dict[tuple[str, str], Line]:
    """All lines: (route name, method) -> Line."""
    lines: dict[tuple[str, str], Line] = {}
    for path in policy_files():
        parsed = parse(path)
        if double := lines.keys() & parsed.keys():
            raise PolicyError(f"{path}: {sorted(double)} has a line elsewhere too")
        lines |= parsed
    return lines


def line_for(route: str, method: str) -> Line | None:
    return policy().get((route, "GET" if method == "HEAD" else method))


def may(role: str, route: str, method: str = "GET") -> bool:
    """Whether the policy lets this role call the route: for what pages show, never instead of the door."""
    line = line_for(route, method)
    return line is not None and line.allows(role)


def roles_of(route: str, method: str = "GET") -> frozenset[str]:
    """The roles that the policy lets call a route."""
    line = line_for(route, method)
    return line.roles if line else frozenset()


def methods_of(route: str) -> list[str]:
    return [method for method in METHODS if (route, method) in policy()]


def needs_second_factor(role: str) -> bool:
    return role in SECOND_FACTOR
