"""The addresses of assets."""

import pytest

from core.ids import new_id
from tests.asset.api import fetched, ready
from tests.asset.files import GOOD, PDF, SVG, picture
from tests.asset.hostile import embedded
from tests.factories import Shop

pytestmark = pytest.mark.usefixtures("no_other_worker")


class TestAssetAddress:
    """`GET /assets/<workspace>/<asset>/<file>`."""

    @pytest.mark.parametrize("mime_type", GOOD)
    async def test_is_kept_for_ever_and_runs_nothing(self, shop: Shop, mime_type: str) -> None:
        asset = await ready(shop, GOOD[mime_type], mime_type)
        served = await fetched(shop, asset["url"], origin="https://site.example")

        assert served.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert served.headers["content-type"] == mime_type
        assert served.headers["x-content-type-options"] == "nosniff"
        policy = served.headers["content-security-policy"]
        assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
        assert served.headers["access-control-allow-origin"] == "*"
        disposition = served.headers.get("content-disposition")
        assert disposition == (f'attachment; filename="{asset["filename"]}"' if asset["kind"] == "DOCUMENT" else None)

    async def test_of_an_svg_shows_what_was_drawn_and_nothing_besides(self, shop: Shop) -> None:
        told = SVG.replace(b"<path", b'<!-- note --><i:x xmlns:i="urn:i" a="b"/><path data-x="y"')
        asset = await ready(shop, told, "image/svg+xml")
        served = await fetched(shop, asset["url"])

        assert served.content == SVG.replace(b'<svg xmlns="http://www.w3.org/2000/svg" ', b"<svg ").replace(
            b'12">', b'12" xmlns="http://www.w3.org/2000/svg">', 1
        ).replace(b'"/>', b'" />')
        assert (asset["width"], asset["height"]) == (24, 12)

    async def test_of_an_svg_keeps_a_picture_within_it(self, shop: Shop) -> None:
        drawn = embedded(picture(40, 30))
        told = SVG.replace(b"<path", f"{drawn}<path".encode())
        asset = await ready(shop, told, "image/svg+xml")

        assert drawn.removesuffix("/>").encode() in (await fetched(shop, asset["url"])).content

    @pytest.mark.parametrize(
        ("asked", "status", "start", "end"),
        [
            ("bytes=0-9", 206, 0, 10),
            ("bytes=5-", 206, 5, None),
            ("bytes=-7", 206, -7, None),
            ("bytes=10-10", 206, 10, 11),
            ("bytes=3-99999999", 206, 3, None),
            ("bytes=-99999999", 206, 0, None),
            ("bytes=0-1,3-4", 200, 0, None),
            ("bytes=9-3", 200, 0, None),
            ("bytes=-", 200, 0, None),
            ("lines=1-2", 200, 0, None),
        ],
    )
    async def test_gives_the_range_that_is_asked_for(
        self, shop: Shop, asked: str, status: int, start: int, end: int | None
    ) -> None:
        asset = await ready(shop, PDF, "application/pdf")
        served = await fetched(shop, asset["url"], range=asked)

        assert (served.status_code, served.content) == (status, PDF[start:end])
        assert served.headers["content-length"] == str(len(PDF[start:end]))
        if status == 206:
            first = len(PDF) + start if start < 0 else start
            last = first + len(served.content) - 1
            assert served.headers["content-range"] == f"bytes {first}-{last}/{len(PDF)}"

    async def test_says_where_a_file_ends(self, shop: Shop) -> None:
        asset = await ready(shop, PDF, "application/pdf")
        for asked in (f"bytes={len(PDF)}-", "bytes=-0", f"bytes={10**18}-{10**18 + 1}"):
            served = await fetched(shop, asset["url"], range=asked)

            assert (served.status_code, served.headers["content-range"]) == (416, f"bytes */{len(PDF)}")

    async def test_is_not_sent_again_to_who_has_it(self, shop: Shop) -> None:
        asset = await ready(shop, picture())
        served = await fetched(shop, asset["url"])
        tag = served.headers["etag"]
        again = await fetched(shop, asset["url"], **{"if-none-match": tag})
        other = await fetched(shop, asset["url"], **{"if-none-match": '"other"'})
        stale = await fetched(shop, asset["url"], **{"if-range": '"other"', "range": "bytes=0-1"})

        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert (other.status_code, stale.status_code) == (200, 200)

    async def test_answers_head(self, shop: Shop) -> None:
        asset = await ready(shop, picture())
        response = await shop.graphql.http.head(asset["url"].partition("8000")[2])

        assert (response.status_code, response.content) == (200, b"")
        assert response.headers["content-length"] == str(asset["byteSize"])

    async def test_leads_nowhere_else(self, shop: Shop) -> None:
        asset = await ready(shop, picture())
        path = asset["url"].partition("8000")[2]
        folder, _, name = path.rpartition("/")
        for wrong in (
            path.replace(name, "other.png"),
            path.replace(name, name.replace(".png", ".html")),
            path.replace(shop.workspace_id.hex, new_id().hex),
            f"{folder}/..%2f..%2f..%2fuploads",
            f"{folder}/%00.png",
            f"{folder}/",
            folder,
            "/assets/../../etc/passwd",
            f"/uploads/{shop.workspace_id.hex}/{new_id().hex}",
            path.replace("/assets/", "/uploads/"),
        ):
            response = await shop.graphql.http.get(wrong)

            assert response.status_code in {404, 405}, wrong
            assert "immutable" not in response.headers.get("cache-control", "")
