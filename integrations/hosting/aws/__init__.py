"""Sites behind CloudFront: their hashed files in S3, a distribution of each, and its certificate.

All of it is asked through boto3, which waits: call it in a thread. Each call can be made again, whatever came of it.
"""

from integrations.hosting.aws.bucket import Bucket, Uploaded
from integrations.hosting.aws.certificate import Certificate, Certificates
from integrations.hosting.aws.clients import Aws, AwsFailed, new_aws
from integrations.hosting.aws.distribution import Distributed, Distributions, Wanted, digest_of

__all__ = [
    "Aws",
    "AwsFailed",
    "Bucket",
    "Certificate",
    "Certificates",
    "Distributed",
    "Distributions",
    "Uploaded",
    "Wanted",
    "digest_of",
    "new_aws",
]
