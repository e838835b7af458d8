"""What surrounds every request: ids in log lines, and one answer for one Idempotency-Key in the API."""

import secrets
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

from cardcase.kit.errors import Problem

from . import service

API = "/api/v1/"

Answer = Callable[[HttpRequest], HttpResponse]


def request_ids(get_response: Answer) -> Answer:
    """Give each request an id that its log lines and its answer carry."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request_id = secrets.token_hex(8)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=request_id)
        response = get_response(request)
        response.headers["X-Request-Id"] = request_id
        return response

    return middleware


def answer_posts_once(get_response: Answer) -> Answer:
    """Hold every POST of the API to its Idempotency-Key; callers whom nobody knows go on to be refused by the API."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method != "POST" or not request.path.startswith(API):
            return get_response(request)
        from .api import actor_of, say_problem

        try:
            actor = actor_of(request)
            if actor is None:
                return get_response(request)
            return service.answer_once(actor, request, lambda: get_response(request))
        except Problem as problem:
            return say_problem(problem)

    return middleware
