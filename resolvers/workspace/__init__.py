"""Workspaces: making one, changing its settings."""

from resolvers.workspace.create import NewWorkspace, create_workspace
from resolvers.workspace.update import WorkspaceChanges, update_workspace

__all__ = ["NewWorkspace", "WorkspaceChanges", "create_workspace", "update_workspace"]
