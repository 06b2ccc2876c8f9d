"""Where builds lie on the machine that makes and serves them. Below BUILDS_DIR there is nothing else."""

from pathlib import Path
from uuid import UUID

from core.settings import Settings


def work_folder(settings: Settings, deployment_id: UUID, token: UUID) -> Path:
    """Where one worker builds one deployment."""
    return settings.builds_path / "work" / f"{deployment_id}.{token.hex}"


def kept_folder(settings: Settings, deployment_id: UUID) -> Path:
    """What is served of a deployment."""
    return settings.builds_path / "kept" / str(deployment_id)


def packages_folder(settings: Settings) -> Path:
    return settings.builds_path / "packages"


def cache_folder(settings: Settings, site_id: UUID) -> Path:
    """What makes a site's next build faster."""
    return settings.builds_path / "cache" / str(site_id)
