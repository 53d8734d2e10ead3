from django.urls import path

from .views import bank, loans, market, products

app_name = "finance"
urlpatterns = [
    path("p/<slug:park>/e/finance/", market.market, name="market"),
    path("p/<slug:park>/e/finance/<slug:product>/consent/", market.consent, name="consent"),
    path("p/<slug:park>/e/finance/<slug:product>/quote/", market.requote, name="requote"),
    path("p/<slug:park>/e/finance/<slug:product>/apply/", market.apply, name="apply"),
    path("p/<slug:park>/e/loans/", loans.loans, name="loans"),
    path("p/<slug:park>/e/loans/<int:application_id>/", loans.loan, name="loan"),
    path("p/<slug:park>/e/loans/<int:application_id>/withdraw/", loans.withdraw, name="withdraw"),
    path("p/<slug:park>/e/consents/", loans.ledger, name="consents"),
    path("p/<slug:park>/e/consents/<int:consent_id>/revoke/", loans.revoke, name="revoke"),
    path("p/<slug:park>/e/access-log/", loans.access_log, name="access_log"),
    path("p/<slug:park>/bank/applications/", bank.queue, name="bank_applications"),
    path("p/<slug:park>/bank/applications/<int:application_id>/", bank.dossier, name="bank_application"),
    path(
        "p/<slug:park>/bank/applications/<int:application_id>/acknowledge/",
        bank.acknowledge,
        name="acknowledge",
    ),
    path("p/<slug:park>/bank/check/", bank.check_queue, name="bank_check"),
    path("p/<slug:park>/bank/check/<int:application_id>/", bank.decision, name="bank_decision"),
    path("p/<slug:park>/bank/products/", products.overview, name="products"),
    path("p/<slug:park>/bank/products/<int:version_id>/activate/", products.activate, name="activate"),
    path("p/<slug:park>/office/finance/", products.office, name="office"),
]
