"""Drafts of what sites look like: the type, editing, publishing, and what else becomes of one."""

from schema.storefront_draft import draft, edit, keep, publish
from schema.storefront_draft.draft import StorefrontDraft, StorefrontDraftFilter, StorefrontDraftSort

QUERIES = draft.QUERIES
MUTATIONS = edit.MUTATIONS | publish.MUTATIONS | keep.MUTATIONS

__all__ = ["MUTATIONS", "QUERIES", "StorefrontDraft", "StorefrontDraftFilter", "StorefrontDraftSort"]
