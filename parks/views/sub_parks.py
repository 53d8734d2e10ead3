"""The sub-parks of a zone and the places that lie in them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from innovscore.core.problems import Problem

from ..forms import PlacesForm
from ..http import ParkRequest
from ..models import SubPark
from ..services import zones


def sub_parks(request: ParkRequest, park: str) -> HttpResponse:
    """Every sub-park with its places; the administrator says what lies where."""
    posted = PlacesForm(request.POST or None)
    if request.method == "POST" and posted.is_valid():
        data = posted.cleaned_data
        try:
            zones.set_places(by=request.actor, sub_park=data["sub_park"], places=data["places"].splitlines())
        except Problem as refused:
            posted.add_error(refused.field, str(refused.message))
        else:
            messages.success(request, _("已保存“%(name)s”的范围。") % {"name": data["sub_park"].name})
            return redirect("parks:sub_parks", park=park)
    rows = [(one, _form_of(one, posted)) for one in SubPark.objects.order_by("pk")]
    status = 422 if posted.errors else 200
    return render(request, "parks/sub_parks.html", {"rows": rows, "form": posted}, status=status)


def _form_of(sub_park: SubPark, posted: PlacesForm) -> PlacesForm:
    """The form of a sub-park: as it was posted when it has to be mended, else as it stands."""
    if posted.errors and posted.data.get("sub_park") == str(sub_park.pk):
        return posted
    initial = {"sub_park": sub_park.pk, "places": "\n".join(sub_park.places)}
    return PlacesForm(initial=initial, auto_id=f"id_{sub_park.code}_%s")
