"""Domains of merchants' own."""
