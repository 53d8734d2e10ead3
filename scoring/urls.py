from django.urls import path

from .views import analysis, cycles, estimates, runs, scores, screens, whatif

app_name = "scoring"
urlpatterns = [
    path("p/<slug:park>/office/scores/", cycles.overview, name="cycles"),
    path("p/<slug:park>/office/cycles/<int:year>/score/", cycles.cycle, name="cycle"),
    path("p/<slug:park>/office/cycles/<int:year>/score/freeze/", cycles.freeze, name="freeze"),
    path("p/<slug:park>/office/cycles/<int:year>/score/correct/", cycles.correct, name="correct"),
    path("p/<slug:park>/office/cycles/<int:year>/score/run/", cycles.request_run, name="request_run"),
    path("p/<slug:park>/office/screens/", screens.links, name="screens"),
    path("p/<slug:park>/office/screens/<int:link_id>/revoke/", screens.revoke, name="screen_revoke"),
    path("p/<slug:park>/office/schemes/<int:version_id>/try/", analysis.dry_run, name="dry_run"),
    path("p/<slug:park>/office/runs/<int:run_id>/", runs.run, name="run"),
    path("p/<slug:park>/office/runs/<int:run_id>/analysis/", analysis.analysis, name="analysis"),
    path("p/<slug:park>/office/runs/<int:run_id>/lab/", analysis.lab, name="lab"),
    path("p/<slug:park>/office/runs/<int:run_id>/cancel/", runs.cancel, name="cancel_run"),
    path("p/<slug:park>/office/runs/<int:run_id>/diff/", runs.diff, name="run_diff"),
    path("p/<slug:park>/office/runs/<int:run_id>/anomalies/", runs.anomaly_list, name="anomalies"),
    path(
        "p/<slug:park>/office/enterprises/<int:enterprise_id>/score/<int:year>/", scores.office, name="score"
    ),
    path(
        "p/<slug:park>/office/enterprises/<int:enterprise_id>/score/<int:year>/item/<slug:code>/",
        scores.office_item,
        name="score_item",
    ),
    path(
        "p/<slug:park>/office/enterprises/<int:enterprise_id>/score/<int:year>/report/",
        scores.office_report,
        name="score_report",
    ),
    path("p/<slug:park>/e/score/", scores.own_years, name="own_scores"),
    path("p/<slug:park>/e/score/<int:year>/", scores.own, name="own_score"),
    path("p/<slug:park>/e/score/<int:year>/report/", scores.own_report, name="own_report"),
    path("p/<slug:park>/e/score/<int:year>/estimate/", estimates.own, name="estimate"),
    path("p/<slug:park>/e/score/<int:year>/whatif/", whatif.what_if, name="what_if"),
    path(
        "p/<slug:park>/e/score/<int:year>/whatif/<int:scenario_id>/remove/",
        whatif.remove,
        name="what_if_remove",
    ),
    path(
        "p/<slug:park>/e/score/<int:year>/whatif/<int:scenario_id>/rename/",
        whatif.rename,
        name="what_if_rename",
    ),
    path("p/<slug:park>/e/score/<int:year>/item/<slug:code>/", scores.own_item, name="own_score_item"),
]
