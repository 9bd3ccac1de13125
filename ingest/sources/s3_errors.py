"""Say in one sentence what AWS's answers mean and what helps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from botocore import exceptions as boto
from botocore.exceptions import BotoCoreError, ClientError

from ingest.errors import ConfigError, IngestError, PermissionDeniedError, SourceError
from ingest.sources import TransferError
from ingest.sources.s3_access import Access
from ingest.sources.s3_retry import retry_cause

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_WRONG_KEYS = {
    "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "InvalidClientTokenId",
    "UnrecognizedClientException", "TokenRefreshRequired",
}  # fmt: skip
_DENIED = {
    "AccessDenied", "AccessDeniedException", "AllAccessDisabled", "Forbidden", "403",
    "UnauthorizedOperation",
}  # fmt: skip
_ELSEWHERE = {
    "PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException", "301", "307",
}  # fmt: skip
_MISSING = {
    "AWS.SimpleQueueService.NonExistentQueue": "queue",
    "QueueDoesNotExist": "queue",
    "ResourceNotFoundException": "log group",
}
_CALLER = re.compile(r"(?:User|Role|Principal): (arn:\S+)")
_ACTION = re.compile(r"not authorized to perform: ([\w-]+:\w+)(?: on resource: \"?([^\s\"]+))?")


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of AWS.

    Attributes:
        url: `s3://bucket/key-or-prefix`, a queue's URL, or `cloudwatch:group`.
        action: The IAM action that it takes.
        service: What it was asked of.
    """

    url: str
    action: str
    service: str = "S3"

    @property
    def bucket(self) -> str:
        """The bucket's URL; elsewhere the whole."""
        return "/".join(self.url.split("/")[:3]) if self.url.startswith("s3:") else self.url


def explain(error: Exception, asked: Asked, access: Access) -> IngestError:
    """Return the error to raise for an answer that asking again did not change."""
    if isinstance(error, ClientError):
        return _explain_answer(error, asked, access)
    if isinstance(error, boto.NoCredentialsError | boto.PartialCredentialsError):
        return PermissionDeniedError(
            f"{asked.bucket}: no AWS credentials found. Sign in (aws configure, aws sso login), "
            "name a profile with --profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        )
    if isinstance(error, boto.SSOError | boto.TokenRetrievalError):
        return PermissionDeniedError(
            f"{asked.bucket}: the sign-in of this profile has expired. Run aws sso login."
        )
    if isinstance(error, boto.CredentialRetrievalError):
        return PermissionDeniedError(
            f"{asked.bucket}: credentials cannot be obtained ({error}). Sign in again."
        )
    if isinstance(error, boto.ProfileNotFound | boto.ConfigParseError | boto.ConfigNotFound):
        return ConfigError(f"{error}. Profiles are listed by: aws configure list-profiles.")
    if isinstance(error, boto.SSLError) and retry_cause(error) is None:
        return SourceError(
            f"{access.endpoint}: its certificate is not accepted ({error}). "
            "Check the address, or name your own authorities in AWS_CA_BUNDLE."
        )
    if isinstance(error, boto.ConnectionError | boto.ConnectionClosedError):
        return TransferError(
            f"{_endpoint(asked, access)} cannot be reached for {asked.url} ({_first_line(error)}). "
            "Check network, proxy and --endpoint-url."
        )
    if retry_cause(error) is not None:
        return TransferError(
            f"{asked.url}: the connection broke every time ({_first_line(error)}). Run again later."
        )
    if isinstance(error, BotoCoreError):
        return SourceError(f"{asked.url}: {_first_line(error)}. Check the AWS settings.")
    raise TypeError(type(error))


def error_code(error: ClientError) -> str:
    """Return S3's code; requests without a body are answered by a status alone."""
    return error.response.get("Error", {}).get("Code", "")


def _explain_answer(error: ClientError, asked: Asked, access: Access) -> IngestError:
    code = error_code(error)
    detail: dict[str, Any] = dict(error.response.get("Error", {}))
    text = str(detail.get("Message", ""))
    if code == "NoSuchBucket":
        return SourceError(f"{asked.bucket}: this bucket does not exist. Check its name.")
    if code in _MISSING:
        return SourceError(f"{asked.url}: this {_MISSING[code]} does not exist. Check its name.")
    if code in _EXPIRED:
        return PermissionDeniedError(
            f"{asked.bucket}: the AWS session has expired. Sign in again, or set a new "
            "AWS_SESSION_TOKEN with its key and secret."
        )
    if code in _WRONG_KEYS:
        return PermissionDeniedError(
            f"{asked.bucket}: AWS does not accept these credentials ({code}). "
            "Check key, secret and token, and that they belong together."
        )
    if code == "RequestTimeTooSkewed":
        return _skew(error, detail)
    if code in _DENIED or code.startswith("KMS."):
        return _denied(error, asked, access, text)
    if code in _ELSEWHERE:
        region = detail.get("Region") or _headers(error).get("x-amz-bucket-region")
        where = f"in region {region}. Set AWS_REGION={region}" if region else "in another region"
        return SourceError(f"{asked.bucket}: this bucket lies {where} (S3 answered {code}).")
    if code == "InvalidObjectState":
        return TransferError(
            f"{asked.url}: archived ({detail.get('StorageClass', 'Glacier')}). Restore it first."
        )
    if retry_cause(error) is not None:
        return TransferError(
            f"{asked.url}: {asked.service} kept answering {code or 'an error'}. "
            "Run again later, or with fewer transfers at once."
        )
    return SourceError(f"{asked.url}: {asked.service} answered {code}: {text or 'no message'}")


def _denied(error: ClientError, asked: Asked, access: Access, text: str) -> PermissionDeniedError:
    told = _ACTION.search(text)
    action, resource = asked.action, asked.url
    if told and told[2] and told[1] != action:
        action, resource = told[1], told[2].rstrip(".,")
    elif not told and re.search(r"kms|ciphertext", f"{error_code(error)} {text}", re.IGNORECASE):
        action, resource = "kms:Decrypt", f"the key that encrypts {asked.url}"
    if error.operation_name == "AssumeRole":
        action, resource = "sts:AssumeRole", f"{access.role_arn}, and name it in the trust policy"
    caller = _CALLER.search(text)
    who = caller[1] if caller else access.caller()
    return PermissionDeniedError(
        f"{asked.url}: access denied to {who or 'the caller (AWS does not tell its ARN)'}. "
        f"Allow {action} on {resource}."
    )


def _skew(error: ClientError, detail: dict[str, Any]) -> PermissionDeniedError:
    ours = detail.get("RequestTime") or f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    theirs = detail.get("ServerTime")
    if theirs is None and "date" in _headers(error):
        theirs = f"{parsedate_to_datetime(_headers(error)['date']):%Y-%m-%dT%H:%M:%SZ}"
    return PermissionDeniedError(
        f"The clock of this machine reads {ours}, that of S3 {theirs or 'something else'}: "
        "they may differ by 15 minutes. Set the clock."
    )


def _headers(error: ClientError) -> dict[str, str]:
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return {name.lower(): text for name, text in headers.items()}


def _endpoint(asked: Asked, access: Access) -> str:
    if asked.service == "S3" or not access.endpoint.startswith("Amazon"):
        return access.endpoint
    return f"Amazon {asked.service}"


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(". ")
