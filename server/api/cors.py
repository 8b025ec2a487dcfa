"""CORS: the extension's pages, and the origins that the operator adds, may read responses. No cookie is involved.

An extension's origin does not say which extension it is. So only calls that need a token, and calls without anything
private in the response, allow it; pages for people (the demo's holds a token) and the metrics allow no other origin.
"""

from __future__ import annotations

from flask import Flask, Response, make_response, request

_CALLS = ("/v1/", "/healthz", "/readyz", "/openapi.json")
_EXTENSIONS = ("chrome-extension://", "moz-extension://")
_METHODS = "GET, POST, PUT, PATCH, DELETE"
_HEADERS = "Authorization, Content-Type, Inkling-Client"
_MAX_AGE = "600"  # seconds


def install(app: Flask, origins: tuple[str, ...]) -> None:
    """Answer preflights, and mark responses to allowed origins."""

    def preflight() -> Response | None:
        if request.method != "OPTIONS" or "Access-Control-Request-Method" not in request.headers:
            return None
        response = make_response("", 204)
        if _allowed(origins):
            response.headers["Access-Control-Allow-Methods"] = _METHODS
            response.headers["Access-Control-Allow-Headers"] = _HEADERS
            response.headers["Access-Control-Max-Age"] = _MAX_AGE
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
