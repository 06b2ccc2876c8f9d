"""Logos: what can be read of them, and the mutations."""

from schema.logo.mutation import MUTATIONS
from schema.logo.type import QUERIES, Logo, LogoFilter, LogoSort

__all__ = ["MUTATIONS", "QUERIES", "Logo", "LogoFilter", "LogoSort"]
