"""CloudFront in front of one site.

What has a name by its content comes from S3, and from the site itself where S3 does not have it. All else is the
site's, asked anew each time, with the name that the browser asked for: pages must show a new price within seconds.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from integrations.hosting.aws.fault import asking, code_of

# AWS's own policies, the same in each account: CachingOptimized, CachingDisabled, AllViewer.
CACHED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
NOT_CACHED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
AS_ASKED = "216adef6-5c7f-47e4-b989-5492eafa07d3"
_ACCESS = "vitrine"
_STATIC, _SITE, _EITHER = "static", "site", "static-or-site"
_FALL_BACK_ON = [403, 404, 500, 502, 503, 504]
_READ = ["GET", "HEAD"]
_ALL = ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"]
_MISSING = "NoSuchDistribution"


class Wanted(NamedTuple):
    """What a site's distribution is to be. `origin` is the name by which our servers know the site."""

    site: str
    names: Sequence[str]
    certificate_arn: str
    origin: str
    is_https: bool
    static_path: str


class Distributed(NamedTuple):
    """A distribution: its id, its own name, and whether all of CloudFront has it as it was said last."""

    id: str
    domain: str
    is_deployed: bool


def digest_of(wanted: Wanted) -> str:
    """Tells whether something is wanted that was not before."""
    return hashlib.sha256(json.dumps(_config(wanted, "", ""), sort_keys=True).encode()).hexdigest()


class Distributions:
    """Makes, changes, looks at and deletes distributions."""

    def __init__(self, client: Any, bucket_domain: str) -> None:
        self._client = client
        self._bucket_domain = bucket_domain

    def create(self, wanted: Wanted) -> Distributed:
        """The site's distribution; the one that it has, should it have one already.

        Raises:
            AwsFailed: AWS takes none like this, such as one with a name that another distribution has.

        """
        config = _config(wanted, self._bucket_domain, self._access())
        with asking("make a distribution"):
            try:
                return _distributed(self._client.create_distribution(DistributionConfig=config)["Distribution"])
            except ClientError as error:
                if code_of(error) != "DistributionAlreadyExists":
                    raise
        found = self._of_site(wanted.site)
        return self.update(found, wanted)

    def update(self, distribution_id: str, wanted: Wanted) -> Distributed:
        """The distribution, as it is wanted now.

        Raises:
            AwsFailed: AWS does not take it.

        """
        with asking("change a distribution"):
            said = self._client.get_distribution_config(Id=distribution_id)
            config = said["DistributionConfig"] | _config(wanted, self._bucket_domain, self._access())
            answer = self._client.update_distribution(
                Id=distribution_id, IfMatch=said["ETag"], DistributionConfig=config
            )
        return _distributed(answer["Distribution"])

    def find(self, distribution_id: str) -> Distributed | None:
        """How far it is; None where it is gone.

        Raises:
            AwsFailed: AWS does not say.

        """
        with asking("look at a distribution"):
            try:
                return _distributed(self._client.get_distribution(Id=distribution_id)["Distribution"])
            except ClientError as error:
                if code_of(error) == _MISSING:
                    return None
                raise

    def end(self, distribution_id: str) -> bool:
        """Switches it off, which takes minutes, and then deletes it; false while it is not gone. Ask again later.

        Raises:
            AwsFailed: AWS does not.

        """
        with asking("delete a distribution"):
            try:
                said = self._client.get_distribution_config(Id=distribution_id)
                config = said["DistributionConfig"]
                if config["Enabled"]:
                    config |= {"Enabled": False, "Aliases": {"Quantity": 0, "Items": []}}
                    config["ViewerCertificate"] = {"CloudFrontDefaultCertificate": True}
                    self._client.update_distribution(
                        Id=distribution_id, IfMatch=said["ETag"], DistributionConfig=config
                    )
                    return False
                found = self._client.get_distribution(Id=distribution_id)
                if not _distributed(found["Distribution"]).is_deployed:
                    return False
                self._client.delete_distribution(Id=distribution_id, IfMatch=found["ETag"])
            except ClientError as error:
                if code_of(error) != _MISSING:
                    raise
        return True

    def _of_site(self, site: str) -> str:
        with asking("find a distribution"):
            for page in self._client.get_paginator("list_distributions").paginate():
                for each in page["DistributionList"].get("Items", ()):
                    if each.get("Comment") == _comment(site):
                        return str(each["Id"])
            raise ClientError({"Error": {"Code": _MISSING}}, "ListDistributions")

    def _access(self) -> str:
        """What lets CloudFront read the bucket: one for all sites."""
        with asking("let CloudFront read the bucket"):
            listed = self._client.list_origin_access_controls()["OriginAccessControlList"]
            for each in listed.get("Items", ()):
                if each["Name"] == _ACCESS:
                    return str(each["Id"])
            made = self._client.create_origin_access_control(
                OriginAccessControlConfig={
                    "Name": _ACCESS,
                    "Description": "",
                    "SigningProtocol": "sigv4",
                    "SigningBehavior": "always",
                    "OriginAccessControlOriginType": "s3",
                }
            )
            return str(made["OriginAccessControl"]["Id"])


def _distributed(said: Any) -> Distributed:
    return Distributed(said["Id"], said["DomainName"], said["Status"] == "Deployed")


def _comment(site: str) -> str:
    return f"Vitrine {site}"


def _config(wanted: Wanted, bucket_domain: str, access: str) -> dict[str, Any]:
    """The whole of it: to change a distribution everything must be said, also what is as it always is."""
    return {
        "CallerReference": wanted.site,
        "Comment": _comment(wanted.site),
        "Enabled": True,
        "HttpVersion": "http2and3",
        "IsIPV6Enabled": True,
        "PriceClass": "PriceClass_All",
        "DefaultRootObject": "",
        "WebACLId": "",
        "Aliases": _items(list(wanted.names)),
        "Origins": _items([_bucket(wanted, bucket_domain, access), _site(wanted)]),
        "OriginGroups": _items(
            [
                {
                    "Id": _EITHER,
                    "FailoverCriteria": {"StatusCodes": _items(_FALL_BACK_ON)},
                    "Members": _items([{"OriginId": _STATIC}, {"OriginId": _SITE}]),
                }
            ]
        ),
        "DefaultCacheBehavior": _behavior(_SITE, _ALL, NOT_CACHED) | {"OriginRequestPolicyId": AS_ASKED},
        "CacheBehaviors": _items([{"PathPattern": "/_next/static/*"} | _behavior(_EITHER, _READ, CACHED)]),
        "CustomErrorResponses": {"Quantity": 0},
        "Logging": {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""},
        "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
        "ViewerCertificate": {
            "CloudFrontDefaultCertificate": False,
            "ACMCertificateArn": wanted.certificate_arn,
            "SSLSupportMethod": "sni-only",
            "MinimumProtocolVersion": "TLSv1.2_2021",
        },
    }


def _bucket(wanted: Wanted, domain: str, access: str) -> dict[str, Any]:
    return _origin(_STATIC, domain, wanted.static_path) | {
        "S3OriginConfig": {"OriginAccessIdentity": ""},
        "OriginAccessControlId": access,
    }


def _site(wanted: Wanted) -> dict[str, Any]:
    return _origin(_SITE, wanted.origin, "") | {
        "CustomOriginConfig": {
            "HTTPPort": 80,
            "HTTPSPort": 443,
            "OriginProtocolPolicy": "https-only" if wanted.is_https else "http-only",
            "OriginSslProtocols": _items(["TLSv1.2"]),
            "OriginReadTimeout": 60,
            "OriginKeepaliveTimeout": 5,
        },
        "OriginAccessControlId": "",
    }


def _origin(name: str, domain: str, path: str) -> dict[str, Any]:
    return {
        "Id": name,
        "DomainName": domain,
        "OriginPath": path,
        "CustomHeaders": {"Quantity": 0},
        "ConnectionAttempts": 3,
        "ConnectionTimeout": 10,
        "OriginShield": {"Enabled": False},
    }


def _behavior(target: str, methods: list[str], cache: str) -> dict[str, Any]:
    return {
        "TargetOriginId": target,
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": _items(methods) | {"CachedMethods": _items(_READ)},
        "CachePolicyId": cache,
        "Compress": True,
        "SmoothStreaming": False,
        "FieldLevelEncryptionId": "",
        "LambdaFunctionAssociations": {"Quantity": 0},
        "FunctionAssociations": {"Quantity": 0},
        "TrustedSigners": {"Enabled": False, "Quantity": 0},
        "TrustedKeyGroups": {"Enabled": False, "Quantity": 0},
    }


def _items(items: list[Any]) -> dict[str, Any]:
    return {"Quantity": len(items), "Items": items}
