"""What the server refuses, and the headers on every answer."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from dash import Dash
from flask import Response, abort, request

_log = logging.getLogger(__name__)

MAX_BODY_BYTES = 8 * 1024 * 1024  # A loaded graph.json of 5 MB, in base64.
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")
_ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound.
_UPDATE_PATH = "_dash-update-component"
_COMPONENTS_PATH = "/_dash-component-suites/"


def harden(app: Dash, hosts: Iterable[str]) -> None:
    """Check every request and put the headers on every answer.

    Args:
        app: With all callbacks registered: the policy holds the hashes of its inline scripts.
        hosts: Names under which the page is reached, loopback aside. With an address
            that stands for all interfaces any name is taken.
    """
    server = app.server
    server.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    trusted = {*LOOPBACK_HOSTS, *hosts}
    # Flask's own TRUSTED_HOSTS cannot match an IPv6 address.
    takes_any_name = not trusted.isdisjoint(_ANY_ADDRESS)
    policy = content_security_policy(app.csp_hashes())

    def check() -> None:
        if not takes_any_name and urlsplit(f"//{request.host}").hostname not in trusted:
            abort(400, "The page is not known under this host name.")
        if request.headers.get("Sec-Fetch-Site") == "cross-site" and not _is_page_visit():
            abort(403, "This request comes from another site.")
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != request.host:
            abort(403, "This request comes from another site.")
        if request.path.endswith(_UPDATE_PATH):
            _check_callback(app)

    def add_headers(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = policy
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
        if request.is_secure:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = _keeping()
        return response

    server.before_request(check)
    server.after_request(add_headers)


def _keeping() -> str:
    """Say how long the browser may keep an answer: data never, the page's programs."""
    if _COMPONENTS_PATH in request.path:
        # What Dash loads by name alone may be another after an upgrade.
        return "max-age=31536000, immutable" if request.args.get("v") else "no-cache"
    return "no-store"


def revalidate(response: Response) -> Response:
    """Answer 304 where the browser has what would be sent, in the compression it got."""
    if request.method == "GET" and response.status_code == HTTPStatus.OK and response.get_etag()[0]:
        response.make_conditional(request)
    return response


def content_security_policy(script_hashes: Iterable[str]) -> str:
    """Return the policy: nothing from another host, no inline script but the hashed ones."""
    rules = {
        "default-src": "'self'",
        "script-src": " ".join(["'self'", *script_hashes]),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "object-src": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "form-action": "'self'",
    }
    return "; ".join(f"{name} {sources}" for name, sources in rules.items())


def _is_page_visit() -> bool:
    """Tell a followed link from a request that another site's page makes."""
    return request.method == "GET" and request.headers.get("Sec-Fetch-Mode") == "navigate"


def _check_callback(app: Dash) -> None:
    """Answer 400 to a payload that the page cannot have sent; Dash would answer 500."""
    body = request.get_json(silent=True)
    problem = payload_problem(app, body) if request.is_json else "not JSON"
    if problem:
        _log.warning("callback refused reason=%s", problem)
        abort(400, f"This is no callback of the page: {problem}.")


def payload_problem(app: Dash, body: Any) -> str | None:
    """Say what is wrong with a callback's payload; None where it fits a callback."""
    if not isinstance(body, dict):
        return "the body is no object"
    output = body.get("output")
    callback = app.callback_map.get(output) if isinstance(output, str) else None
    if callback is None:
        return "the output is unknown"
    if not isinstance(body.get("changedPropIds", []), list):
        return "changedPropIds is no list"
    for name, wanted in (("inputs", callback["inputs"]), ("state", callback["state"])):
        given = body.get(name, [])
        if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
            return f"{name} is no list of objects"
        if [_wire(item) for item in given] != [_wire(item) for item in wanted]:
            return f"{name} are not those of this output"
    return None


def _wire(item: dict[str, Any]) -> tuple[Any, Any]:
    return item.get("id"), item.get("property")
