"""Firms that want to hear of new policies by tag."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from enterprises.queries import enterprises
from parks import audit
from parks.actors import Actor

from ..models import PolicyVersion, TagSubscription
from ..queries import policies
from . import telling


def choose(*, by: Actor, tags: Collection[str]) -> None:
    """The firm is told of policies with these tags from now on, and of no others."""
    enterprise = enterprises.own_or_404(by)
    with transaction.atomic():
        TagSubscription.objects.filter(enterprise=enterprise).exclude(tag__in=tags).delete()
        wanted = [TagSubscription(enterprise=enterprise, tag=tag) for tag in tags]
        TagSubscription.objects.bulk_create(wanted, ignore_conflicts=True)
        audit.record(by=by, action="policies.subscribed", obj=enterprise, after={"tags": sorted(tags)})


def tell(*, by: Actor, version: PolicyVersion) -> None:
    """A released version is told to who subscribed to one of its tags; a version is released once, so it is told once."""
    url = reverse("cultivation:policy", kwargs={"park": by.park_code, "version_id": version.pk})
    text = _("新政策“%(title)s”（%(tags)s）已发布，请查看您是否符合。")
    words = text % {"title": version.title, "tags": "、".join(version.tags)}
    telling.tell(by=by, url=url, words={words: policies.subscribers(version.tags)})
