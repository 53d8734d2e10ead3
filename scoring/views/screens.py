from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from innovscore.core.problems import Problem
from parks.http import ParkRequest, whole
from parks.scope import park_scope

from ..queries import screens
from ..services import screens as services
from .analysis import KINDS

SECONDS = 20


def screen(request: HttpRequest, token: str) -> HttpResponse:
    """One picture of the hall screen; the next follows by itself unless it is paused. Works without script."""
    link = screens.link_of(token)
    with park_scope(link.park.pk):
        found = screens.released()
        slides = _slides(found) if found else []
        number = whole(request.GET.get("slide", "")) or 0
        number = number % len(slides) if slides else 0
        paused = "pause" in request.GET
        context = {
            "zone": link.park,
            "screen": found,
            "slide": slides[number] if slides else None,
            "number": number,
            "next": (number + 1) % len(slides) if slides else 0,
            "before": (number - 1) % len(slides) if slides else 0,
            "paused": paused,
            "count": len(slides),
        }
        response = render(request, "scoring/screen.html", context)
    if not paused:
        response["Refresh"] = f"{SECONDS}; url=?slide={context['next']}"
    return response


def _slides(found: screens.Screen) -> list[dict[str, Any]]:
    """Pictures in their order."""
    box_heads = [_("组"), _("有名次"), _("最低"), _("四分之一"), _("中位数"), _("四分之三"), _("最高")]
    slides: list[dict[str, Any]] = [
        {"kind": "figures", "title": _("本年度积分")},
        {
            "kind": "histogram",
            "title": _("总分分布（有名次的企业）"),
            "heads": [_("分数段"), _("家数")],
            "rows": found.charts.histogram_rows,
        },
    ]
    slides += [
        {
            "kind": "boxes",
            "title": _("总分，按%(kind)s") % {"kind": KINDS[spread.kind]},
            "heads": box_heads,
            "rows": spread.rows,
            "spread": spread,
        }
        for spread in found.spreads
    ]
    if len(found.years) > 1:
        slides.append(
            {
                "kind": "trend",
                "title": _("历年总分（各阶段中位数按企业数平均）"),
                "heads": [_("评价年度"), _("总分")],
                "rows": [(year, f"{total:.2f}") for year, total in found.years],
                "labels": [year for year, _total in found.years],
                "values": [total for _year, total in found.years],
            }
        )
    return slides


def links(request: ParkRequest, park: str) -> HttpResponse:
    """Addresses of hall screens; a new one is shown once."""
    problem, address, status = None, "", 200
    if request.method == "POST":
        try:
            _link, token = services.give_out(by=request.actor, label=request.POST.get("label", ""))
            address = request.build_absolute_uri(reverse("scoring:screen", kwargs={"token": token}))
        except Problem as refused:
            problem, status = refused, refused.status
    context = {"links": screens.links(), "problem": problem, "address": address}
    return render(request, "scoring/screens.html", context, status=status)


def revoke(request: ParkRequest, park: str, link_id: int) -> HttpResponse:
    services.revoke(by=request.actor, link_id=link_id)
    messages.success(request, _("大屏地址已停用。"))
    return redirect("scoring:screens", park=park)
