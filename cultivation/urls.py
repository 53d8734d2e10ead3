from django.urls import path

from .views import (
    broadcasts,
    claims,
    facts,
    gatherings,
    ladder,
    matching,
    needs,
    platforms,
    policies,
    pools,
    visits,
)

app_name = "cultivation"
# policies and claims
policy_urls = [
    path("zones/<slug:park>/policies/", policies.public_library, name="public_policies"),
    path("zones/<slug:park>/policies/<int:version_id>/", policies.public_policy, name="public_policy"),
    path("zones/<slug:park>/claim-notices/", claims.public_notices, name="claim_notices"),
    path("p/<slug:park>/e/policies/", policies.own, name="policies"),
    path("p/<slug:park>/e/policies/<int:version_id>/", policies.policy, name="policy"),
    path("p/<slug:park>/e/policies/<int:version_id>/claim/", claims.file, name="claim_file"),
    path("p/<slug:park>/e/claims/", claims.own, name="claims"),
    path("p/<slug:park>/claims/<int:claim_id>/", claims.claim, name="claim"),
    path("p/<slug:park>/claims/<int:claim_id>/paper/", claims.paper, name="claim_paper"),
    path("p/<slug:park>/claims/<int:claim_id>/step/", claims.step, name="claim_step"),
    path("p/<slug:park>/office/claims/", claims.queue, name="claim_queue"),
    path("p/<slug:park>/office/policies/", policies.office, name="policy_rules"),
    path("p/<slug:park>/office/policies/new/", policies.new, name="policy_new"),
    path("p/<slug:park>/office/policies/check/", policies.check, name="policy_check"),
    path("p/<slug:park>/office/policies/<int:version_id>/", policies.edit, name="policy_edit"),
    path("p/<slug:park>/office/policies/<int:version_id>/file/", policies.export, name="policy_export"),
    path(
        "p/<slug:park>/office/policies/<int:version_id>/forecast/", policies.forecast, name="policy_forecast"
    ),
    path("p/<slug:park>/office/policies/<int:version_id>/propose/", policies.propose, name="policy_propose"),
    path(
        "p/<slug:park>/office/policies/<int:version_id>/take-back/",
        policies.take_back,
        name="policy_take_back",
    ),
    path("p/<slug:park>/office/policies/<int:version_id>/discard/", policies.discard, name="policy_discard"),
    path("p/<slug:park>/office/policies/<int:version_id>/release/", policies.release, name="policy_release"),
    path("p/<slug:park>/office/policies/<int:version_id>/retire/", policies.retire, name="policy_retire"),
    path("p/<slug:park>/office/policies/<int:version_id>/push/", matching.push, name="policy_push"),
    path("p/<slug:park>/office/policies/<int:version_id>/prepare/", matching.prepare, name="policy_prepare"),
    path("p/<slug:park>/office/matching/", matching.overview, name="matching"),
    path("p/<slug:park>/office/matching/run/", matching.run, name="matching_run"),
]
# ladder
ladder_urls = [
    path("p/<slug:park>/e/growth/", ladder.growth, name="growth"),
    path("p/<slug:park>/e/growth/<int:version_id>/", ladder.rung, name="rung"),
    path("p/<slug:park>/e/facts/<slug:code>/", facts.own, name="own_fact"),
    path("p/<slug:park>/office/facts/", facts.office, name="facts"),
    path("p/<slug:park>/office/facts/<int:fact_id>/", facts.fact, name="fact"),
    path("p/<slug:park>/office/ladder/", ladder.overview, name="ladder"),
    path("p/<slug:park>/office/firms/<int:enterprise_id>/file/", ladder.file, name="firm_file"),
    path("p/<slug:park>/office/firms/<int:enterprise_id>/file.pdf", ladder.file_pdf, name="firm_file_pdf"),
    path("p/<slug:park>/office/pools/", pools.overview, name="pools"),
    path("p/<slug:park>/office/pools/enter/", pools.enter, name="pool_enter"),
    path("p/<slug:park>/office/pools/<int:place_id>/", pools.place, name="pool_place"),
    path("p/<slug:park>/office/pools/tasks/<int:task_id>/done/", pools.finish, name="pool_task_done"),
]
# R&D platforms
platform_urls = [
    path("p/<slug:park>/e/platforms/", platforms.own, name="platforms"),
    path("p/<slug:park>/platforms/new/", platforms.new, name="platform_new"),
    path("p/<slug:park>/platforms/<int:platform_id>/", platforms.platform, name="platform"),
    path("p/<slug:park>/platforms/<int:platform_id>/step/", platforms.step, name="platform_step"),
    path(
        "p/<slug:park>/platforms/<int:platform_id>/report/<int:year_id>/",
        platforms.report,
        name="platform_report",
    ),
    path("p/<slug:park>/office/platforms/", platforms.registry, name="platform_registry"),
    path("p/<slug:park>/office/platforms/check/", platforms.check_all, name="platform_check_all"),
    path("p/<slug:park>/office/platforms/feed/", platforms.feed, name="platform_feed"),
    path("p/<slug:park>/office/platforms/setup/", platforms.setup, name="platform_setup"),
    path("p/<slug:park>/office/platforms/template/", platforms.template, name="platform_template"),
    path("p/<slug:park>/office/platforms/import/", platforms.upload, name="platform_import"),
]
need_urls = [
    path("zones/<slug:park>/tech-needs/", needs.public_board, name="public_needs"),
    path("p/<slug:park>/e/tech-needs/", needs.own, name="own_needs"),
    path("p/<slug:park>/tech-needs/<int:need_id>/", needs.need, name="tech_need"),
    path("p/<slug:park>/tech-needs/<int:need_id>/close/", needs.close, name="tech_need_close"),
    path("p/<slug:park>/tech-needs/<int:need_id>/introduce/", needs.introduce, name="tech_need_introduce"),
    path(
        "p/<slug:park>/tech-needs/<int:need_id>/introductions/<int:introduction_id>/outcome/",
        needs.outcome,
        name="tech_need_outcome",
    ),
    path("p/<slug:park>/office/tech-needs/", needs.office, name="tech_needs"),
    path("p/<slug:park>/office/experts/", needs.experts, name="experts"),
    path("p/<slug:park>/office/experts/new/", needs.expert_new, name="expert_new"),
    path("p/<slug:park>/office/experts/<int:expert_id>/", needs.expert, name="expert"),
]
visit_urls = [
    path("p/<slug:park>/office/visits/", visits.log, name="visits"),
    path("p/<slug:park>/office/visits/new/", visits.new, name="visit_new"),
    path("p/<slug:park>/office/visits/coverage/", visits.coverage, name="visit_coverage"),
    path("p/<slug:park>/office/visits/<int:visit_id>/", visits.visit, name="visit"),
    path("p/<slug:park>/office/visits/<int:visit_id>/papers/", visits.add_paper, name="visit_paper"),
    path("p/<slug:park>/office/appeals/", visits.appeals, name="appeals"),
    path("p/<slug:park>/e/appeals/", visits.own_appeals, name="own_appeals"),
    path("p/<slug:park>/appeals/<int:appeal_id>/", visits.appeal, name="appeal"),
    path("p/<slug:park>/appeals/<int:appeal_id>/assign/", visits.assign, name="appeal_assign"),
    path("p/<slug:park>/appeals/<int:appeal_id>/<slug:event>/", visits.step, name="appeal_step"),
]
event_urls = [
    path("zones/<slug:park>/events/", gatherings.public, name="public_events"),
    path("p/<slug:park>/office/events/", gatherings.office, name="events"),
    path("p/<slug:park>/office/events/new/", gatherings.new, name="event_new"),
    path("p/<slug:park>/office/events/<int:gathering_id>/", gatherings.event, name="event"),
    path("p/<slug:park>/office/events/<int:gathering_id>/edit/", gatherings.edit, name="event_edit"),
    path("p/<slug:park>/office/events/<int:gathering_id>/publish/", gatherings.publish, name="event_publish"),
    path("p/<slug:park>/office/events/<int:gathering_id>/cancel/", gatherings.cancel, name="event_cancel"),
    path(
        "p/<slug:park>/office/events/<int:gathering_id>/came/<int:signup_id>/",
        gatherings.check_in,
        name="event_check_in",
    ),
    path("p/<slug:park>/e/events/", gatherings.own, name="own_events"),
    path("p/<slug:park>/e/events/<int:gathering_id>/", gatherings.own_event, name="own_event"),
    path("p/<slug:park>/e/events/<int:gathering_id>/give-up/", gatherings.give_up, name="event_give_up"),
]
notice_urls = [
    path("p/<slug:park>/office/notices/", broadcasts.notices, name="notices"),
    path("p/<slug:park>/office/notices/new/", broadcasts.new, name="notice_new"),
    path("p/<slug:park>/office/notices/<int:broadcast_id>/", broadcasts.office, name="notice_office"),
    path("p/<slug:park>/e/notices/<int:broadcast_id>/", broadcasts.notice, name="notice"),
]
urlpatterns = [*policy_urls, *ladder_urls, *platform_urls, *need_urls, *visit_urls, *event_urls, *notice_urls]
