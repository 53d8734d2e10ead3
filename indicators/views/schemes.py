from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from innovscore.core.problems import Problem
from parks.http import ParkRequest
from parks.listing import listing

from ..forms import AdoptForm
from ..models import SchemeVersion
from ..queries.schemes import FUNCTION_LABELS, formula_of, scheme_of, unit_of, versions
from ..services import schemes
from ..states import SchemeState


def scheme_list(request: ParkRequest, park: str) -> HttpResponse:
    """Versions of the park, and taking another from the library or a file."""
    form = AdoptForm(request.POST or None, request.FILES or None)
    problem = None
    if request.method == "POST" and form.is_valid():
        try:
            version = _adopt(request, form)
        except Problem as refused:
            problem = refused
        else:
            messages.success(
                request, _("已提请启用 %(title)s，请另一位同事核对后启用。") % {"title": version}
            )
            return redirect("indicators:draft", park=park, version_id=version.pk)
    page = listing(
        request, versions(), columns=("code", "version", "title", "state", "digest"), filename="schemes"
    )
    if isinstance(page, HttpResponse):
        return page
    status = 422 if form.errors or problem else 200
    return render(
        request, "indicators/schemes.html", {"page": page, "form": form, "problem": problem}, status=status
    )


def _adopt(request: ParkRequest, form: AdoptForm) -> SchemeVersion:
    upload = form.cleaned_data.get("file")
    if upload is None:
        return schemes.adopt(by=request.actor, name=form.cleaned_data["name"])
    text = upload.read(schemes.LARGEST + 1).decode("utf-8", errors="replace")
    return schemes.adopt_text(by=request.actor, text=text)


def scheme(request: ParkRequest, park: str, version_id: int) -> HttpResponse:
    """One version, readable: indicators by dimension with function and weights, boards, rules."""
    version = get_object_or_404(SchemeVersion.objects.all(), pk=version_id)
    if version.state == SchemeState.DRAFT:
        return redirect("indicators:draft", park=park, version_id=version.pk)
    loaded = scheme_of(version)
    groups = [
        {
            "dimension": dimension,
            "indicators": [one for one in loaded.indicators if one.dimension == dimension.code],
        }
        for dimension in loaded.dimensions
    ]
    weights = {one.code: [one.weight(group) for group in loaded.group_codes] for one in loaded.indicators}
    context = {
        "version": version,
        "scheme": loaded,
        "groups": groups,
        "weights": weights,
        "functions": FUNCTION_LABELS,
        "formulas": {one.code: formula_of(loaded, one) for one in loaded.indicators},
        "units": {one.code: unit_of(one.unit) for one in loaded.indicators},
    }
    return render(request, "indicators/scheme.html", context)
