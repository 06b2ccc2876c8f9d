"""What banners and logos have in common: things of a site's that are shown for a time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.events import SyncEventType
from models import Banner, BannerVersion, Logo, LogoVersion

Placement = Banner | Logo


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of placement: its tables, what it is called, and the columns that a version keeps.

    `of` is the column of a version that names what it is a version of. `columns` are those that an input sets. `check`
    refuses a row that cannot be. An event is of the type `published` where shoppers may see another thing for it, and
    `edited` where they do not.
    """

    model: type[Banner] | type[Logo]
    version: type[BannerVersion] | type[LogoVersion]
    name: str
    of: str
    kept: tuple[str, ...]
    columns: Callable[[Any], dict[str, Any]]
    check: Callable[[Any], None]
    published: SyncEventType
    edited: SyncEventType

    @property
    def noun(self) -> str:
        return self.name.lower()
