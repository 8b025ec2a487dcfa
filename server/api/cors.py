"""Which pages' scripts may read our answers: the extension's own, and what the operator adds. No cookie is involved.

An origin says no more than "some extension": so only calls that want a token, and those that tell nothing, are marked.
Pages for people, the demo's with a token in it among them, and the metrics stay unreadable to every other origin.
"""

from __future__ import annotations

from flask import Flask, Response, make_response, request

_CALLS = ("/v1/", "/healthz", "/readyz", "/openapi.json")
_EXTENSIONS = ("chrome-extension://", "moz-extension://")
_METHODS = "GET, POST, PUT, PATCH, DELETE"
_HEADERS = "Authorization, Content-Type, Inkling-Client"
_SECONDS = "600"


def install(app: Flask, origins: tuple[str, ...]) -> None:
    """Answer preflights and mark answers for allowed origins."""

    def preflight() -> Response | None:
        if request.method != "OPTIONS" or "Access-Control-Request-Method" not in request.headers:
            return None
        response = make_response("", 204)
        if _allowed(origins):
            response.headers["Access-Control-Allow-Methods"] = _METHODS
            response.headers["Access-Control-Allow-Headers"] = _HEADERS
            response.headers["Access-Control-Max-Age"] = _SECONDS
            if request.headers.get("Access-Control-Request-Private-Network") == "true":
                response.headers["Access-Control-Allow-Private-Network"] = "true"
        return response

    def mark(response: Response) -> Response:
        response.vary.add("Origin")
        if _allowed(origins):
            response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
            response.headers["Access-Control-Expose-Headers"] = "Retry-After, X-Request-Id"
        return response

    app.before_request(preflight)
    app.after_request(mark)


def _allowed(origins: tuple[str, ...]) -> bool:
    origin = request.headers.get("Origin", "")
    return request.path.startswith(_CALLS) and (origin.startswith(_EXTENSIONS) or origin in origins)
