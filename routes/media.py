"""Pictures that this server keeps itself, under `DATA_DIR/media/<workspace>/`."""

from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

# An SVG is a document: opened by itself it could run scripts as this origin. This forbids all of that.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


class Media(StaticFiles):
    """Files with headers that make them pictures and nothing else."""

    def __init__(self, data_dir: Path) -> None:
        directory = data_dir / "media"
        directory.mkdir(parents=True, exist_ok=True)
        super().__init__(directory=directory)

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["content-security-policy"] = _POLICY
        response.headers["x-content-type-options"] = "nosniff"
        response.headers["cache-control"] = "public, max-age=86400"
        return response
