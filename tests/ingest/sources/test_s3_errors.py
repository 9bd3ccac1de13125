"""Answers of S3 that no test server gives, in one sentence."""

from __future__ import annotations

import pytest
from botocore import exceptions as boto
from botocore.exceptions import ClientError

from ingest.config import AwsSettings
from ingest.errors import PermissionDeniedError, SourceError
from ingest.sources import TransferError
from ingest.sources.s3_access import Access
from ingest.sources.s3_errors import Asked, explain

URL = "s3://logs/AWSLogs/a.log.gz"
ROLE = "arn:aws:iam::123456789012:role/reader"
ALICE = "arn:aws:iam::123456789012:user/alice"


def answer(
    code: str, message: str = "", operation: str = "GetObject", **detail: str
) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message, **detail}}, operation)


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (
            answer("AccessDenied", "The ciphertext refers to a customer master key that ..."),
            PermissionDeniedError,
            "access denied to the caller (AWS does not tell its ARN). "
            f"Allow kms:Decrypt on the key that encrypts {URL}.",
        ),
        (
            answer(
                "AccessDenied",
                f"User: {ALICE} is not authorized to perform: s3:GetObject on resource: "
                '"arn:aws:s3:::kms-logs/a" because no identity-based policy allows it',
            ),
            PermissionDeniedError,
            f"{URL}: access denied to {ALICE}. Allow s3:GetObject on {URL}.",
        ),
        (
            answer(
                "AccessDenied",
                f"User: {ALICE} is not authorized to perform: sts:AssumeRole on resource: {ROLE}",
                "AssumeRole",
            ),
            PermissionDeniedError,
            f"denied to {ALICE}. Allow sts:AssumeRole on {ROLE}, and name it in the trust policy.",
        ),
        (
            answer("PermanentRedirect", Region="eu-north-1"),
            SourceError,
            "s3://logs: this bucket lies in region eu-north-1. Set AWS_REGION=eu-north-1",
        ),
        (
            answer("InvalidObjectState", StorageClass="GLACIER"),
            TransferError,
            f"{URL}: archived (GLACIER). Restore it first.",
        ),
        (answer("NotImplemented", "no"), SourceError, f"{URL}: S3 answered NotImplemented: no"),
        (
            boto.UnauthorizedSSOTokenError(),
            PermissionDeniedError,
            "s3://logs: the sign-in of this profile has expired. Run aws sso login.",
        ),
        (
            boto.CredentialRetrievalError(provider="process", error_msg="exit 1"),
            PermissionDeniedError,
            "s3://logs: credentials cannot be obtained",
        ),
        (
            boto.SSLError(endpoint_url="https://x", error="CERTIFICATE_VERIFY_FAILED"),
            SourceError,
            "Amazon S3: its certificate is not accepted",
        ),
        (
            boto.SSLError(endpoint_url="https://x", error="EOF occurred"),
            TransferError,
            "Amazon S3 cannot be reached",
        ),
        (
            boto.ParamValidationError(report="Invalid bucket name"),
            SourceError,
            f"{URL}: Parameter validation failed",
        ),
    ],
)
def test_each_answer_says_what_to_do(error, kind, text):
    """Class (and so exit code) and sentence."""
    told = explain(error, Asked(URL, "s3:GetObject"), Access(AwsSettings(role_arn=ROLE)))

    assert type(told) is kind
    assert text in str(told)


def test_the_clock_of_s3_is_taken_from_the_header_where_the_body_lacks_it():
    """A HEAD request has no body."""
    error = answer("RequestTimeTooSkewed")
    error.response["ResponseMetadata"] = {  # type: ignore[typeddict-item]
        "HTTPHeaders": {"Date": "Mon, 23 Nov 2026 07:00:00 GMT"}
    }

    told = explain(error, Asked(URL, "s3:GetObject"), Access(AwsSettings()))

    assert "that of S3 2026-11-23T07:00:00Z" in str(told)
