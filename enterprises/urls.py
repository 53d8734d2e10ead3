from django.urls import path

from .views import (
    batches,
    coverage,
    cycles,
    declarations,
    firms,
    library,
    people,
    registration,
    reviews,
    signing,
    workbook,
)
from .views.scope import within_authority

app_name = "enterprises"
urlpatterns = [
    path("p/<slug:park>/register/", registration.register, name="register"),
    path("p/<slug:park>/e/certification/", registration.certification, name="certification"),
    path("p/<slug:park>/e/people/", people.own_people, name="people"),
    path("p/<slug:park>/e/people/<int:membership_id>/", people.letter, name="letter"),
    path("p/<slug:park>/invitation/<str:token>/", people.invitation, name="invitation"),
    path("p/<slug:park>/office/enterprises/<int:enterprise_id>/", firms.enterprise, name="enterprise"),
    path("p/<slug:park>/e/declaration/", declarations.mine, name="declarations"),
    path("p/<slug:park>/e/declaration/<int:year>/", declarations.declaration, name="declaration"),
    path("p/<slug:park>/e/declaration/<int:year>/check/", signing.check, name="check"),
    path("p/<slug:park>/e/declaration/<int:year>/receipt/", signing.receipt, name="receipt"),
    path("p/<slug:park>/e/declaration/<int:year>/returns/", signing.returns, name="returns"),
    path("p/<slug:park>/e/declaration/<int:year>/delegate/", declarations.delegate, name="delegate"),
    path("p/<slug:park>/e/declaration/<int:year>/workbook/", workbook.workbook, name="workbook"),
    path("p/<slug:park>/e/declaration/<int:year>/workbook/file/", workbook.download, name="workbook_file"),
    path(
        "p/<slug:park>/e/declaration/<int:year>/workbook/<int:upload_id>/",
        workbook.upload,
        name="workbook_upload",
    ),
    path(
        "p/<slug:park>/e/declaration/<int:year>/item/<slug:code>/",
        within_authority(declarations.item),
        name="item",
    ),
    path(
        "p/<slug:park>/e/declaration/<int:year>/item/<slug:code>/autosave/",
        within_authority(declarations.autosave),
        name="autosave",
    ),
    path(
        "p/<slug:park>/e/declaration/<int:year>/<slug:dimension>/",
        within_authority(declarations.section),
        name="section",
    ),
    path("p/<slug:park>/e/evidence/", library.own_files, name="library"),
    path("p/<slug:park>/evidence/<int:file_id>/", library.evidence, name="evidence"),
    path("p/<slug:park>/evidence/<int:file_id>/view/", library.evidence_page, name="evidence_page"),
    path("p/<slug:park>/review/evidence/doubles/", library.doubles, name="doubles"),
    path("p/<slug:park>/review/certifications/", registration.cases, name="cases"),
    path("p/<slug:park>/review/certifications/<int:case_id>/", registration.case, name="case"),
    path("p/<slug:park>/review/declarations/", reviews.queue, name="queue"),
    path("p/<slug:park>/review/declarations/second/", reviews.second, name="second"),
    path("p/<slug:park>/review/declarations/<int:declaration_id>/", reviews.review, name="review"),
    path(
        "p/<slug:park>/review/declarations/<int:declaration_id>/return/", reviews.send_back, name="send_back"
    ),
    path("p/<slug:park>/review/declarations/<int:declaration_id>/extend/", reviews.extend, name="extend"),
    path("p/<slug:park>/review/conflicts/", reviews.conflicts, name="conflicts"),
    path("p/<slug:park>/office/enterprises/", registration.enterprise_list, name="enterprises"),
    path("p/<slug:park>/office/cycles/", cycles.cycle_list, name="cycles"),
    path("p/<slug:park>/office/cycles/<int:year>/", cycles.cycle, name="cycle"),
    path("p/<slug:park>/office/cycles/<int:year>/coverage/", coverage.coverage, name="coverage"),
    path("p/<slug:park>/office/batches/", batches.batch_list, name="batches"),
    path("p/<slug:park>/office/batches/template/", batches.template, name="template"),
    path("p/<slug:park>/office/batches/values/", batches.values, name="values"),
    path("p/<slug:park>/office/batches/<int:batch_id>/", batches.batch, name="batch"),
    path("p/<slug:park>/office/batches/<int:batch_id>/result/", batches.result, name="result"),
    path("p/<slug:park>/office/batches/<int:batch_id>/mapping/", batches.mapping, name="mapping"),
]
