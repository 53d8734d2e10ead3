from django.urls import path

from .views import Boards

app_name = "api-rankings"
urlpatterns = [path("boards/", Boards.as_view(), name="boards")]
