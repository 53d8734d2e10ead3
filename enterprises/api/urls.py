app_name = "api-enterprises"
urlpatterns: list = []
