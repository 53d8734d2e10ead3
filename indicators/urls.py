from django.urls import path

from .views import schemes

app_name = "indicators"
urlpatterns = [
    path("p/<slug:park>/office/schemes/", schemes.scheme_list, name="schemes"),
    path("p/<slug:park>/office/schemes/<int:version_id>/", schemes.scheme, name="scheme"),
]
