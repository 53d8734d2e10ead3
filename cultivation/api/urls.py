from django.urls import path

from . import views

app_name = "api-cultivation"
urlpatterns = [
    path("own/policies/", views.OwnPolicies.as_view(), name="own_policies"),
    path("policy-matches/", views.PolicyMatches.as_view(), name="policy_matches"),
]
