"""Taking over a theme's folder."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from integrations.build import source
from integrations.build.base import BuildFailed
from integrations.build.source import copy_source


@pytest.fixture
def theme(tmp_path: Path) -> Path:
    """A small theme with everything that is left out."""
    folder = tmp_path / "theme"
    for name in ("app", ".git", "node_modules/next", "app/node_modules"):
        (folder / name).mkdir(parents=True)
    for name in ("package.json", "app/page.tsx", ".env", ".env.local", ".npmrc", ".git/config", "node_modules/next/x"):
        (folder / name).write_text(name)
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "app" / "same.tsx").symlink_to("page.tsx")
    return folder


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


class TestCopySource:
    def test_takes_what_belongs_to_the_theme(self, theme: Path, tmp_path: Path) -> None:
        copied = copy_source(theme, tmp_path / "copy")

        assert names(tmp_path / "copy") == ["app", "app/page.tsx", "app/same.tsx", "package.json", "run.sh"]
        assert (tmp_path / "copy/app/same.tsx").readlink() == Path("page.tsx")
        assert os.access(tmp_path / "copy/run.sh", os.X_OK)
        assert copied.byte_size == sum(len(text) for text in ("package.json", "app/page.tsx", "#!/bin/sh\n"))

    def test_tells_by_the_digest_whether_anything_changed(self, theme: Path, tmp_path: Path) -> None:
        digests = []
        changes: tuple[Callable[[], object], ...] = (
            lambda: None,
            lambda: (theme / ".env").write_text("left out"),
            lambda: (theme / "package.json").write_text("{}"),
            lambda: (theme / "package.json").rename(theme / "other.json"),
        )
        for number, change in enumerate(changes):
            change()
            digests.append(copy_source(theme, tmp_path / str(number)).digest)

        assert digests[0] == digests[1]
        assert len(set(digests)) == 3

    @pytest.mark.parametrize("link", ["/etc/passwd", "../secret", "app/../../secret"])
    def test_refuses_a_link_out_of_the_folder(self, theme: Path, tmp_path: Path, link: str) -> None:
        (tmp_path / "secret").write_text("of somebody else")
        (theme / "public.txt").symlink_to(link)

        with pytest.raises(BuildFailed, match=r"public\.txt is a link out of its folder"):
            copy_source(theme, tmp_path / "copy")

    def test_refuses_a_link_to_a_link_out_of_the_folder(self, theme: Path, tmp_path: Path) -> None:
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "outside").symlink_to("elsewhere")
        (theme / "first").symlink_to("second")
        (theme / "second").symlink_to("../outside")

        with pytest.raises(BuildFailed, match="is a link out of its folder"):
            copy_source(theme, tmp_path / "copy")

    def test_refuses_what_is_neither_file_nor_folder(self, theme: Path, tmp_path: Path) -> None:
        os.mkfifo(theme / "pipe")

        with pytest.raises(BuildFailed, match="pipe is neither a file nor a folder"):
            copy_source(theme, tmp_path / "copy")

    def test_refuses_what_is_too_large(self, theme: Path, tmp_path: Path) -> None:
        with (theme / "large").open("wb") as file:
            file.truncate(source.SOURCE_BYTES + 1)

        with pytest.raises(BuildFailed, match="larger than 100 MB"):
            copy_source(theme, tmp_path / "copy")

    def test_refuses_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(BuildFailed, match="The theme's folder nowhere is not there"):
            copy_source(tmp_path / "nowhere", tmp_path / "copy")
