app_name = "api-scoring"
urlpatterns: list = []
