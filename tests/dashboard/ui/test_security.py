"""What the server refuses, and what it always says."""

import json
from typing import Any

import pytest
from dash import Dash

from dashboard.app import create_app
from dashboard.config import DashboardConfig
from dashboard.ui import ids
from dashboard.ui.security import MAX_BODY_BYTES
from tests.dashboard.ui.made_up import MadeUpAnswers
from tests.dashboard.ui.test_page import UPDATE, payload_of, view


def test_policy_lets_nothing_in_from_elsewhere(app: Dash) -> None:
    """The page's own files, and the hashes of Dash's inline scripts."""
    headers = app.server.test_client().get("/").headers
    policy = headers["Content-Security-Policy"]
    script = next(rule for rule in policy.split("; ") if rule.startswith("script-src"))

    assert "default-src 'self'" in policy
    assert "unsafe" not in script
    assert "sha256-" in script
    assert "http" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_answers_with_data_are_not_stored(app: Dash) -> None:
    """Files of the page may be cached; what holds traffic may not."""
    client = app.server.test_client()

    assert client.get("/graph.json").headers["Cache-Control"] == "no-store"
    payload = payload_of(app, f"{ids.HEADER_TOTALS}.content", **view())
    assert client.post(UPDATE, json=payload).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://attacker.example"},
        {"Origin": "null"},
    ],
)
def test_requests_of_other_sites_are_refused(app: Dash, headers: dict[str, str]) -> None:
    """Another site's page reads and changes nothing."""
    payload = payload_of(app, f"{ids.HEADER_TOTALS}.content", **view())

    assert app.server.test_client().post(UPDATE, json=payload, headers=headers).status_code == 403


def test_links_from_other_sites_open_the_page(app: Dash) -> None:
    """A link in a ticket is no attack."""
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}

    assert app.server.test_client().get("/", headers=headers).status_code == 200


def test_other_host_names_are_refused(app: Dash) -> None:
    """A name that somebody points at this machine does not open it."""
    client = app.server.test_client()

    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400
    assert client.get("/", headers={"Host": "localhost:8050"}).status_code == 200
    assert client.get("/", headers={"Host": "[::1]:8050"}).status_code == 200


def test_all_interfaces_take_any_name(config: DashboardConfig) -> None:
    """Whoever listens on all interfaces cannot know its names."""
    open_config = DashboardConfig(cache=config.cache, host="0.0.0.0", insecure_no_auth=True)  # noqa: S104

    client = create_app(MadeUpAnswers(), open_config).server.test_client()

    assert client.get("/", headers={"Host": "flows.internal"}).status_code == 200


def test_large_bodies_are_refused(app: Dash) -> None:
    """One MiB is far more than the page sends."""
    body = json.dumps({"output": "x" * MAX_BODY_BYTES})

    response = app.server.test_client().post(UPDATE, data=body, content_type="application/json")

    assert response.status_code == 413


BAD_CHANGES: list[dict[str, Any]] = [
    {"output": "nothing.children"},
    {"output": 5},
    {"inputs": "x"},
    {"inputs": [1]},
    {"inputs": []},
    {"inputs": [{"id": "other", "property": "data"}]},
    {"changedPropIds": 3},
    {"state": [{"id": "a", "property": "b"}]},
]


@pytest.mark.parametrize("change", BAD_CHANGES, ids=str)
def test_bad_payloads_are_400(app: Dash, change: dict[str, Any]) -> None:
    """What the page cannot have sent is not the server's error."""
    payload = payload_of(app, f"{ids.HEADER_TOTALS}.content", **view()) | change

    assert app.server.test_client().post(UPDATE, json=payload).status_code == 400


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '"x"'])
def test_bodies_that_are_no_object_are_400(app: Dash, body: str) -> None:
    """JSON or not."""
    response = app.server.test_client().post(UPDATE, data=body, content_type="application/json")

    assert response.status_code == 400


def test_health_is_answered(app: Dash) -> None:
    """For load balancers."""
    response = app.server.test_client().get("/healthz")

    assert (response.status_code, response.text) == (200, "OK")


def test_page_asks_no_other_host(app: Dash) -> None:
    """Scripts and styles are served from here."""
    text = app.server.test_client().get("/").text

    assert "https://" not in text
    assert "//cdn" not in text


def test_answers_are_compressed(app: Dash) -> None:
    """Scripts are megabytes."""
    response = app.server.test_client().get("/", headers={"Accept-Encoding": "gzip"})

    assert response.headers.get("Content-Encoding") == "gzip"
