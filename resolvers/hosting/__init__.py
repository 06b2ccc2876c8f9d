"""Serving sites: which deployment is live, where it runs, and putting another in its place."""
