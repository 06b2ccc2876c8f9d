"""Certificates of AWS, which it gets and renews itself as long as a record for each name is in the DNS."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from integrations.hosting.aws.fault import asking, code_of

# What AWS takes for a request that it has seen: letters and digits.
_TOKEN_LENGTH = 32


class Certificate(NamedTuple):
    """One that was requested. `records` are the CNAME records that must be in the DNS, target by name, by domain.

    While `is_waiting` it may still be issued; where it is neither that nor `is_issued` it never will.
    """

    is_issued: bool
    is_waiting: bool
    reason: str
    records: Mapping[str, tuple[str, str]]


class Certificates:
    """Requests, looks at, and deletes certificates."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def request(self, names: Sequence[str], salt: str) -> str:
        """The ARN of a certificate for all of these names. Within an hour the same names and salt give the same one.

        Raises:
            AwsFailed: AWS takes no such request.

        """
        token = hashlib.sha256("\n".join([salt, *names]).encode()).hexdigest()[:_TOKEN_LENGTH]
        with asking("make a certificate"):
            answer = self._client.request_certificate(
                DomainName=names[0],
                SubjectAlternativeNames=list(names),
                ValidationMethod="DNS",
                IdempotencyToken=token,
            )
        return str(answer["CertificateArn"])

    def find(self, arn: str) -> Certificate | None:
        """How far it is; None where it is gone.

        Raises:
            AwsFailed: AWS does not say.

        """
        with asking("look at a certificate"):
            try:
                said = self._client.describe_certificate(CertificateArn=arn)["Certificate"]
            except ClientError as error:
                if code_of(error) == "ResourceNotFoundException":
                    return None
                raise
        records = {
            each["DomainName"]: (
                each["ResourceRecord"]["Name"].rstrip("."),
                each["ResourceRecord"]["Value"].rstrip("."),
            )
            for each in said.get("DomainValidationOptions", ())
            if "ResourceRecord" in each
        }
        status = said["Status"]
        return Certificate(
            status == "ISSUED", status == "PENDING_VALIDATION", said.get("FailureReason", status), records
        )

    def delete(self, arn: str) -> bool:
        """Deletes it; false while a distribution still has it.

        Raises:
            AwsFailed: AWS does not.

        """
        with asking("delete a certificate"):
            try:
                self._client.delete_certificate(CertificateArn=arn)
            except ClientError as error:
                if code_of(error) == "ResourceInUseException":
                    return False
                if code_of(error) != "ResourceNotFoundException":
                    raise
        return True
