"""Serving built sites: as processes of this machine."""

from integrations.hosting.process import NotStarted, SiteProcess, Start

__all__ = ["NotStarted", "SiteProcess", "Start"]
