"""Themes: their manifests, where their code is, and registering them."""

from resolvers.theme.manifest import Manifest, read_manifest
from resolvers.theme.register import register_theme
from resolvers.theme.source import Named, NewTheme, Source

__all__ = ["Manifest", "Named", "NewTheme", "Source", "read_manifest", "register_theme"]
