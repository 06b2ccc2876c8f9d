"""TCP ports of this machine: which are free, and who holds those that are not."""

import contextlib
import errno
import socket

import psutil


def free_port() -> int:
    """A port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    """Whether nobody listens on `port`, on any IPv4 address or on IPv6's loopback.

    Browsers try `localhost` in IPv6 first: a server there would get the requests that are meant for us.

    Raises:
        PermissionError: the port is below what this user may listen on.
    """
    return not (_is_taken(socket.AF_INET, "0.0.0.0", port) or _is_taken(socket.AF_INET6, "::1", port))  # noqa: S104


def _is_taken(family: socket.AddressFamily, host: str, port: int) -> bool:
    try:
        with socket.socket(family) as probe:
            # As servers do: connections of an ended server that linger are no reason to refuse.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except PermissionError:
        raise
    except OSError as error:
        return error.errno == errno.EADDRINUSE  # anything else: a machine without IPv6
    return False


def holder(port: int) -> str:
    """Who listens on `port`, as "name (pid 123)"; empty when this user may not know."""
    with contextlib.suppress(psutil.Error):
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.pid and port in connection.laddr[1:2]:
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    return ""
