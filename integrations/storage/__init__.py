"""Keeping files."""

from core.settings import Settings
from integrations.storage.base import Storage, StorageUnavailable, StoredFile
from integrations.storage.folder import folder_storage
from integrations.storage.s3 import s3_storage

__all__ = ["Storage", "StorageUnavailable", "StoredFile", "new_storage"]


def new_storage(settings: Settings) -> Storage:
    """The storage that the settings choose: the bucket of STORAGE_URL where there is one, else a folder."""
    if settings.storage_url:
        return s3_storage(settings)
    return folder_storage(settings.data_dir / "storage")
