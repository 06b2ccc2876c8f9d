"""Clients of AWS, by the settings. They are shared by threads."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from core.settings import Settings
from integrations.hosting.aws.bucket import Bucket
from integrations.hosting.aws.certificate import Certificates
from integrations.hosting.aws.distribution import Distributions
from integrations.hosting.aws.fault import AwsFailed

__all__ = ["Aws", "AwsFailed", "new_aws"]
# Seconds, of each try.
CONNECT_TIMEOUT = 5
READ_TIMEOUT = 30
TRIES = 4
# Certificates of CloudFront are in this region, wherever the bucket is.
CERTIFICATES_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Aws:
    """What a host asks of AWS."""

    bucket: Bucket
    certificates: Certificates
    distributions: Distributions


def new_aws(settings: Settings) -> Aws:
    """By HOSTING_…; without keys of their own AWS's usual places are looked at when something is first asked."""
    where = urlsplit(settings.hosting_bucket)
    folder = where.path.strip("/")
    secret = settings.hosting_secret_access_key
    session = boto3.Session(
        aws_access_key_id=settings.hosting_access_key_id or None,
        aws_secret_access_key=secret.get_secret_value() if secret else None,
    )
    return Aws(
        Bucket(_client(session, settings, "s3", settings.hosting_region), where.netloc, folder),
        Certificates(_client(session, settings, "acm", CERTIFICATES_REGION)),
        Distributions(
            _client(session, settings, "cloudfront", CERTIFICATES_REGION),
            f"{where.netloc}.s3.{settings.hosting_region}.amazonaws.com",
        ),
    )


def _client(session: Any, settings: Settings, service: str, region: str) -> Any:
    config = Config(
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=READ_TIMEOUT,
        retries={"mode": "standard", "total_max_attempts": TRIES},
        s3={"addressing_style": "path"} if settings.hosting_endpoint else None,
    )
    return session.client(service, region_name=region, endpoint_url=settings.hosting_endpoint or None, config=config)
