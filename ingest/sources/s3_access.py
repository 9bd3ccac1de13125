"""Clients for S3 and its neighbors: credentials, roles, time limits."""

from __future__ import annotations

import functools
import logging
import threading
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
import botocore
import botocore.session
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError
from botocore.utils import parse_timestamp

from ingest.config import AwsSettings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sts import STSClient

_log = logging.getLogger(__name__)

# S3 answers from anywhere and tells the bucket's own region.
_FALLBACK_REGION = "us-east-1"


class Access:
    """AWS as one run reaches it; safe to share between threads.

    Args:
        settings: How AWS is reached.
        attempts: Requests that the SDK makes for one answer; 1: whoever asks retries.

    Attributes:
        endpoint: What S3 is called in messages.
        role_arn: The role that requests are made in, if one is assumed.
    """

    def __init__(self, settings: AwsSettings, attempts: int = 1) -> None:
        self._settings, self._attempts = settings, attempts
        self._lock = threading.Lock()
        self._caller: str | None = None
        self._clients: dict[tuple[str, str | None], Any] = {}
        self._session: boto3.Session | None = None
        self.endpoint = settings.endpoint_url or "Amazon S3"
        self.role_arn = settings.role_arn

    @property
    def s3(self) -> S3Client:
        """The client for S3 in use.

        Raises:
            BotoCoreError: The profile does not exist, or cannot be read.
        """
        client: S3Client = self.client("s3")
        return client

    def client(self, service: str, region: str | None = None) -> Any:
        """Return the client for a service in use, in its own region where that is told.

        Raises:
            BotoCoreError: The profile does not exist, or cannot be read.
        """
        with self._lock:
            if self._session is None:
                self._session = open_session(self._settings)
            client = self._clients.get((service, region))
            if client is None:
                client = self._clients[service, region] = self._session.client(
                    service,  # type: ignore[call-overload]
                    region_name=region,
                    endpoint_url=_endpoint(self._settings, service),
                    config=self._config(),
                )
            return client

    def renew(self, used: Any) -> None:
        """Read credentials again, or assume the role again, unless another thread has."""
        with self._lock:
            if any(client is used for client in self._clients.values()):
                self._clients.clear()
                self._session = None

    def caller(self) -> str | None:
        """Return the ARN that requests are signed as; None where AWS does not tell."""
        if self._caller is None:
            try:
                sts: STSClient = self.client("sts")
                self._caller = sts.get_caller_identity()["Arn"]
            except (BotoCoreError, ClientError) as error:
                _log.debug("caller unknown: %s", type(error).__name__)
        return self._caller

    def _config(self) -> Config:
        return Config(
            connect_timeout=self._settings.connect_timeout_s,
            read_timeout=self._settings.read_timeout_s,
            max_pool_connections=self._settings.max_transfers + 2,
            # One layer retries. For objects it is ours, which knows the object's deadline and
            # covers the body.
            retries={"total_max_attempts": self._attempts, "mode": "standard"},
            # Said in full: putting the SDK's own together takes an eighth of a small request.
            user_agent=f"flow-atlas Botocore/{botocore.__version__}",
        )


def open_session(settings: AwsSettings) -> boto3.Session:
    """Return a session whose credentials renew themselves where AWS lets them.

    The SDK's own log is kept quieter: at DEBUG it writes session tokens, and beside a
    refused role, which becomes an error of ours, a traceback.

    Raises:
        BotoCoreError: The profile does not exist, or cannot be read.
    """
    logging.getLogger("botocore").setLevel(logging.INFO)
    logging.getLogger("botocore.credentials").setLevel(logging.ERROR)
    core = botocore.session.Session(profile=settings.profile)
    core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=read_time)
    core.set_config_variable("region", settings.region or _region_of(core) or _FALLBACK_REGION)
    if settings.access_key_id and settings.secret_access_key:
        core.set_credentials(
            settings.access_key_id, settings.secret_access_key, settings.session_token
        )
    if settings.role_arn:
        _assume_role(core, settings, settings.role_arn)
    return boto3.Session(botocore_session=core)


def read_time(text: Any) -> datetime:
    """Read a time of an answer, in the two forms of S3 without the SDK's long way.

    That tries every form there is, for each key of a listing.
    """
    if isinstance(text, str):
        try:
            if text.endswith("GMT"):
                return parsedate_to_datetime(text)
            if text.endswith("Z"):
                return datetime.fromisoformat(text)
        except ValueError:
            pass
    moment: datetime = parse_timestamp(text)
    return moment


def _region_of(core: botocore.session.Session) -> str | None:
    region: str | None = core.get_config_variable("region")
    return region


def _assume_role(core: botocore.session.Session, settings: AwsSettings, role_arn: str) -> None:
    source = core.get_credentials()
    if source is None:
        return  # The first request then tells that there are no credentials.
    extra: dict[str, Any] = {
        "RoleSessionName": "flow-atlas",
        "DurationSeconds": settings.role_duration_s,
    }
    if settings.external_id:
        extra["ExternalId"] = settings.external_id
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=functools.partial(
            core.create_client,
            region_name=_region_of(core),
            endpoint_url=_endpoint(settings, "sts"),
            config=Config(
                connect_timeout=settings.connect_timeout_s, read_timeout=settings.read_timeout_s
            ),
        ),
        source_credentials=source,
        role_arn=role_arn,
        extra_args=extra,
    )
    # A plain AssumeRole answer dies within the hour; this one is fetched again in time.
    credentials = DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")
    vars(core)["_credentials"] = credentials  # botocore has no setter for credentials that renew


def _endpoint(settings: AwsSettings, service: str) -> str | None:
    """Return where a service is asked: beside an S3 that is not AWS's, at the same place."""
    if service == "s3":
        return settings.endpoint_url
    host = urlsplit(settings.endpoint_url or "").hostname
    return None if host is None or host.endswith("amazonaws.com") else settings.endpoint_url
