"""What uploaded files are: which types there are, whether a file is what it says, and what is kept of it.

A file is believed in nothing. What it is is read from its bytes; it must end where its own format says; pictures and
SVGs, whose formats leave room for anything, are written anew, so that nothing of the uploaded bytes is served.
"""

from integrations.files.base import Kept, KeptFile, Unfit
from integrations.files.bounded import keep_picture
from integrations.files.structure import check_structure
from integrations.files.types import HEAD, TYPES, AssetKind, FileType, name_of_type, sniffed_type

__all__ = [
    "HEAD",
    "TYPES",
    "AssetKind",
    "FileType",
    "Kept",
    "KeptFile",
    "Unfit",
    "check_structure",
    "keep_picture",
    "name_of_type",
    "sniffed_type",
]
