"""Where the code of a theme's version is."""

from typing import Annotated, Any, NamedTuple
from urllib.parse import urlsplit

from pydantic import StringConstraints

from core.errors import Problem, Refused
from resolvers.validation import Input, text_of

AT = ("input", "source")
MAX_URL_LENGTH = 500
# A name, not a path: what lies outside of THEMES_DIR is no theme.
Folder = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
Commit = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]
Url: Any = text_of(MAX_URL_LENGTH, min_length=1)


class Named(NamedTuple):
    """A source as it is stored. Only one of kind GIT has a commit."""

    kind: str
    location: str
    commit: str | None


class Source(Input):
    """A source as it was typed: a folder, or a git address and a commit."""

    folder: Folder | None = None
    git_url: Url | None = None
    git_commit: Commit | None = None

    def named(self) -> Named:
        """The one that was meant.

        Raises:
            Refused: INVALID, where it is both or neither, or git should speak what it may not.

        """
        if self.folder and not (self.git_url or self.git_commit):
            return Named("FOLDER", self.folder, None)
        if self.folder or not (self.git_url and self.git_commit):
            raise Refused(Problem("INVALID", "Name a folder, or a gitUrl and a gitCommit.", AT))
        if not _is_fetched(self.git_url):
            message = "gitUrl must begin with https:// or http:// and name a host, without user and password."
            raise Refused(Problem("INVALID", message, (*AT, "gitUrl")))
        return Named("GIT", self.git_url, self.git_commit)


def _is_fetched(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False


class NewTheme(Input):
    """A version of a theme to be registered. What is in the manifest is looked at by `read_manifest`."""

    manifest: Any = None
    source: Source | None = None
