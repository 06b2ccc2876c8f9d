"""Reading the static files of a site that may have put anything into its folder."""

import os
from pathlib import Path

import pytest

from integrations.hosting.static import MAX_FILE, content_type, read_static, static_paths


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    (folder / ".next/static/chunks").mkdir(parents=True)
    (folder / ".next/static/chunks/main-abc.js").write_text("main")
    (folder / ".next/static/style.css").write_text("style")
    (folder / ".next/server").mkdir()
    (folder / ".next/server/page.js").write_text("not for browsers")
    (tmp_path / "secret").write_text("secret")
    return folder


class TestReadStatic:
    def test_gives_each_by_the_path_that_browsers_ask_for(self, app: Path) -> None:
        found = {file.path: (file.content, file.content_type) for file in read_static(app)}

        assert found == {
            "_next/static/chunks/main-abc.js": (b"main", "text/javascript; charset=utf-8"),
            "_next/static/style.css": (b"style", "text/css; charset=utf-8"),
        }
        assert static_paths(app) == set(found)

    def test_follows_no_link(self, app: Path, tmp_path: Path) -> None:
        (app / ".next/static/file.js").symlink_to(tmp_path / "secret")
        (app / ".next/static/folder").symlink_to(tmp_path)
        os.mkfifo(app / ".next/static/pipe.js")

        assert {file.path for file in read_static(app)} == static_paths(app)
        assert static_paths(app) == {"_next/static/chunks/main-abc.js", "_next/static/style.css"}

    @pytest.mark.parametrize("part", [".next", ".next/static", "."])
    def test_follows_no_link_above_them(self, app: Path, tmp_path: Path, part: str) -> None:
        elsewhere = tmp_path / "elsewhere"
        (elsewhere / "static").mkdir(parents=True)
        (elsewhere / ".next/static").mkdir(parents=True)
        for folder in (elsewhere, elsewhere / "static", elsewhere / ".next/static"):
            (folder / "stolen.js").write_text("secret")
        (app / part).resolve().rename(tmp_path / "old")
        (app if part == "." else app / part).symlink_to(elsewhere)

        assert list(read_static(app)) == []

    def test_leaves_out_what_is_too_large(self, app: Path) -> None:
        with (app / ".next/static/huge.js").open("wb") as file:
            file.truncate(MAX_FILE + 1)

        assert "_next/static/huge.js" not in {file.path for file in read_static(app)}

    def test_gives_nothing_where_nothing_is(self, tmp_path: Path) -> None:
        assert list(read_static(tmp_path / "missing")) == []

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("a.woff2", "font/woff2"),
            ("a.PNG", "image/png"),
            ("a.svg", "image/svg+xml"),
            ("a.js.map", "application/json"),
            ("a", "application/octet-stream"),
        ],
    )
    def test_says_what_a_file_is(self, name: str, expected: str) -> None:
        assert content_type(name) == expected
