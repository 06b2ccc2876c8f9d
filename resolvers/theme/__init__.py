"""Themes: their manifests, and registering them."""

from resolvers.theme.manifest import Manifest, read_manifest
from resolvers.theme.register import register_theme

__all__ = ["Manifest", "read_manifest", "register_theme"]
