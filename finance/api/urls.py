from django.urls import include, path

from . import loans, views, webhooks
from .oauth import BankTokenView
from .schema import BankSchemaView

app_name = "bank_api"
in_park = [
    path("consents", views.Consents.as_view(), name="consents"),
    path("consents/<int:consent_id>", views.OneConsent.as_view(), name="consent"),
    path("enterprises/<str:uscc>/scorecard", views.ScoreCards.as_view(), name="scorecard"),
    path("snapshots/<int:snapshot_id>/proof", views.SnapshotProofs.as_view(), name="proof"),
    path("quotes:simulate", views.SimulateQuote.as_view(), name="simulate"),
    path("quotes/<int:quote_id>", views.OneQuote.as_view(), name="quote"),
    path("applications", views.Applications.as_view(), name="applications"),
    path("applications/<int:application_id>", views.OneApplication.as_view(), name="application"),
    path("applications/<int:application_id>/dossier", views.Dossiers.as_view(), name="dossier"),
    path(
        "applications/<int:application_id>/documents/<int:document_id>",
        views.Documents.as_view(),
        name="document",
    ),
    path("applications/<int:application_id>:ack", views.Acknowledge.as_view(), name="ack"),
    path("applications/<int:application_id>:propose", views.Propose.as_view(), name="propose"),
    path("applications/<int:application_id>:decide", views.Decide.as_view(), name="decide"),
    path("applications/<int:application_id>/loan", loans.Loan.as_view(), name="loan"),
    *(
        path(f"applications/<int:application_id>:{verb}", step.as_view(), name=name)
        for name, verb, step in loans.STEPS
    ),
    path("clock", views.Clock.as_view(), name="clock"),
    path("clock:advance", views.AdvanceClock.as_view(), name="advance"),
    path("webhooks", webhooks.Endpoints.as_view(), name="endpoints"),
    path("webhooks/<int:endpoint_id>", webhooks.OneEndpoint.as_view(), name="endpoint"),
    path("webhooks/<int:endpoint_id>:rotateSecret", webhooks.RotateSecret.as_view(), name="rotate"),
    path("webhooks/<int:endpoint_id>:endFormerSecret", webhooks.EndFormerSecret.as_view(), name="end_former"),
    path("webhooks/<int:endpoint_id>:replay", webhooks.ReplayRange.as_view(), name="replay_range"),
    path("webhooks/<int:endpoint_id>:enable", webhooks.EnableEndpoint.as_view(), name="enable"),
    path("webhooks/<int:endpoint_id>:disable", webhooks.DisableEndpoint.as_view(), name="disable"),
    path("webhooks/<int:endpoint_id>/deliveries", webhooks.Deliveries.as_view(), name="deliveries"),
    path("webhooks/deliveries/<int:delivery_id>:replay", webhooks.ReplayEvent.as_view(), name="replay"),
]
urlpatterns = [
    path("token", BankTokenView.as_view(), name="token"),
    path("openapi.json", BankSchemaView.as_view(), name="schema"),
    path("parks/<slug:park>/", include(in_park)),
]
