from django.urls import path

from .views import objections, office, public

app_name = "rankings"
urlpatterns = [
    path("zones/<slug:park>/boards/", public.boards, name="public_boards"),
    path(
        "zones/<slug:park>/boards/<int:year>/<slug:board>.json", public.board_json, name="public_board_json"
    ),
    path("zones/<slug:park>/boards/<int:year>/<slug:board>/", public.board, name="public_board"),
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
    path("p/<slug:park>/office/boards/<int:year>/<slug:board>/preview/", office.preview, name="preview"),
    path("p/<slug:park>/office/boards/<int:year>/<slug:board>/propose/", office.propose, name="propose"),
    path("p/<slug:park>/office/editions/<int:edition_id>/", office.edition, name="edition"),
    path(
        "p/<slug:park>/office/editions/<int:edition_id>/notice/", office.put_on_notice, name="put_on_notice"
    ),
    path("p/<slug:park>/office/editions/<int:edition_id>/publish/", office.publish, name="publish"),
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
]
