from django.urls import path

from . import views

app_name = "api-scoring"
urlpatterns = [
    path("scores/", views.OwnScores.as_view(), name="own_scores"),
    path("scores/<int:year>/", views.OwnScore.as_view(), name="own_score"),
    path("cycles/<int:year>/results/", views.Results.as_view(), name="results"),
]
