"""What developers run: the supervisor of `make run`, the embedded servers, the runners of tests and checks.

Nothing here runs in production, and nothing of the application imports it.
"""
