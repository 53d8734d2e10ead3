from django.urls import path

from .views import drafts, schemes

app_name = "indicators"
_VERSION = "p/<slug:park>/office/schemes/<int:version_id>/"
urlpatterns = [
    path("p/<slug:park>/office/schemes/", schemes.scheme_list, name="schemes"),
    path(_VERSION, schemes.scheme, name="scheme"),
    path(f"{_VERSION}copy/", drafts.begin, name="copy"),
    path(f"{_VERSION}file/", drafts.file, name="scheme_file"),
    path(f"{_VERSION}diff/", drafts.diff, name="scheme_diff"),
    path(f"{_VERSION}draft/", drafts.draft, name="draft"),
    path(f"{_VERSION}draft/add/", drafts.add, name="draft_add"),
    path(f"{_VERSION}draft/propose/", drafts.propose, name="draft_propose"),
    path(f"{_VERSION}draft/activate/", drafts.activate, name="draft_activate"),
    path(f"{_VERSION}draft/discard/", drafts.discard, name="draft_discard"),
    path(f"{_VERSION}draft/<slug:code>/", drafts.indicator, name="draft_indicator"),
    path(f"{_VERSION}draft/<slug:code>/remove/", drafts.remove, name="draft_remove"),
]
