from .applications import AllowedTransition, Application, ApplicationEvent, Decision
from .consents import Consent, ConsentAccess
from .lines import CreditLine, Quote
from .products import Product, ProductVersion

__all__ = [
    "AllowedTransition",
    "Application",
    "ApplicationEvent",
    "Consent",
    "ConsentAccess",
    "CreditLine",
    "Decision",
    "Product",
    "ProductVersion",
    "Quote",
]
