"""Hashed files of sites, in S3 under the paths that browsers ask for."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from integrations.hosting.aws.fault import asking
from integrations.hosting.static import read_static

IMMUTABLE = "public, max-age=31536000, immutable"
# Of one request to delete.
_DELETED_AT_ONCE = 1_000


class Uploaded(NamedTuple):
    """How many static files a build has, how many of them were not there yet, and what these took, in bytes."""

    files: int
    new: int
    new_bytes: int


class Bucket:
    """One folder of one bucket, and a folder of each site in it."""

    def __init__(self, client: Any, name: str, folder: str) -> None:
        self._client = client
        self._name = name
        self._folder = folder

    def path(self, site: str) -> str:
        """Where a site's files are, as the beginning of a path."""
        return "/" + "/".join(filter(None, (self._folder, site)))

    def upload(self, site: str, app: Path) -> Uploaded:
        """Uploads what a build has and the bucket has not, or has otherwise.

        Raises:
            AwsFailed: it was not all uploaded. What was stays, and is not uploaded again.

        """
        there = self._digests(site)
        files = new = new_bytes = 0
        for file in read_static(app):
            files += 1
            digest = hashlib.md5(file.content, usedforsecurity=False).hexdigest()
            key = f"{self._prefix(site)}{file.path}"
            if there.get(key) == digest:
                continue
            with asking("keep a static file"):
                self._client.put_object(
                    Bucket=self._name,
                    Key=key,
                    Body=file.content,
                    ContentType=file.content_type,
                    CacheControl=IMMUTABLE,
                )
            new, new_bytes = new + 1, new_bytes + len(file.content)
        return Uploaded(files, new, new_bytes)

    def keep_only(self, site: str, paths: Iterable[str]) -> int:
        """Deletes the site's other files; gives how many those were.

        Raises:
            AwsFailed: not all are gone.

        """
        kept = {f"{self._prefix(site)}{path}" for path in paths}
        gone = [key for key in self._digests(site) if key not in kept]
        for start in range(0, len(gone), _DELETED_AT_ONCE):
            keys = [{"Key": key} for key in gone[start : start + _DELETED_AT_ONCE]]
            with asking("delete static files"):
                self._client.delete_objects(Bucket=self._name, Delete={"Objects": keys, "Quiet": True})
        return len(gone)

    def _prefix(self, site: str) -> str:
        return f"{self.path(site)[1:]}/"

    def _digests(self, site: str) -> dict[str, str]:
        """What is there, with its MD5, as S3 says it of files that came in one piece and are not encrypted by KMS.

        Of others it says something else, which is no digest of ours: they are uploaded again.
        """
        found: dict[str, str] = {}
        with asking("list static files"):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._name, Prefix=self._prefix(site))
            for page in pages:
                for each in page.get("Contents", ()):
                    found[each["Key"]] = each["ETag"].strip('"')
        return found
