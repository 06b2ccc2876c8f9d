"""What sites look like: drafts, versions, publishing, and who may do what."""

from resolvers.storefront.compare import compare_versions
from resolvers.storefront.create import NewDraft, create_draft, restore_version
from resolvers.storefront.discard import discard_draft
from resolvers.storefront.draft import Publication, Seen
from resolvers.storefront.due import is_any_due, publish_due
from resolvers.storefront.member import MemberRole, NewGrant, add_grant, remove_grant, remove_member, set_member
from resolvers.storefront.preview import DEFAULT_SECONDS, LONGEST_SECONDS, NewPreview, create_preview
from resolvers.storefront.publish import publish_draft
from resolvers.storefront.rebase import Rebase, rebase_draft
from resolvers.storefront.schedule import Schedule, schedule_draft, unschedule_draft
from resolvers.storefront.update import DraftChanges, update_draft
from resolvers.storefront.validate import Trial, validate_edit

__all__ = [
    "DEFAULT_SECONDS",
    "LONGEST_SECONDS",
    "DraftChanges",
    "MemberRole",
    "NewDraft",
    "NewGrant",
    "NewPreview",
    "Publication",
    "Rebase",
    "Schedule",
    "Seen",
    "Trial",
    "add_grant",
    "compare_versions",
    "create_draft",
    "create_preview",
    "discard_draft",
    "is_any_due",
    "publish_draft",
    "publish_due",
    "rebase_draft",
    "remove_grant",
    "remove_member",
    "restore_version",
    "schedule_draft",
    "set_member",
    "unschedule_draft",
    "update_draft",
    "validate_edit",
]
