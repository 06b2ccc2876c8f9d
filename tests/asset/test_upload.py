"""Uploading assets, as a dashboard does it: announce, send, complete, and what a worker makes of it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image, JpegImagePlugin

from core.clock import now
from core.ids import new_id
from resolvers.asset import Ticket, process_due_assets
from resolvers.asset.ticket import issue_ticket
from resolvers.asset.upload import UPLOAD_PATH
from routes.upload import MAX_OF_WORKSPACE
from tests.asset.api import (
    COMPLETE,
    UPLOAD,
    announce,
    complete,
    fetched,
    hex_of,
    processed,
    put,
    read,
    ready,
    sha256,
    stored,
    uploaded,
)
from tests.asset.files import GOOD, PDF, opened, picture
from tests.factories import Shop
from tests.people import audit_actions, codes

pytestmark = pytest.mark.usefixtures("no_other_worker")
ASSETS = "{ assets(first: 50) { totalCount nodes { id status } } }"
DASHBOARD = {"Origin": "https://dashboard.example"}


async def count(shop: Shop) -> int:
    found: int = (await shop.admin(ASSETS))["data"]["assets"]["totalCount"]
    return found


async def events(shop: Shop) -> list[str]:
    return [row["type"] for row in await shop.sql("select type from sync_event order by sequence")]


class TestUpload:
    """`assetUploadCreate`, the upload, `assetUploadComplete` and what a worker does then."""

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
        if asset["kind"] not in {"IMAGE", "SVG"}:
            assert served.content == content

    async def test_goes_from_uploading_over_processing_to_ready(self, shop: Shop) -> None:
        content = picture()
        announced = await announce(shop, content)
        asset_id = announced["asset"]["id"]
        states = [(announced["asset"]["status"], announced["asset"]["url"])]
        assert (await put(shop, announced["upload"], content)).status_code == 204
        completed = (await complete(shop, asset_id))["asset"]
        states.append((completed["status"], completed["url"]))
        await process_due_assets(shop.platform)
        asset = await read(shop, asset_id)

        assert states == [("UPLOADING", None), ("PROCESSING", None)]
        assert asset["status"] == "READY"
        assert await events(shop) == ["asset.created"]
        assert await audit_actions(shop) == ["assetUploadCreate", "assetUploadComplete"]
        assert await stored(shop) == sorted(
            f"assets/{shop.workspace_id.hex}/{hex_of(asset)}/{name}"
            for name in [asset["filename"], *(each["url"].rpartition("/")[2] for each in asset["renditions"]["nodes"])]
        )

    async def test_makes_smaller_sizes_and_none_that_is_larger(self, shop: Shop) -> None:
        asset = await ready(shop, picture(1000, 800))

        assert (asset["width"], asset["height"]) == (1000, 800)
        sizes = asset["renditions"]["nodes"]
        assert [(each["width"], each["height"]) for each in sizes] == [(320, 256), (640, 512), (960, 768)]
        for each in sizes:
            served = await fetched(shop, each["url"])
            assert served.headers["content-type"] == each["mimeType"] == "image/webp"
            assert opened(served.content).size == (each["width"], each["height"])
            assert len(served.content) == each["byteSize"]

    async def test_keeps_nothing_of_what_a_camera_wrote_and_turns_the_picture_upright(self, shop: Shop) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        exif[0x010F] = "Secret camera"
        content = picture(600, 400, "JPEG", exif=exif, comment=b"where I live")
        asset = await ready(shop, content, "image/jpeg")
        served = (await fetched(shop, asset["url"])).content

        assert (asset["width"], asset["height"]) == opened(served).size == (400, 600)
        for word in (b"Secret camera", b"where I live"):
            assert (word in content, word in served) == (True, False)
        assert not opened(served).getexif()

    @pytest.mark.parametrize("sampling", [0, 1, 2])
    async def test_samples_colours_of_a_picture_that_it_turns_as_they_were(self, shop: Shop, sampling: int) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        asset = await ready(shop, picture(600, 400, "JPEG", exif=exif, subsampling=sampling), "image/jpeg")

        assert JpegImagePlugin.get_sampling(opened((await fetched(shop, asset["url"])).content)) == sampling

    async def test_takes_a_picture_that_announces_another_as_phones_write_them(self, shop: Shop) -> None:
        first = opened(picture(400, 300, "JPEG"))
        buffer = BytesIO()
        first.save(buffer, "MPO", save_all=True, append_images=[opened(picture(200, 150, "JPEG"))])
        asset = await ready(shop, buffer.getvalue(), "image/jpeg")

        served = (await fetched(shop, asset["url"])).content
        assert (opened(served).format, opened(served).size) == ("JPEG", (400, 300))
        assert len(served) < len(buffer.getvalue())

    async def test_keeps_an_animation_moving(self, shop: Shop) -> None:
        frames = [opened(picture(400, 300)).rotate(90 * number) for number in range(3)]
        for format_ in ("GIF", "WEBP"):
            buffer = BytesIO()
            frames[0].save(buffer, format_, save_all=True, append_images=frames[1:], duration=[40, 80, 120], loop=0)
            asset = await ready(shop, buffer.getvalue(), f"image/{format_.lower()}")

            served = opened((await fetched(shop, asset["url"])).content)
            assert served.n_frames == 3  # type: ignore[attr-defined]
            assert asset["renditions"]["nodes"] == []

    async def test_is_the_same_when_it_is_sent_again_under_its_key(self, shop: Shop) -> None:
        key = new_id().hex
        given = {"filename": "lamp.png", "mimeType": "image/png", "byteSize": 10}
        first, again = [await shop.admin(UPLOAD, {"input": given}, idempotency_key=key) for _ in range(2)]

        assert first == again
        assert first["data"]["assetUploadCreate"]["upload"]["url"]
        assert await count(shop) == 1

    async def test_completing_is_the_same_when_it_is_sent_again_under_its_key(self, shop: Shop) -> None:
        key, content = new_id().hex, picture()
        announced = await announce(shop, content)
        await put(shop, announced["upload"], content)
        variables = {"id": announced["asset"]["id"]}
        await shop.admin(COMPLETE, variables, idempotency_key=key)
        await process_due_assets(shop.platform)
        again = await shop.admin(COMPLETE, variables, idempotency_key=key)

        assert again["data"]["assetUploadComplete"]["userErrors"] == []
        assert again["data"]["assetUploadComplete"]["asset"]["status"] == "READY"

    async def test_knows_who_uploaded(self, shop: Shop) -> None:
        document = UPLOAD.replace("asset {", "asset { createdBy { email }", 1)
        given = {"filename": "lamp.png", "mimeType": "image/png", "byteSize": 10}
        answer = await shop.graphql(document, {"input": given}, token=shop.owner_token, workspace=shop.slug)

        assert answer["data"]["assetUploadCreate"]["asset"]["createdBy"] == {"email": shop.owner_email}


class TestAnnouncing:
    """What `assetUploadCreate` refuses."""

    @pytest.mark.parametrize(
        ("given", "code", "field"),
        [
            ({"mimeType": "text/html"}, "UNSUPPORTED_TYPE", "mimeType"),
            ({"mimeType": "application/zip"}, "UNSUPPORTED_TYPE", "mimeType"),
            ({"mimeType": ""}, "UNSUPPORTED_TYPE", "mimeType"),
            ({"byteSize": 20_000_001}, "TOO_LARGE", "byteSize"),
            ({"byteSize": 1_000_001, "mimeType": "image/svg+xml"}, "TOO_LARGE", "byteSize"),
            ({"byteSize": 0}, "OUT_OF_RANGE", "byteSize"),
            ({"sha256": "abc"}, "INVALID", "sha256"),
            ({"filename": ""}, "BLANK", "filename"),
            ({"filename": "../../etc/passwd"}, "INVALID", "filename"),
            ({"filename": "C:\\lamp.png"}, "INVALID", "filename"),
            ({"filename": "lamp\0.png"}, "INVALID", "filename"),
            ({"filename": "gnp.\u202elamp.html"}, "INVALID", "filename"),
            ({"filename": ".."}, "INVALID", "filename"),
            ({"filename": "l" * 256}, "TOO_LONG", "filename"),
            ({"metadata": {"a": "x" * 20_000}}, "TOO_LONG", "metadata"),
            ({"metadata": {"a": "\0"}}, "INVALID", "metadata"),
            ({"metadata": [1]}, "INVALID", "metadata"),
        ],
    )
    async def test_is_refused(self, shop: Shop, given: dict[str, Any], code: str, field: str) -> None:
        payload = await announce(shop, b"0123456789", **given)

        assert codes(payload) == [(code, ["input", field])]
        assert payload["upload"] is None
        assert await count(shop) == 0
        assert await audit_actions(shop) == []


class TestSending:
    """The PUT to the address of an upload."""

    async def test_takes_exactly_what_was_announced(self, shop: Shop) -> None:
        upload = (await announce(shop, b"0123456789"))["upload"]

        async def chunks(content: bytes) -> Any:
            yield content

        answers = [
            await put(shop, upload, content)
            for content in (b"012345678", b"0123456789A", chunks(b"012345678"), chunks(b"0123456789A"))
        ]

        assert [answer.status_code for answer in answers] == [400] * 4
        assert all(answer.json()["error"] for answer in answers)
        assert await stored(shop) == []

    async def test_can_be_repeated_until_it_is_completed(self, shop: Shop) -> None:
        announced = await announce(shop, PDF, "application/pdf")
        other = PDF.replace(b"Catalog", b"Kataloq")

        assert (await put(shop, announced["upload"], other)).status_code == 204
        assert (await put(shop, announced["upload"], PDF)).status_code == 204
        await complete(shop, announced["asset"]["id"])
        late = await put(shop, announced["upload"], other)
        await process_due_assets(shop.platform)

        assert late.status_code == 409
        asset = await read(shop, announced["asset"]["id"])
        assert (await fetched(shop, asset["url"])).content == PDF

    async def test_is_refused_with_a_changed_or_expired_address(self, shop: Shop) -> None:
        announced = await announce(shop, b"0123456789")
        upload, settings = announced["upload"], shop.platform.settings
        ticket = Ticket(shop.workspace_id, new_id(), 10)
        old = issue_ticket(settings, ticket, now() - timedelta(seconds=1))
        foreign = settings.model_copy(update={"secret_key": type(settings.secret_key)("x" * 40)})
        forged = issue_ticket(foreign, ticket, now() + timedelta(hours=1))
        gone = issue_ticket(settings, ticket, now() + timedelta(hours=1))

        addresses = [upload["url"][:-4] + "AAAA", *(settings.base_url + UPLOAD_PATH + each for each in (old, forged))]
        answers = [await put(shop, upload | {"url": address}, b"0123456789") for address in addresses]
        nothing = await put(shop, upload | {"url": settings.base_url + UPLOAD_PATH + gone}, b"0123456789")

        assert [answer.status_code for answer in answers] == [403, 403, 403]
        assert nothing.status_code == 409
        assert await stored(shop) == []

    async def test_is_good_for_an_hour(self, shop: Shop) -> None:
        upload = (await announce(shop, b"0123456789"))["upload"]
        left = datetime.fromisoformat(upload["expiresAt"]) - now()

        assert timedelta(minutes=59) < left <= timedelta(minutes=60)
        assert (upload["method"], upload["headers"]) == ("PUT", [{"name": "Content-Type", "value": "image/png"}])

    async def test_is_allowed_to_pages_of_dashboards(self, shop: Shop) -> None:
        upload = (await announce(shop, b"0123456789"))["upload"]
        asked = DASHBOARD | {
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "content-type",
        }
        answer = await shop.graphql.http.options(urlsplit(upload["url"]).path, headers=asked)

        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "PUT" in answer.headers["access-control-allow-methods"]
        assert "content-type" in answer.headers["access-control-allow-headers"].lower()

    async def test_leaves_room_for_other_workspaces(self, shop: Shop, other_shop: Shop) -> None:
        """However many of one are sent, and however slowly."""
        content = b"0123456789"
        one, more = [(await announce(shop, content))["upload"] for _ in range(2)]
        elsewhere = (await announce(other_shop, content))["upload"]
        over = asyncio.Event()

        async def slowly() -> AsyncIterator[bytes]:
            yield content[:1]
            await over.wait()
            yield content[1:]

        sent = [asyncio.create_task(put(shop, one, slowly())) for _ in range(MAX_OF_WORKSPACE)]
        try:
            async with asyncio.timeout(10):
                while (await put(shop, more, content)).status_code != 503:
                    pass
            assert (await put(other_shop, elsewhere, content)).status_code == 204
        finally:
            over.set()
            answers = await asyncio.gather(*sent)

        assert {answer.status_code for answer in answers} == {204}
        assert (await put(shop, more, content)).status_code == 204

    async def test_may_be_larger_than_any_other_request(self, shop: Shop) -> None:
        """Other requests are cut off at 16 MiB."""
        content = b"\0\0\0\x18ftypisom\0\0\2\0isommp41" + b"\0\0\0\x08moov"
        size = 40_000_000
        content += size.to_bytes(4, "big") + b"mdat" + bytes(size - 8)
        asset = await ready(shop, content, "video/mp4")

        assert asset["byteSize"] == len(content)
        served = await fetched(shop, asset["url"], range="bytes=24-31")
        assert (served.status_code, served.content) == (206, b"\0\0\0\x08moov")


class TestCompleting:
    """What `assetUploadComplete` refuses. The file can be sent again then."""

    async def test_wants_a_file(self, shop: Shop) -> None:
        asset_id = (await announce(shop, picture()))["asset"]["id"]

        assert codes(await complete(shop, asset_id)) == [("NOT_UPLOADED", ["id"])]
        assert (await read(shop, asset_id))["status"] == "UPLOADING"

    async def test_wants_the_file_that_was_announced(self, shop: Shop) -> None:
        content = picture()
        announced = await announce(shop, content, sha256=sha256(content))
        damaged = content[:-20] + bytes(8) + content[-12:]
        asset_id = announced["asset"]["id"]

        await put(shop, announced["upload"], damaged)
        assert codes(await complete(shop, asset_id)) == [("HASH_MISMATCH", ["id"])]
        await put(shop, announced["upload"], content)
        assert codes(await complete(shop, asset_id)) == []
        assert codes(await complete(shop, asset_id)) == [("ALREADY_COMPLETE", ["id"])]

    async def test_is_done_once_by_those_who_do_it_together(self, shop: Shop) -> None:
        content = picture()
        announced = await announce(shop, content)
        await put(shop, announced["upload"], content)
        payloads = await asyncio.gather(*(complete(shop, announced["asset"]["id"]) for _ in range(5)))

        assert sorted(codes(payload) for payload in payloads) == [[]] + [[("ALREADY_COMPLETE", ["id"])]] * 4

    @pytest.mark.parametrize(
        ("content", "announced", "found"),
        [
            (picture(), "image/jpeg", "image/png"),
            (picture(format_="GIF"), "image/png", "image/gif"),
            (b"<!doctype html><script>alert(1)</script>", "image/png", "text/html"),
            (b"<html><svg></svg></html>", "image/svg+xml", "text/html"),
            (b"PK\3\4" + bytes(100), "application/pdf", "application/zip"),
            (b"MZ" + bytes(100), "image/png", "application/x-msdownload"),
            (bytes(100), "image/png", "of no type that can be told"),
        ],
    )
    async def test_believes_the_bytes_and_not_what_was_said(
        self, shop: Shop, content: bytes, announced: str, found: str
    ) -> None:
        payload = await uploaded(shop, content, announced)

        assert codes(payload) == [("TYPE_MISMATCH", ["id"])]
        assert payload["userErrors"][0]["message"] == f"The file was announced as {announced}, and it is {found}."
        await process_due_assets(shop.platform)
        assert [each["status"] for each in (await shop.admin(ASSETS))["data"]["assets"]["nodes"]] == ["UPLOADING"]
