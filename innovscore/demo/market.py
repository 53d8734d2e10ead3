"""What the second bank offers, to compare with: proposed by one officer, put in force by another."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from finance.services import products
from finance.services.products import Terms
from parks.actors import Actor

WAN = 10_000
OFFERS: tuple[tuple[str, str, str, Terms], ...] = (
    (
        "bank2", "first-loan", "科创首贷通",
        Terms(
            cap=Decimal(500 * WAN), min_score=Decimal(60), rate_low=Decimal("0.0335"), rate_high=Decimal("0.0480"),
            term_min=3, term_max=12, first_loan_cap=Decimal(300 * WAN), conditions="面向首次贷款的科技型企业。",
        ),
    ),
)  # fmt: skip


def offer_products(actors: Mapping[str, Actor]) -> None:
    """The products of the banks that work in the park that was entered."""
    for bank, code, name, terms in OFFERS:
        version = products.propose(by=actors[f"{bank}.maker@demo"], code=code, name=name, terms=terms)
        products.activate(by=actors[f"{bank}.check@demo"], version_id=version.pk)
