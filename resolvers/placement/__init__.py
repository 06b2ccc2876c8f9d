"""Placements: banners and logos, things of a site's that are shown for a time."""

from resolvers.placement.input import Publication, Seen
from resolvers.placement.kind import Kind, Placement
from resolvers.placement.publish import archive_placement, delete_placement, publish_placement, restore_placement
from resolvers.placement.update import update_placement

__all__ = [
    "Kind",
    "Placement",
    "Publication",
    "Seen",
    "archive_placement",
    "delete_placement",
    "publish_placement",
    "restore_placement",
    "update_placement",
]
