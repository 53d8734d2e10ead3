from django.urls import path

from .views import account, audit, inbox, jobs, sub_parks

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
    path("p/<slug:park>/messages/", inbox.messages_list, name="messages"),
    path("p/<slug:park>/messages/settings/", inbox.settings, name="message_settings"),
    path("p/<slug:park>/messages/<int:message_id>/", inbox.open_message, name="message"),
    path("p/<slug:park>/todo/", inbox.todo, name="todo"),
    path("p/<slug:park>/office/sub-parks/", sub_parks.sub_parks, name="sub_parks"),
    path("p/<slug:park>/office/audit/", audit.trail, name="audit"),
    path("p/<slug:park>/office/audit/verify/", audit.verify, name="audit_verify"),
]
