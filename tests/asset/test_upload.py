"""Uploading assets, as a dashboard does it: announce, send, complete, and what a worker makes of it."""

import pytest

from tests.asset.api import fetched, processed, sha256
from tests.asset.files import GOOD
from tests.factories import Shop

pytestmark = pytest.mark.usefixtures("no_other_worker")


class TestUpload:
    """`assetUploadCreate`, the upload, `assetUploadComplete`."""

    @pytest.mark.parametrize("mime_type", GOOD)
    async def test_takes_a_file_of_each_type(self, shop: Shop, mime_type: str) -> None:
        content = GOOD[mime_type]
        asset = await processed(shop, content, mime_type, sha256=sha256(content), altText="A lamp", title="Lamp")

        assert (asset["status"], asset["failureReason"]) == ("READY", None)
        assert (asset["mimeType"], asset["title"], asset["altText"]) == (mime_type, "Lamp", "A lamp")
        assert asset["sha256"] == sha256(content)
        served = await fetched(shop, asset["url"])
        assert served.status_code == 200
        assert served.headers["content-type"] == mime_type
        assert len(served.content) == asset["byteSize"]
        assert asset["filename"].partition(".")[0] == f"brass-lamp-{sha256(served.content)[:20]}"
        assert asset["url"].endswith(asset["filename"])
