"""Error pages in our layout, and the API's reader page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from innovscore.core.problems import Problem
from parks.problems import problem_response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    message = _("页面已过期，请返回上一页、刷新后重新提交。您填写的内容没有保存。")
    return problem_response(request, Problem(code="csrf", status=403, message=message))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problem_response(
        request, Problem(code="bad_request", status=400, message=_("请求的内容无法识别，请返回后重试。"))
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problem_response(
        request, Problem(code="forbidden", status=403, message=_("您没有使用此功能的权限。"))
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problem_response(request, Problem(code="not_found", status=404, message=_("没有找到您要的内容。")))


def server_error(request: HttpRequest) -> HttpResponse:
    return problem_response(
        request,
        Problem(code="server_error", status=500, message=_("服务暂时出错，我们已经记录。请稍后重试。")),
    )


def api_docs(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document for readers, with scripts and styles of our own host only."""
    return render(request, "innovscore/api_docs.html")
