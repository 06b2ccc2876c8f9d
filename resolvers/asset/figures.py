"""What becomes of uploads and assets, for Prometheus."""

from prometheus_client import Counter, Histogram

UPLOADS = Counter(
    "vitrine_uploads",
    "Files that were sent to this process: kept, refused (or broken off), or turned away because of us.",
    ["result"],
)
UPLOADED_BYTES = Counter("vitrine_upload_bytes", "Bytes of the files that were kept.")
LOOKS = Counter(
    "vitrine_asset_looks",
    "Uploads that were looked into: ready, refused, or postponed where the storage or this machine failed.",
    ["result"],
)
KEPT_BYTES = Counter("vitrine_asset_bytes", "Bytes of the assets that became ready, their smaller sizes included.")
LOOK_SECONDS = Histogram(
    "vitrine_asset_look_seconds",
    "How long looking into an upload took, in seconds, by the kind of asset.",
    ["kind"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
# Zero is a figure too: a rate needs one to begin from.
for _result in ("kept", "refused", "turned_away"):
    UPLOADS.labels(_result)
for _result in ("ready", "refused", "postponed"):
    LOOKS.labels(_result)
