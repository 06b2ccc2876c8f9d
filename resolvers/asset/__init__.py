"""Assets: the pictures and files of a workspace, from the announced upload to the address where they are served."""

from resolvers.asset.complete import complete_asset_upload
from resolvers.asset.delete import delete_asset
from resolvers.asset.input import AssetChanges, NewUpload
from resolvers.asset.process import is_any_asset_due, process_due_assets
from resolvers.asset.receive import NotExpected, WrongSize, receive_upload
from resolvers.asset.sweep import sweep_assets
from resolvers.asset.ticket import InvalidTicket, Ticket, read_ticket
from resolvers.asset.update import update_asset
from resolvers.asset.upload import create_asset_upload

__all__ = [
    "AssetChanges",
    "InvalidTicket",
    "NewUpload",
    "NotExpected",
    "Ticket",
    "WrongSize",
    "complete_asset_upload",
    "create_asset_upload",
    "delete_asset",
    "is_any_asset_due",
    "process_due_assets",
    "read_ticket",
    "receive_upload",
    "sweep_assets",
    "update_asset",
]
