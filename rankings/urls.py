from django.urls import path

from .views import awards, certificates, corrections, definitions, objections, office, profiles, public, trace

app_name = "rankings"
urlpatterns = [
    path("v/", certificates.lookup, name="lookup"),
    path("v/<str:code>/", certificates.check, name="check"),
    path("v/<str:code>/certificate.json", certificates.check_json, name="check_json"),
    path("sitemap.xml", public.sitemap, name="sitemap"),
    path("zones/<slug:park>/", public.home, name="public_home"),
    path("zones/<slug:park>/boards.json", public.index_json, name="public_index_json"),
    path("zones/<slug:park>/feed.xml", public.feed, name="public_feed"),
    path("zones/<slug:park>/keys.json", certificates.keys, name="public_keys"),
    path("zones/<slug:park>/witness/", certificates.witness, name="public_witness"),
    path("zones/<slug:park>/years/", public.years_page, name="public_years"),
    path("zones/<slug:park>/awards/", public.awards, name="public_awards"),
    path("zones/<slug:park>/firms/<str:uscc>/", public.firm, name="public_firm"),
    path("zones/<slug:park>/objections/", public.track, name="public_track"),
    path(
        "zones/<slug:park>/boards/<int:year>/<slug:board>/history/",
        public.board_history,
        name="public_history",
    ),
    path("zones/<slug:park>/notices/<int:notice_id>/print/", public.notice_print, name="public_notice_print"),
    path("zones/<slug:park>/notices/<int:notice_id>/notice.pdf", public.notice_pdf, name="public_notice_pdf"),
    path("zones/<slug:park>/boards/", public.boards, name="public_boards"),
    path(
        "zones/<slug:park>/boards/<int:year>/<slug:board>.json", public.board_json, name="public_board_json"
    ),
    path("zones/<slug:park>/boards/<int:year>/<slug:board>/", public.board, name="public_board"),
    path(
        "zones/<slug:park>/boards/<int:year>/<slug:board>/card.png",
        public.board_card,
        name="public_board_card",
    ),
    path(
        "zones/<slug:park>/boards/<int:year>/<slug:board>/places/<int:position>/",
        public.board_place,
        name="public_place",
    ),
    path(
        "zones/<slug:park>/boards/<int:year>/<slug:board>/places/<int:position>/card.png",
        public.place_card,
        name="public_place_card",
    ),
    path(
        "zones/<slug:park>/boards/<int:year>/<slug:board>/editions/<int:number>/",
        public.edition,
        name="public_edition",
    ),
    path("zones/<slug:park>/notices/", public.notices, name="public_notices"),
    path("zones/<slug:park>/notices/<int:notice_id>/", public.notice, name="public_notice"),
    path("zones/<slug:park>/notices/<int:notice_id>/object/", public.file_objection, name="public_object"),
    path("zones/<slug:park>/method/<str:version>/", public.method, name="public_method"),
    path("p/<slug:park>/office/boards/", office.years, name="years"),
    path("p/<slug:park>/office/boards/<int:year>/", office.year, name="year"),
    path("p/<slug:park>/office/boards/<int:year>/close/", office.close, name="close_year"),
    path("p/<slug:park>/office/boards/<int:year>/<slug:board>/preview/", office.preview, name="preview"),
    path("p/<slug:park>/office/boards/<int:year>/<slug:board>/propose/", office.propose, name="propose"),
    path("p/<slug:park>/office/editions/<int:edition_id>/", office.edition, name="edition"),
    path(
        "p/<slug:park>/office/editions/<int:edition_id>/notice/", office.put_on_notice, name="put_on_notice"
    ),
    path("p/<slug:park>/office/editions/<int:edition_id>/publish/", office.publish, name="publish"),
    path("p/<slug:park>/office/editions/<int:edition_id>/recall/", office.recall, name="recall"),
    path("p/<slug:park>/office/editions/<int:edition_id>/withdraw/", office.withdraw, name="withdraw"),
    path("p/<slug:park>/office/objections/", objections.office_list, name="objections"),
    path("p/<slug:park>/office/objections/<int:objection_id>/", objections.office_one, name="objection"),
    path(
        "p/<slug:park>/office/objections/<int:objection_id>/accept/",
        objections.accept,
        name="accept_objection",
    ),
    path(
        "p/<slug:park>/office/objections/<int:objection_id>/answer/",
        objections.answer,
        name="answer_objection",
    ),
    path("p/<slug:park>/e/objections/", objections.own_list, name="own_objections"),
    path("p/<slug:park>/e/notices/<int:notice_id>/object/", objections.own_file, name="own_object"),
    path(
        "p/<slug:park>/office/objections/<int:objection_id>/investigate/",
        objections.investigate,
        name="investigate_objection",
    ),
    path(
        "p/<slug:park>/office/objections/<int:objection_id>/files/<int:file_id>/",
        objections.attachment,
        name="objection_file",
    ),
    path(
        "p/<slug:park>/office/objections/<int:objection_id>/order/",
        corrections.correctable,
        name="order_correction",
    ),
    path(
        "p/<slug:park>/office/objections/<int:objection_id>/order/<slug:code>/",
        corrections.propose,
        name="order_correction_of",
    ),
    path("p/<slug:park>/office/corrections/", corrections.orders, name="corrections"),
    path(
        "p/<slug:park>/office/corrections/<int:order_id>/approve/", corrections.approve, name="approve_order"
    ),
    path("p/<slug:park>/office/corrections/<int:order_id>/cancel/", corrections.cancel, name="cancel_order"),
    path(
        "p/<slug:park>/office/editions/<int:edition_id>/places/<int:position>/trace/",
        trace.trace,
        name="trace",
    ),
    path(
        "p/<slug:park>/office/editions/<int:edition_id>/places/<int:position>/trace.json",
        trace.trace_json,
        name="trace_json",
    ),
    path(
        "p/<slug:park>/office/editions/<int:edition_id>/places/<int:position>/trace/print/",
        trace.trace_print,
        name="trace_print",
    ),
    path(
        "p/<slug:park>/office/editions/<int:edition_id>/places/<int:position>/trace.pdf",
        trace.trace_pdf,
        name="trace_pdf",
    ),
    path("p/<slug:park>/office/certificates/", certificates.office_list, name="office_certificates"),
    path("p/<slug:park>/office/certificates/issue/", certificates.issue, name="issue_certificates"),
    path(
        "p/<slug:park>/office/certificates/<int:certificate_id>/",
        certificates.office_one,
        name="office_certificate",
    ),
    path(
        "p/<slug:park>/office/certificates/<int:certificate_id>/print/",
        certificates.office_page,
        name="office_certificate_print",
    ),
    path(
        "p/<slug:park>/office/certificates/<int:certificate_id>/certificate.pdf",
        certificates.office_pdf,
        name="office_certificate_pdf",
    ),
    path("p/<slug:park>/e/certificates/", certificates.own_list, name="own_certificates"),
    path("p/<slug:park>/e/certificates/<int:certificate_id>/", certificates.own_page, name="own_certificate"),
    path(
        "p/<slug:park>/e/certificates/<int:certificate_id>/certificate.pdf",
        certificates.own_pdf,
        name="own_certificate_pdf",
    ),
    path(
        "p/<slug:park>/e/certificates/<int:certificate_id>/score/",
        certificates.own_score,
        name="own_show_score",
    ),
    path("p/<slug:park>/e/profile/", profiles.own, name="own_profile"),
    path("p/<slug:park>/office/profiles/", profiles.office, name="profiles"),
    path("p/<slug:park>/office/profiles/<int:profile_id>/decide/", profiles.decide, name="decide_profile"),
    path("p/<slug:park>/office/board-definitions/", definitions.boards, name="definitions"),
    path(
        "p/<slug:park>/office/board-definitions/<int:definition_id>/switch/",
        definitions.switch,
        name="switch_definition",
    ),
    path("p/<slug:park>/office/calendar/", definitions.calendar, name="calendar"),
    path("p/<slug:park>/office/awards/", awards.years, name="award_years"),
    path("p/<slug:park>/office/awards/<int:year>/", awards.year, name="award_year"),
    path("p/<slug:park>/office/awards/<int:year>/budget/", awards.budget, name="award_budget"),
    path("p/<slug:park>/office/awards/<int:year>/rules/", awards.rule, name="award_rule"),
    path("p/<slug:park>/office/awards/<int:year>/rules/carry/", awards.carry_rules, name="award_rules_carry"),
    path(
        "p/<slug:park>/office/awards/<int:year>/rules/<int:rule_id>/remove/",
        awards.remove_rule,
        name="award_rule_remove",
    ),
    path("p/<slug:park>/office/awards/<int:year>/propose/", awards.propose, name="award_propose"),
    path("p/<slug:park>/office/award-plans/<int:plan_id>/", awards.plan, name="award_plan"),
    path(
        "p/<slug:park>/office/award-plans/<int:plan_id>/publicise/", awards.publicise, name="award_publicise"
    ),
    path("p/<slug:park>/office/award-plans/<int:plan_id>/approve/", awards.approve, name="award_approve"),
    path("p/<slug:park>/office/award-plans/<int:plan_id>/cancel/", awards.cancel, name="award_cancel"),
    path(
        "p/<slug:park>/office/award-plans/<int:plan_id>/awards/<int:award_id>/pay/",
        awards.pay,
        name="award_pay",
    ),
    path(
        "p/<slug:park>/office/award-plans/<int:plan_id>/awards/<int:award_id>/reclaim/",
        awards.reclaim,
        name="award_reclaim",
    ),
]
