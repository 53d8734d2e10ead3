"""Reading products: what the market offers, what a bank's people work on."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from innovscore.core.problems import NotFound
from parks.actors import Actor

from ..models import Product, ProductVersion
from ..states import VersionState
from .acting import organisation_of


def active_versions() -> QuerySet[ProductVersion]:
    """What enterprises may choose from."""
    versions = ProductVersion.objects.filter(state=VersionState.ACTIVE)
    return versions.select_related("product__organisation", "guarantor", "pool").order_by("rate_low", "pk")


def active_version(code: str) -> ProductVersion:
    """The active version of a product by its code; raises NotFound."""
    version = active_versions().filter(product__code=code).first()
    if version is None:
        raise NotFound(code="not_found", message=_("没有这个产品，或产品已停用。"))
    return version


def versions_of(actor: Actor) -> QuerySet[ProductVersion]:
    """All versions of the acting bank, newest first."""
    own = ProductVersion.objects.filter(product__organisation_id=organisation_of(actor))
    return own.select_related("product").order_by("product__code", "-number")


def version_of(actor: Actor, version_id: int) -> ProductVersion:
    """A version of the acting bank; raises NotFound for others'."""
    version = versions_of(actor).filter(pk=version_id).first()
    if version is None:
        raise NotFound(code="not_found", message=_("没有这个产品版本。"))
    return version


def product_named(actor: Actor, code: str) -> Product | None:
    return Product.objects.filter(organisation_id=organisation_of(actor), code=code).first()


def version_for(actor: Actor, *, product_id: int, version_id: int | None = None) -> ProductVersion:
    """A version of the acting bank's product: the one named (drafts too), else the active one; raises NotFound."""
    versions = versions_of(actor).filter(product_id=product_id)
    chosen = versions.filter(pk=version_id) if version_id else versions.filter(state=VersionState.ACTIVE)
    version = chosen.first()
    if version is None:
        raise NotFound(code="not_found", message=_("没有这个产品版本。"))
    return version
