app_name = "api-rankings"
urlpatterns: list = []
