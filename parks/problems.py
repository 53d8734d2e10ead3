"""How a refused rule is told: a page in our layout for people, problem details (RFC 9457) for the API."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

from innovscore.core.problems import Problem

PAGES = {400, 403, 404, 405, 409, 410, 413, 429, 500, 503}


def problem_details(problem: Problem) -> dict[str, Any]:
    """The body of an API refusal."""
    body = {
        "type": f"urn:innovscore:problem:{problem.code}",
        "code": problem.code,
        "status": problem.status,
        "detail": str(problem.message),
    }
    if problem.field:
        body["field"] = problem.field
    if problem.params.get("errors"):
        body["errors"] = problem.params["errors"]
    if problem.remedy:
        body["remedy"] = str(problem.remedy)
    return body


def problem_response(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Answer a Problem that no view has shown beside its form."""
    if request.path.startswith("/api/"):
        return JsonResponse(
            problem_details(problem),
            status=problem.status,
            content_type="application/problem+json",
            headers=problem.headers,
        )
    page = problem.status if problem.status in PAGES else 409
    return render(request, f"errors/{page}.html", {"problem": problem}, status=problem.status)


def api_exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: everything becomes problem details."""
    if isinstance(error, Problem):
        return Response(
            problem_details(error),
            status=error.status,
            headers=error.headers,
            content_type="application/problem+json",
        )
    response = exception_handler(error, context)
    if response is None:
        return None
    code = error.default_code if isinstance(error, APIException) else "not_found"
    body: dict[str, Any] = {
        "type": f"urn:innovscore:problem:{code}",
        "code": code,
        "status": response.status_code,
    }
    if isinstance(error, ValidationError):
        body["errors"] = response.data
    else:
        body["detail"] = response.data.get("detail", "") if isinstance(response.data, dict) else ""
    response.data, response.content_type = body, "application/problem+json"
    return response
