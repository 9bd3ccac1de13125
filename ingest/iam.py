"""The rights that ingest needs, and no more."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from ingest.keys import DELIVERY_FOLDER, SERVICE


def least_privilege_policy(
    bucket: str, prefix: str = "", *, kms_key_arn: str | None = None, queue_arn: str | None = None
) -> dict[str, Any]:
    """Return the IAM policy for reading one bucket's flow logs.

    It allows listing below `AWSLogs` and nowhere else, reading VPC Flow Logs of
    both layouts and nothing beside them, and where they are named, decrypting through
    S3 and receiving notifications.

    Args:
        bucket: Name of the bucket, or ARN of an access point.
        prefix: What stands before `AWSLogs` in the keys; `AWSLogs` itself is cut off.
        kms_key_arn: Key of a bucket that is encrypted with SSE-KMS.
        queue_arn: SQS queue of the bucket's notifications.
    """
    folders = [name for name in prefix.split("/") if name]
    if DELIVERY_FOLDER in folders:
        folders = folders[: folders.index(DELIVERY_FOLDER)]
    base = "".join(f"{name}/" for name in folders)
    arn = bucket if bucket.startswith("arn:") else f"arn:aws:s3:::{bucket}"
    objects = f"{arn}/object" if bucket.startswith("arn:") else arn
    tree = f"{base}{DELIVERY_FOLDER}/"
    statements: list[dict[str, Any]] = [
        {
            "Sid": "ListFlowLogs",
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": arn,
            "Condition": {"StringLike": {"s3:prefix": [tree, f"{tree}*"]}},
        },
        {
            "Sid": "ReadFlowLogs",
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": [
                f"{objects}/{tree}*/{SERVICE}/*",
                f"{objects}/{tree}*/aws-service={SERVICE}/*",
            ],
        },
    ]
    if kms_key_arn:
        region = kms_key_arn.split(":")[3]
        statements.append(
            {
                "Sid": "DecryptFlowLogs",
                "Effect": "Allow",
                "Action": "kms:Decrypt",
                "Resource": kms_key_arn,
                "Condition": {"StringEquals": {"kms:ViaService": f"s3.{region}.amazonaws.com"}},
            }
        )
    if queue_arn:
        statements.append(
            {
                "Sid": "ReceiveNotifications",
                "Effect": "Allow",
                "Action": [
                    "sqs:ReceiveMessage",
                    "sqs:DeleteMessage",
                    "sqs:ChangeMessageVisibility",
                    "sqs:GetQueueAttributes",
                ],
                "Resource": queue_arn,
            }
        )
    return {"Version": "2012-10-17", "Statement": statements}


def log_group_statements(group: str) -> list[dict[str, Any]]:
    """Return the IAM statements for reading one log group, and the format of its flow log."""
    return [
        {
            "Sid": "ReadLogGroup",
            "Effect": "Allow",
            "Action": ["logs:FilterLogEvents"],
            "Resource": f"arn:aws:logs:*:*:log-group:{group}:*",
        },
        {
            # Describing flow logs cannot be limited to some of them.
            "Sid": "DescribeFlowLogs",
            "Effect": "Allow",
            "Action": ["ec2:DescribeFlowLogs"],
            "Resource": "*",
        },
    ]


def names_statement(actions: Iterable[str]) -> dict[str, Any]:
    """Return the IAM statement for asking AWS for names, which cannot be limited to some."""
    return {
        "Sid": "ReadNames",
        "Effect": "Allow",
        "Action": sorted(actions),
        "Resource": "*",
    }


def queue_arn(url: str) -> str:
    """Return the ARN of a queue; where its URL does not tell the region, any."""
    match = re.match(r"https?://(?:sqs\.)?([^/]*)/(\d{12})/(\S+)", url)
    if match is None:
        return "*"
    region = re.match(r"([a-z]{2,}(?:-[a-z]+)+-\d+)\.", match[1])
    return f"arn:aws:sqs:{region[1] if region else '*'}:{match[2]}:{match[3]}"
