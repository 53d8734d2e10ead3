from django.urls import path

from . import departments, views

app_name = "api-enterprises"
urlpatterns = [
    path("enterprises/", views.Enterprises.as_view(), name="enterprises"),
    path("enterprises/<int:enterprise_id>/", views.Enterprise.as_view(), name="enterprise"),
    path("declarations/", views.Declarations.as_view(), name="declarations"),
    path("declarations/<int:declaration_id>/", views.OneDeclaration.as_view(), name="declaration"),
    path("department-data/", departments.DepartmentData.as_view(), name="department_data"),
    path("department-data/<int:batch_id>/", departments.DepartmentBatch.as_view(), name="department_batch"),
    path("own/enterprise/", views.OwnEnterprise.as_view(), name="own_enterprise"),
    path("own/declarations/<int:year>/", views.OwnDeclaration.as_view(), name="own_declaration"),
]
