"""What speaks like AWS, on this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
import httpx
from moto.server import ThreadedMotoServer
from pydantic import SecretStr

from core.settings import Settings
from integrations.hosting.aws import Aws, new_aws

BUCKET = "vitrine-sites"
KEY, SECRET = "AKIAVITRINETESTS0000", "secret-of-these-tests"


@dataclass(frozen=True)
class Amazon:
    """An account, and what asks it."""

    endpoint: str
    aws: Aws

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            region_name="us-east-1",
            endpoint_url=self.endpoint,
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
        )

    def files(self) -> list[str]:
        listed = self.client("s3").list_objects_v2(Bucket=BUCKET)
        return sorted(each["Key"] for each in listed.get("Contents", ()))

    def distributions(self) -> list[dict[str, Any]]:
        """The configs of all."""
        client = self.client("cloudfront")
        listed = client.list_distributions()["DistributionList"].get("Items", ())
        found = []
        for each in listed:
            said = client.get_distribution_config(Id=each["Id"])["DistributionConfig"]
            found.append(said | {"Id": each["Id"], "DomainName": each["DomainName"]})
        return found

    def certificates(self) -> list[str]:
        client = self.client("acm")
        return sorted(each["CertificateArn"] for each in client.list_certificates()["CertificateSummaryList"])

    def deploy_at_once(self, *, is_slow: bool = False) -> None:
        """Whether CloudFront takes its time over a change: then it is done when it was looked at so often."""
        progression: dict[str, Any] = {"progression": "manual", "times": 3} if is_slow else {"progression": "immediate"}
        body = {"model_name": "cloudfront::distribution", "transition": progression}
        httpx.post(f"{self.endpoint}/moto-api/state-manager/set-transition", json=body).raise_for_status()


@contextmanager
def amazon(settings: Settings) -> Iterator[Amazon]:
    """An account of its own with an empty bucket, while the block runs."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        httpx.post(f"{endpoint}/moto-api/reset").raise_for_status()
        found = Amazon(endpoint, new_aws(aws_settings(settings, endpoint)))
        found.client("s3").create_bucket(Bucket=BUCKET)
        found.deploy_at_once()
        yield found
    finally:
        server.stop()


def aws_settings(settings: Settings, endpoint: str) -> Settings:
    given = {
        "hosting": "aws",
        "hosting_bucket": f"s3://{BUCKET}/shops",
        "hosting_endpoint": endpoint,
        "hosting_access_key_id": KEY,
        "hosting_secret_access_key": SecretStr(SECRET),
    }
    return settings.model_copy(update=given)
