"""查找: one box over the lists that a reader may open. Each room names its lists; the page of the roof asks all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_filters import FilterSet

from . import access
from .actors import Actor
from .models import Park

MOST = 8
"""What is shown of a list; the list itself shows the rest."""
LONGEST = 60
"""Characters of the words, as many as the lists take."""
KINDS = {
    "firms": _("企业"), "indicators": _("各项指标"), "policies": _("政策库"), "boards": _("榜单"), "notices": _("公示公告"),
    "messages": _("通知"), "events": _("活动"), "loans": _("贷款申请"), "certificates": _("上榜证书"), "documents": _("材料库"),
}  # fmt: skip
"""What can be found, in the order of the page."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The words, the zone, and who asks: without an actor no park is entered and only published tables answer."""

    zone: Park
    text: str
    actor: Actor | None = None

    @property
    def role(self) -> str:
        return self.actor.role if self.actor else access.PUBLIC

    def url(self, route: str, **named: Any) -> str:
        return reverse(route, kwargs={"park": self.zone.code, **named})


@dataclass(frozen=True, slots=True)
class Hit:
    """A line of the answer."""

    label: str
    url: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """What a list has of the words, and the list narrowed to them."""

    label: str
    hits: list[Hit]
    list_url: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A list that is searched for whoever may open its page: `rows` as the page shows them, narrowed by its own filter.

    `field` is the name under which page and filter take the words, empty for a page that takes none. Without a filter
    `rows` gives what fits already. `is_page` is False where the route shows a single thing.
    """

    kind: str
    route: str
    rows: Callable[[Asked], Any]
    hits: Callable[[Asked, list[Any]], Iterable[Hit]]
    filterset: type[FilterSet] | None = None
    field: str = ""
    is_page: bool = True

    def search(self, asked: Asked) -> Group:
        words = {self.field: asked.text} if self.field else {}
        rows = self.rows(asked)
        if self.filterset is not None:
            rows = self.filterset(words, queryset=rows).qs
        hits = list(self.hits(asked, list(rows[:MOST])))
        return Group(str(KINDS[self.kind]), hits, self._url(asked, words) if self.is_page else "")

    def _url(self, asked: Asked, words: dict[str, str]) -> str:
        return asked.url(self.route) + (f"?{urlencode(words)}" if words else "")


_lists: list[Listed] = []


def register(*lists: Listed) -> None:
    """Of lists of one kind a reader gets the first that he may open."""
    _lists.extend(lists)


def found(asked: Asked) -> list[Group]:
    """What the reader's lists have of the words; kinds without any are left out."""
    mine: dict[str, Listed] = {}
    for one in _lists:
        if access.may(asked.role, one.route):
            mine.setdefault(one.kind, one)
    groups = [mine[kind].search(asked) for kind in KINDS if kind in mine]
    return [group for group in groups if group.hits]
