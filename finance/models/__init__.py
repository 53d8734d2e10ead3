from .applications import AllowedTransition, Application, ApplicationEvent, Decision
from .clients import BankClient, UsedAssertion
from .consents import AccessQuestion, Consent, ConsentAccess
from .ledger import Entry, Journal, LedgerAccount
from .lines import CreditLine, LineOrder, Quote
from .needs import Need, NeedAnswer
from .products import Product, ProductVersion
from .risk import Guarantee, RiskCounter, RiskHold, RiskTerms
from .servicing import (
    Claim,
    ClaimShare,
    Contract,
    DefaultNotice,
    Disbursement,
    Recovery,
    Repayment,
    ScheduleItem,
)
from .subsidies import Subsidy, SubsidyEvent, SubsidyProgramme, SubsidyProject
from .webhooks import WebhookDelivery, WebhookEndpoint

__all__ = [
    "AccessQuestion",
    "AllowedTransition",
    "Application",
    "ApplicationEvent",
    "BankClient",
    "Claim",
    "ClaimShare",
    "Consent",
    "ConsentAccess",
    "Contract",
    "CreditLine",
    "Decision",
    "DefaultNotice",
    "Disbursement",
    "Entry",
    "Guarantee",
    "Journal",
    "LedgerAccount",
    "LineOrder",
    "Need",
    "NeedAnswer",
    "Product",
    "ProductVersion",
    "Quote",
    "UsedAssertion",
    "WebhookDelivery",
    "WebhookEndpoint",
    "Recovery",
    "Repayment",
    "RiskCounter",
    "RiskHold",
    "RiskTerms",
    "ScheduleItem",
    "Subsidy",
    "SubsidyEvent",
    "SubsidyProgramme",
    "SubsidyProject",
]
