"""Asking a domain's own server for the token, wherever the domain's owner has it lead: past the check of addresses that
webhooks pass, and no further than the domain itself.
"""

import asyncio
from http import HTTPStatus

import aiohttp
from dns.asyncresolver import Resolver
from yarl import URL

from integrations.domain.base import PROOF_PATH, Finding
from integrations.domain.names import NamesOf
from integrations.webhook.connection import CheckedResolver, Connector, RefusedAddress

MAX_REDIRECTS = 3
# Bytes of the file that are read.
MAX_FILE = 4_096
_MAX_HEADER = 8_190


class _Elsewhere(Exception):
    """The server sends whoever asks to another host; the message says where."""


async def find_file(resolver: Resolver, name: str, port: int, seconds: float, *, allow_loopback: bool) -> Finding:
    """The lines of the file that may prove the domain."""
    url = URL.build(scheme="http", host=name, port=port, path=PROOF_PATH)
    try:
        async with asyncio.timeout(seconds), _session(resolver, seconds, allow_loopback=allow_loopback) as session:
            return await _read(session, url)
    except TimeoutError:
        return Finding(problem=f"{url} did not answer in time.", is_certain=False)
    except _Elsewhere as problem:
        return Finding(problem=str(problem))
    except (aiohttp.ClientError, OSError, ValueError) as error:
        cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
        if isinstance(cause, RefusedAddress):
            return Finding(problem=f"{name} leads to an address that is not public: nothing is asked there.")
        return Finding(problem=f"{url} could not be read.", is_certain=False)


def _session(resolver: Resolver, seconds: float, *, allow_loopback: bool) -> aiohttp.ClientSession:
    connector = Connector(
        limit=1,
        keepalive_timeout=1.0,
        resolver=CheckedResolver(NamesOf(resolver), seconds, allow_loopback=allow_loopback),
        tls=None,
        allow_loopback=allow_loopback,
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        max_line_size=_MAX_HEADER,
        max_field_size=_MAX_HEADER,
        headers={"User-Agent": "Vitrine-Domains/1", "Accept-Encoding": "identity"},
    )


async def _read(session: aiohttp.ClientSession, url: URL) -> Finding:
    for _ in range(MAX_REDIRECTS + 1):
        async with session.get(url, allow_redirects=False) as response:
            if response.status == HTTPStatus.OK:
                lines = (await _beginning(response)).decode("latin-1").splitlines()
                return Finding(frozenset(line.strip() for line in lines), f"{url} has another content.")
            if not HTTPStatus.MULTIPLE_CHOICES <= response.status < HTTPStatus.BAD_REQUEST:
                is_certain = response.status < HTTPStatus.INTERNAL_SERVER_ERROR
                return Finding(problem=f"{url} answered {response.status}.", is_certain=is_certain)
            url = _next(url, response.headers.get("Location", ""))
    return Finding(problem=f"{url} was redirected again and again.")


async def _beginning(response: aiohttp.ClientResponse) -> bytes:
    """As much of the file as is read, in however many pieces it comes."""
    content = b""
    while len(content) < MAX_FILE and (piece := await response.content.read(MAX_FILE - len(content))):
        content += piece
    return content


def _next(url: URL, location: str) -> URL:
    """Where a redirect leads: from http to https of the same name as a rule, and never to another one.

    Raises:
        _Elsewhere: it leads to another host or port.

    """
    following = url.join(URL(location))
    is_same = following.host == url.host and following.scheme in {"http", "https"}
    if not is_same or (following.port != url.port and not following.is_default_port()):
        raise _Elsewhere(f"{url} leads elsewhere: the file must be found under the domain itself.")
    return following
