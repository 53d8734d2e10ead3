from django.urls import path

from .views import account, audit, jobs

app_name = "parks"
urlpatterns = [
    path("account/login/", account.sign_in, name="login"),
    path("account/code/", account.code, name="code"),
    path("account/switch/", account.switch, name="switch"),
    path("account/logout/", account.sign_out, name="logout"),
    path("account/register/", account.register, name="register"),
    path("demo/", account.demo_sign_in, name="demo"),
    path("p/<slug:park>/jobs/<int:job_id>/", jobs.job, name="job"),
    path("p/<slug:park>/jobs/<int:job_id>/cancel/", jobs.cancel, name="job_cancel"),
    path("p/<slug:park>/jobs/<int:job_id>/retry/", jobs.retry, name="job_retry"),
    path("p/<slug:park>/office/audit/", audit.trail, name="audit"),
    path("p/<slug:park>/office/audit/verify/", audit.verify, name="audit_verify"),
]
