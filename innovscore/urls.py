"""Every route of the platform. Each name has a line in a room's policy.toml."""

from django.urls import include, path
from django.views.i18n import set_language
from drf_spectacular.views import SpectacularAPIView

from . import gallery, health, helping, home, pages, reporting, screen, searching

urlpatterns = [
    path("", home.home, name="home"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("language/", set_language, name="set_language"),
    path("styleguide/", gallery.styleguide, name="styleguide"),
    path("search/", home.to_zone, {"page": "search"}, name="search"),
    path("zones/<slug:park>/search/", searching.of_zone, name="zone_search"),
    path("p/<slug:park>/search/", searching.inside, name="park_search"),
    path("help/", home.to_zone, {"page": "help"}, name="help"),
    path("zones/<slug:park>/help/", helping.of_zone, name="zone_help"),
    path("p/<slug:park>/help/", helping.inside, name="park_help"),
    path("p/<slug:park>/", home.desk, name="desk"),
    path("p/<slug:park>/starter-tasks/", home.starter_tasks, name="starter_tasks"),
    path("p/<slug:park>/office/year/<int:year>/", home.cockpit_page, name="cockpit"),
    path("p/<slug:park>/office/year-reports/", reporting.overview, name="year_reports"),
    path("p/<slug:park>/office/year-reports/<int:job_id>/", reporting.report, name="year_report"),
    path("screen/<str:token>/", screen.screen, name="screen"),
    path("screen/<str:token>/data.json", screen.data, name="screen-data"),
    path("", include("parks.urls")),
    path("", include("indicators.urls")),
    path("", include("enterprises.urls")),
    path("", include("scoring.urls")),
    path("", include("rankings.urls")),
    path("", include("finance.urls")),
    path("", include("cultivation.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/docs/", pages.api_docs, name="api-docs"),
    path("api/bank/v1/", include("finance.api.urls")),
    path("api/v1/parks/<slug:park>/", include("enterprises.api.urls")),
    path("api/v1/parks/<slug:park>/", include("scoring.api.urls")),
    path("api/v1/parks/<slug:park>/", include("rankings.api.urls")),
    path("api/v1/parks/<slug:park>/", include("cultivation.api.urls")),
]

handler400 = "innovscore.pages.bad_request"
handler403 = "innovscore.pages.forbidden"
handler404 = "innovscore.pages.not_found"
handler500 = "innovscore.pages.server_error"
