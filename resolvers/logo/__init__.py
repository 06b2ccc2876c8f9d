"""Logos: what a site calls itself by, for one place and perhaps for a time."""

from resolvers.logo.create import MAX_LOGOS, create_logo
from resolvers.logo.input import LogoChanges, NewLogo
from resolvers.logo.kind import LOGO

__all__ = ["LOGO", "MAX_LOGOS", "LogoChanges", "NewLogo", "create_logo"]
