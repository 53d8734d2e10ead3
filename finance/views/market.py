"""金融超市 of an enterprise: products with the own line, consent, application."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from enterprises.queries import enterprises
from innovscore.core.problems import Problem
from parks.clock import db_now
from parks.http import ParkRequest
from parks.idempotency import Reply, once
from parks.showing import add_problem, repeatable, status_of

from ..forms.applications import ApplyForm, MarketForm
from ..forms.consents import AddGroupsForm, ConsentForm, MoreGroupsForm
from ..models import Consent, CreditLine, LineOrder, ProductVersion
from ..queries import consents as consent_queries
from ..queries import lines as line_queries
from ..queries import products
from ..queries.package import package
from ..queries.pricing import Pricing, price
from ..rules import CREDIT_GROUPS, MORE_GROUPS
from ..services import applications, consents, quotes


@dataclass(frozen=True, slots=True)
class Card:
    """A product with what it means for this enterprise."""

    version: ProductVersion
    price: Pricing
    consent: Consent | None
    line: CreditLine | None
    freeze: LineOrder | None

    @property
    def may_apply(self) -> bool:
        active = bool(self.consent and self.line and self.line.state == "active" and not self.is_former)
        return active and self.line is not None and self.line.available >= self.version.min_amount

    @property
    def is_former(self) -> bool:
        """The line was quoted on terms that are no longer in force."""
        return self.line is not None and self.line.quote.product_version_id != self.version.pk

    def meets(self, wanted: dict[str, Any]) -> bool:
        """Could I get what I look for: amount within the line, term within the product, guarantee as wished."""
        amount, term = wanted.get("amount"), wanted.get("term_months")
        if amount is not None and self.price.amount < amount:
            return False
        if term is not None and not self.version.term_min <= term <= self.version.term_max:
            return False
        return not (wanted.get("no_guarantee") and self.version.guarantor_id)


def _card(enterprise_id: int, version: ProductVersion) -> Card:
    consent = consent_queries.active_for(enterprise_id, version.product_id)
    line = line_queries.of_product(enterprise_id, version.product_id)
    freeze = line_queries.freeze_of(line) if line else None
    return Card(version, price(enterprise_id, version), consent, line, freeze)


def market(request: ParkRequest, park: str) -> HttpResponse:
    """Products with the own line, what binds it and what would raise it."""
    enterprise = enterprises.own(request.actor)
    cards = [_card(enterprise.pk, version) for version in products.active_versions()] if enterprise else []
    wanted = MarketForm(request.GET or None)
    shown = [card for card in cards if card.meets(wanted.cleaned_data)] if wanted.is_valid() else cards
    context = {
        "enterprise": enterprise, "cards": shown, "may_sign": _may_sign(request), "wanted": wanted, "left_out": len(cards) - len(shown),
    }  # fmt: skip
    return render(request, "finance/market.html", context)


def compare(request: ParkRequest, park: str) -> HttpResponse:
    """Up to three products side by side with the own line; lines that differ are marked."""
    enterprise = enterprises.own_or_404(request.actor)
    codes = list(dict.fromkeys(request.GET.getlist("p")))[:3]
    chosen = [version for version in products.active_versions() if version.product.code in codes]
    cards = [_card(enterprise.pk, version) for version in chosen]
    rows = [(label, cells, len(set(cells)) > 1) for label, cells in comparison(cards)]
    return render(request, "finance/compare.html", {"cards": cards, "rows": rows})


def comparison(cards: list[Card]) -> list[tuple[str, list[str]]]:
    """Label and one text a product."""
    facts: tuple[tuple[str, Callable[[Card], str]], ...] = (
        (_("银行"), lambda card: card.version.product.organisation.name),
        (_("我的授信额度（万元）"), lambda card: f"{card.price.amount / 10_000:,.2f}"),
        (_("额度取决于"), lambda card: card.price.binding_text),
        (_("单户上限（万元）"), lambda card: f"{card.version.cap / 10_000:,.2f}"),
        (_("起贷金额（万元）"), lambda card: f"{card.version.min_amount / 10_000:,.2f}"),
        (_("首贷上限（万元）"), lambda card: "—" if card.version.first_loan_cap is None else f"{card.version.first_loan_cap / 10_000:,.2f}"),
        (_("年利率（%）"), lambda card: card.version.rates_percent),
        (_("期限（月）"), lambda card: f"{card.version.term_min}–{card.version.term_max}"),
        (_("积分起点"), lambda card: f"{card.version.min_score:.2f}"),
        (_("担保比例（%）"), lambda card: card.version.cover_percent or _("不需要担保")),
        (_("资金池分担（%）"), lambda card: card.version.pool_percent if card.version.pool_id else "—"),
        (_("承诺审批（工作日）"), lambda card: str(card.version.promised_days)),
        (_("办理条件"), lambda card: card.version.conditions or "—"),
        (_("需要的材料"), lambda card: card.version.documents or "—"),
    )  # fmt: skip
    return [(label, [text(card) for card in cards]) for label, text in facts]


def requote(request: ParkRequest, park: str, product: str) -> HttpResponse:
    """Compute the line again."""
    line = quotes.request(by=request.actor, product_code=product)
    if line is None:
        messages.warning(request, _("目前不能给出可用的授信额度，请查看卡片上的原因。"))
    else:
        messages.success(request, _("授信额度已重新测算。"))
    return redirect("finance:market", park=park)


@repeatable
def consent(request: ParkRequest, park: str, product: str) -> HttpResponse:
    """Who will see what until when, with the real package as preview; the signatory signs.

    `?more=` adds groups that the product does not need, to a consent in force too; words and preview go by them.
    """
    enterprise = enterprises.own_or_404(request.actor)
    version = products.active_version(product)
    more = MoreGroupsForm(request.GET)
    existing = consent_queries.active_for(enterprise.pk, version.product_id)
    given = existing.groups if existing else ()
    chosen = more.cleaned_data["more"] if more.is_valid() else ()
    groups = consents.in_order({*(given or CREDIT_GROUPS), *chosen})
    asked = [group for group in groups if group not in given]
    addable = {*MORE_GROUPS} - {*given}
    form_class = AddGroupsForm if existing else ConsentForm
    form = form_class(request.POST if request.method == "POST" else None, groups=asked)
    status = status_of(form)
    if form.is_valid():
        try:
            if existing:
                granted = consents.add_groups(
                    by=request.actor, consent_id=existing.pk, **_signed(form, "groups", "read_words")
                )
            else:
                said = _signed(form, "months", "groups", "read_words")
                granted = consents.grant(by=request.actor, product_code=product, **said)
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            messages.success(
                request, _("已授权 %(bank)s，可随时在授权台账撤回。") % {"bank": granted.organisation.name}
            )
            return redirect("finance:market", park=park)
    shown = package(enterprise.pk, {*groups, *MORE_GROUPS})
    context = {
        "form": form,
        "version": version,
        "sections": [section for section in shown if section.group in groups],
        "offered": [(section, section.group in groups) for section in shown if section.group in addable],
        "existing": existing,
        "may_widen": existing is not None and consent_queries.may_widen(existing, db_now()),
        "asked": asked,
        "may_sign": _may_sign(request),
        **_words(version, existing, groups, asked),
    }
    return render(request, "finance/consent.html", context, status=status)


def _signed(form: AddGroupsForm, *names: str) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in names}


def _words(
    version: ProductVersion, existing: Consent | None, groups: list[str], asked: list[str]
) -> dict[str, Any]:
    """What would be signed: a consent, what is added to the one in force, or, when nothing is added, what was signed."""
    if existing is None:
        words = consents.words_of(version, groups)
        return {"words": words, "digest": consents.digest_of_words(version, groups)}
    if not asked:
        return {"words": [existing.text]}
    return {
        "words": [consents.words_to_add(existing, groups)],
        "digest": consents.digest_to_add(existing, groups),
    }


def apply(request: ParkRequest, park: str, product: str) -> HttpResponse:
    """Apply within the line; the key in the form keeps a second click from applying twice."""
    enterprise = enterprises.own_or_404(request.actor)
    card = _card(enterprise.pk, products.active_version(product))
    form = ApplyForm(request.POST if request.method == "POST" else None)
    status = status_of(form)
    if form.is_valid():
        try:
            reply = _submit(request, park, product, form)
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            if not reply.replayed:
                messages.success(request, _("申请已提交，额度已预留。银行会在 1 个工作日内联系您。"))
            return redirect(reply.location)
    return render(
        request,
        "finance/apply.html",
        {"form": form, "card": card, "may_sign": _may_sign(request)},
        status=status,
    )


def _submit(request: ParkRequest, park: str, product: str, form: ApplyForm) -> Reply:
    data = form.cleaned_data
    body = {
        "product": product,
        "amount": data["amount"],
        "term_months": data["term_months"],
        "purpose": data["purpose"],
    }

    def effect() -> Reply:
        made = applications.submit(
            by=request.actor, product_code=product, amount=data["amount"], term_months=data["term_months"],
            purpose=data["purpose"], client_ref=data["idempotency_key"],
        )  # fmt: skip
        return Reply(302, location=reverse("finance:loan", kwargs={"park": park, "application_id": made.pk}))

    return once(
        by=request.actor, route="finance:apply", key=data["idempotency_key"], body=body, effect=effect
    )


def _may_sign(request: ParkRequest) -> bool:
    return request.actor.role == "enterprise_signatory"
