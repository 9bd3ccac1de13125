"""A real HTTP S3 server on loopback (moto), with what tests need to fill and guard it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import boto3
from moto import settings
from moto.core.authorization import ActionAuthenticatorMixin
from moto.iam.models import iam_backends
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer
from werkzeug.serving import WSGIRequestHandler

ACCOUNT = "123456789012"


class S3Server:
    """One server; its buckets live in this process.

    Attributes:
        url: For `endpoint_url`.
        requests: Method and decoded path of every request since `forget_requests`.
    """

    def __init__(self) -> None:
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self.requests: list[str] = []
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}

    def start(self) -> None:
        """Serve until `stop`."""
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.url = f"http://{host}:{port}"
        # Log lines become the record of requests; nothing is written to stderr.
        server = self._server._server
        server.RequestHandlerClass = _noting(server.RequestHandlerClass, self._note)

    def stop(self) -> None:
        """End serving."""
        for client in self._clients.values():
            client.close()
        self._server.stop()
        self._server._server.server_close()

    def _note(self, line: str) -> None:
        with self._lock:
            self.requests.append(unquote(line))

    def lists(self) -> list[str]:
        """Return the list requests among `requests`."""
        return [line for line in self.requests if "list-type=2" in line]

    def client(self, service: str = "s3") -> Any:
        """Return the client that may do everything, outside of `enforced_iam`."""
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                endpoint_url=self.url,
                region_name="us-east-1",
                aws_access_key_id="admin",
                aws_secret_access_key="admin",  # noqa: S106 - moto's
            )
        return self._clients[service]

    def create_bucket(self, name: str, objects: Mapping[str, bytes] | None = None) -> str:
        """Create a bucket with objects uploaded over HTTP."""
        s3 = self.client()
        s3.create_bucket(Bucket=name)
        for key, body in (objects or {}).items():
            s3.put_object(Bucket=name, Key=key, Body=body)
        return name

    def upload_folder(self, bucket: str, folder: Path, prefix: str = "") -> None:
        """Upload all files below a folder under their relative paths."""
        s3 = self.client()
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                s3.upload_file(str(path), bucket, prefix + path.relative_to(folder).as_posix())

    def fill(self, bucket: str, keys: Iterable[str], body: bytes = b"x") -> None:
        """Put thousands of keys at once, past HTTP."""
        backend = s3_backends[ACCOUNT]["aws"]
        for key in keys:
            backend.put_object(bucket, key, body)

    def create_user(self, name: str, policy: Mapping[str, Any]) -> dict[str, str]:
        """Create a user with one policy; return the credentials as settings."""
        iam = iam_backends[ACCOUNT]["aws"]
        iam.create_user("us-east-1", name)
        iam.put_user_policy(name, "test", json.dumps(policy))
        key = iam.create_access_key(name)
        return {"access_key_id": key.access_key_id, "secret_access_key": key.secret_access_key}

    @contextmanager
    def enforced_iam(self) -> Iterator[None]:
        """Check signatures and policies of every request meanwhile."""
        settings.INITIAL_NO_AUTH_ACTION_COUNT = ActionAuthenticatorMixin.request_count = 0
        try:
            yield
        finally:
            settings.INITIAL_NO_AUTH_ACTION_COUNT = float("inf")


def _noting(handler: type[WSGIRequestHandler], note: Any) -> type[WSGIRequestHandler]:
    class Noting(handler):  # type: ignore[misc,valid-type]
        def log_request(self, *_: Any) -> None:
            note(f"{self.command} {self.path}")

    return Noting
