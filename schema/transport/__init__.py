"""The doors over which GraphQL is reached: HTTP and websockets, and what both share."""
