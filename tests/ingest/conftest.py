"""An S3 server for all tests of ingest, and an environment without anybody's credentials."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest.config import AwsSettings
from ingest.kernels.compiled import load_kernels
from tests.fault_proxy import FaultProxy
from tests.s3_server import S3Server

KERNELS = "FLOW_ATLAS_TEST_KERNELS"  # Names the machine code to test, instead of the usual.
_numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def no_aws_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hide the AWS settings of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))


@pytest.fixture(autouse=True, scope="session")
def compiled() -> None:
    """Compile the kernels where that is due: the first load of a machine says that it waits."""
    named = os.environ.get(KERNELS)
    load_kernels(Path(named) if named else None)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """One server; tests take buckets of their own."""
    server = S3Server()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def bucket(s3_server: S3Server) -> str:
    """An empty bucket of this test alone; requests are counted from here."""
    name = s3_server.create_bucket(f"logs-{next(_numbers)}")
    s3_server.requests.clear()
    return name


@pytest.fixture
def proxy(s3_server: S3Server) -> Iterator[FaultProxy]:
    """A proxy before the server that breaks answers on demand."""
    with FaultProxy(s3_server.url) as proxy:
        yield proxy


@pytest.fixture
def aws(s3_server: S3Server) -> Callable[..., AwsSettings]:
    """Settings for the server, with waits short enough for tests."""

    def settings(endpoint_url: str = s3_server.url, **changes: Any) -> AwsSettings:
        defaults: dict[str, Any] = {
            "endpoint_url": endpoint_url,
            "access_key_id": "reader",
            "secret_access_key": "reader-secret",
            "backoff_s": 0.001,
            "connect_timeout_s": 10.0,
            "read_timeout_s": 10.0,
            "object_deadline_s": 30.0,
        }
        return AwsSettings(**{**defaults, **changes})

    return settings
