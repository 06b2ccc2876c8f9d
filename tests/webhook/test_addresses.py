"""Webhooks go to the public internet, and nowhere else."""

import asyncio
import ssl
from collections.abc import Iterator

import pytest
from aiohttp import ClientConnectorError, ClientSession, ThreadedResolver

from integrations.webhook import Poster, problem_of_url
from integrations.webhook.address import problem_of_address
from integrations.webhook.connection import Connector, RefusedAddress
from tests.webhook.hostile import OK, Wire, accept, answering, authority, listening, naming, post_to, posting

PRIVATE = [
    "0.0.0.0",  # noqa: S104 - nobody binds here
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "100.127.255.255",
    "168.63.129.16",
    "169.254.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.168.1.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "100::1",
    "2001:db8::1",
    "3fff::1",
    "5f00::1",
    # IPv4 within IPv6: mapped, compatible, translated, 6to4, Teredo.
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::10.0.0.1",
    "::ffff:0:10.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::10.0.0.1",
    "64:ff9b:1::808:808",
    "2002:a00:1::",
    "2002:a9fe:a9fe::1",
    "2001:0:a00:1::",
    "2001::1",
]
LOOPBACK = ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1", "64:ff9b::127.0.0.1"]
PUBLIC = [
    "8.8.8.8",
    "93.184.216.34",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.0.1",
    "172.32.0.1",
    "2606:4700::1111",
    "2a00:1450:4001::1",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
]


def as_host(address: str) -> str:
    return f"[{address.partition('%')[0]}]" if ":" in address else address


@pytest.fixture(scope="module")
def tls() -> Iterator[tuple[ssl.SSLContext, ssl.SSLContext]]:
    """TLS of a server for `shop.test`, and of a client that trusts it."""
    with authority() as both:
        yield both


class TestAddress:
    """`problem_of_address`, and the same addresses in a url."""

    @pytest.mark.parametrize("allow_loopback", [False, True])
    @pytest.mark.parametrize("address", PRIVATE)
    def test_refuses_what_is_not_public(self, address: str, allow_loopback: bool) -> None:
        assert problem_of_address(address, allow_loopback=allow_loopback)
        problem = problem_of_url(f"https://{as_host(address)}/hook", allow_loopback=allow_loopback)
        assert problem
        assert problem.startswith("Nothing is posted there: ")

    @pytest.mark.parametrize("address", LOOPBACK)
    def test_takes_loopback_only_where_that_is_allowed(self, address: str) -> None:
        assert problem_of_address(address, allow_loopback=True) is None
        assert problem_of_url(f"http://{as_host(address)}:3000/hook", allow_loopback=True) is None
        assert "is a loopback address" in str(problem_of_address(address, allow_loopback=False))
        for scheme in ("http", "https"):
            problem = problem_of_url(f"{scheme}://{as_host(address)}:3000/hook", allow_loopback=False)
            assert "is a loopback address" in str(problem)

    @pytest.mark.parametrize("address", PUBLIC)
    def test_takes_what_is_public(self, address: str) -> None:
        assert problem_of_address(address, allow_loopback=False) is None
        assert problem_of_url(f"https://{as_host(address)}/hook", allow_loopback=False) is None


class TestUrl:
    """`problem_of_url`."""

    @pytest.mark.parametrize(
        "url",
        [
            "https://example.com",
            "https://example.com/hooks?token=a%2Fb&x=y@z",
            "https://example.com:8443/hook",
            "https://EXAMPLE.com/hook",
            "https://a_b.example.com/hook",
            "https://b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example/hook",
            "https://xn--bcher-kva.example/hook",
            "https://example.com/" + "a" * (2_048 - len("https://example.com/")),
        ],
    )
    def test_takes_https_to_a_name(self, url: str) -> None:
        assert problem_of_url(url, allow_loopback=False) is None

    @pytest.mark.parametrize(
        ("url", "problem"),
        [
            ("", "begin with https://"),
            ("example.com/hook", "begin with https://"),
            ("//example.com/hook", "begin with https://"),
            ("https:example.com", "begin with https://"),
            ("https:///hook", "begin with https://"),
            ("ftp://example.com/hook", "begin with https://"),
            ("file:///etc/passwd", "begin with https://"),
            ("gopher://example.com/", "begin with https://"),
            ("http://example.com/hook", "nobody on the way can read"),
            ("https://me@example.com/", "a user or a password"),
            ("https://me:word@example.com/", "a user or a password"),
            ("https://@example.com/", "a user or a password"),
            ("https://example.com/#part", "a fragment"),
            ("https://example.com/#", "a fragment"),
            ("https://example.com/" + "a" * 2_048, "longer than 2,048"),
            ("https://example.com/a b", "a character that no address has"),
            ("https://example.com/\r\nX-Injected: 1", "a character that no address has"),
            ("https://example.com/\n", "a character that no address has"),
            ("https://example.com/\0", "a character that no address has"),
            ("https://example.com/\N{ZERO WIDTH SPACE}", "a character that no address has"),
            ("https://example.com\\@127.0.0.1/", "a character that no address has"),
            ("https://example.com:99999/", "This is not an address"),
            ("https://example.com:port/", "This is not an address"),
            ("https://[::1/", "This is not an address"),
            ("https://[v1.example]/", "begin with https://"),
            ("https://example.com:0/", "to port 0"),
            ("https://example.com:22/", "to port 22"),
            ("https://example.com:25/", "to port 25"),
            ("https://intranet/", "a host's whole name"),
            ("https://example..com/", "a host's whole name"),
            ("https://example.com./", "a host's whole name"),
            ("https://exam%70le.com/", "a host's whole name"),
            ("https://-example.com/", "a host's whole name"),
            (f"https://{'a' * 64}.com/", "a host's whole name"),
            ("https://redis.internal/", "of a local network"),
            ("https://printer.local/", "of a local network"),
            ("https://localhost/", "is this machine"),
            ("https://shop.localhost/", "is this machine"),
            ("https://LOCALHOST/", "is this machine"),
            ("http://localhost:3000/", "is this machine"),
        ],
    )
    def test_says_what_is_wrong(self, url: str, problem: str) -> None:
        assert problem in str(problem_of_url(url, allow_loopback=False))

    @pytest.mark.parametrize("allow_loopback", [False, True])
    @pytest.mark.parametrize(
        "host",
        [
            "127.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0x7f.0.0.0x1",
            "0177.0.0.1",
            "127.0.0.01",
            "10.1",
            "0",
            "0x",
            "167772161",
            "127.0.0.1.",
            "1.2.3.4.5",
            "example.123",
            "256.256.256.256",
        ],
    )
    def test_refuses_numbers_that_others_read_as_addresses(self, host: str, allow_loopback: bool) -> None:
        problem = problem_of_url(f"https://{host}/", allow_loopback=allow_loopback)
        assert problem == f"{host} is a number, but not an address as it should be written."

    @pytest.mark.parametrize(
        "host",
        [
            "\N{FULLWIDTH DIGIT ONE}27.0.0.1",
            "127\N{IDEOGRAPHIC FULL STOP}0\N{IDEOGRAPHIC FULL STOP}0\N{IDEOGRAPHIC FULL STOP}1",
        ],
    )
    def test_sees_an_address_through_other_letters(self, host: str) -> None:
        assert "127.0.0.1 is a loopback address" in str(problem_of_url(f"https://{host}/", allow_loopback=False))

    @pytest.mark.parametrize(
        "url", ["http://localhost:80/", "http://127.0.0.1:3000/hook", "http://[::1]/", "https://shop.localhost:8443/"]
    )
    def test_takes_this_machine_in_development(self, url: str) -> None:
        assert problem_of_url(url, allow_loopback=True) is None

    def test_holds_development_to_everything_else(self) -> None:
        for url in ("http://example.com/", "https://10.0.0.1/", "http://0.0.0.0:3000/", "http://me:word@localhost/"):
            assert problem_of_url(url, allow_loopback=True)


class TestPost:
    """`Poster.post`, whatever the endpoint's url was when it was added."""

    @pytest.mark.parametrize(
        "host",
        [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "127.0.0.1.",
            "localhost",
            "localhost.",
            "0.0.0.0",  # noqa: S104 - nobody binds here
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[64:ff9b::127.0.0.1]",
        ],
    )
    async def test_goes_to_no_spelling_of_this_machine(self, host: str) -> None:
        async with listening(accept) as receiver:
            outcome = await post_to(receiver.url_of(host), allow_loopback=False)
            assert (outcome.status_code, receiver.connections) == (None, 0)
            assert outcome.error
            # It was there to be reached.
            assert (await post_to(receiver.url)).status_code == 200

    @pytest.mark.parametrize("address", ["10.0.0.1", "169.254.169.254", "[fd00:ec2::254]", "[::ffff:10.0.0.1]"])
    async def test_goes_to_no_private_address(self, address: str) -> None:
        outcome = await post_to(f"https://{address}/hook")
        assert outcome.status_code is None
        assert str(outcome.error).startswith("Nothing is posted there: ")

    async def test_goes_to_no_name_of_this_machine(self, tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
        async with listening(accept, tls[0]) as receiver, naming(shop=[["127.0.0.1"]]) as names:
            url = receiver.url_of("shop.test")
            outcome = await post_to(url, allow_loopback=False, resolver=names.resolver(), tls=tls[1])
            assert outcome.error == "Nothing is posted there: it leads to a loopback address."
            assert (outcome.status_code, receiver.connections) == (None, 0)
            allowed = await post_to(url, resolver=names.resolver(), tls=tls[1])
            assert (allowed.status_code, receiver.connections) == (200, 1)

    @pytest.mark.parametrize("others", [["10.0.0.1"], ["169.254.169.254"], ["100.100.100.200"]])
    async def test_goes_to_no_name_with_one_bad_address(
        self, others: list[str], tls: tuple[ssl.SSLContext, ssl.SSLContext]
    ) -> None:
        async with listening(accept, tls[0]) as receiver, naming(shop=[["127.0.0.1", *others]]) as names:
            outcome = await post_to(receiver.url_of("shop.test"), resolver=names.resolver(), tls=tls[1])
            assert str(outcome.error).startswith("Nothing is posted there: it leads to a ")
            assert others[0] not in str(outcome.error), "where a name leads in this network is not told"
            assert (outcome.status_code, receiver.connections) == (None, 0)

    async def test_follows_no_redirect(self) -> None:
        async with listening(accept) as inside:
            for place in (inside.url, "http://169.254.169.254/latest/meta-data/", "//10.0.0.1/"):
                away = f"HTTP/1.1 307 Away\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n".encode()
                async with listening(answering(away)) as receiver:
                    outcome = await post_to(receiver.url)
                assert (outcome.status_code, outcome.is_delivered) == (307, False)
                assert str(outcome.error).startswith(f"It redirects to {place}, which counts as a failure")
            assert inside.connections == 0

    async def test_looks_up_a_name_once_and_connects_to_what_it_found(
        self, tls: tuple[ssl.SSLContext, ssl.SSLContext]
    ) -> None:
        """The second answer would be this machine, and nobody asks for it: the first is where it goes."""
        turns = [["127.0.0.1"], ["10.0.0.1"]]
        async with listening(accept, tls[0]) as receiver, naming(shop=list(turns)) as names:
            outcome = await post_to(receiver.url_of("shop.test"), resolver=names.resolver(), tls=tls[1])
            assert (outcome.status_code, receiver.connections, names.asked) == (200, 1, ["shop.test"])

    async def test_looks_again_where_it_connects_again(self, tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
        async def once(wire: Wire) -> None:
            await wire.request()
            await wire.send(OK)

        turns = [["127.0.0.1"], ["10.0.0.1"], ["127.0.0.1", "169.254.169.254"]]
        async with listening(once, tls[0]) as receiver, naming(shop=list(turns)) as names:
            url = receiver.url_of("shop.test")
            async with Poster(allow_loopback=True, resolver=names.resolver(), tls=tls[1]) as poster:
                outcomes = []
                for _ in range(3):
                    outcomes.append(await poster.post(posting(url)))
                    await asyncio.sleep(0.05)
            assert [outcome.status_code for outcome in outcomes] == [200, None, None]
            assert outcomes[1].error == "Nothing is posted there: it leads to a private address."
            assert outcomes[2].error == "Nothing is posted there: it leads to a cloud metadata address."
            assert receiver.connections == 1

    async def test_goes_to_our_own_addresses_where_it_is_trusted(self) -> None:
        async with listening(accept) as receiver, Poster(allow_loopback=False) as poster:
            trusted = await poster.post(posting(receiver.url, is_trusted=True))
            # The connection is kept, and not for this one.
            other = await poster.post(posting(receiver.url))
            assert (trusted.status_code, other.status_code, receiver.connections) == (200, None, 1)
            assert other.error == "Nothing is posted there: 127.0.0.1 is a loopback address."


class TestConnector:
    """`Connector`, which looks at an address by itself, also where nobody looked at the url or the name."""

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
    async def test_makes_no_socket_for_a_bad_address(self, host: str) -> None:
        async with listening(accept) as receiver:
            with pytest.raises(ClientConnectorError) as refused:
                await status_of(receiver.url_of(host), allow_loopback=False)
            assert isinstance(refused.value.os_error, RefusedAddress)
            assert receiver.connections == 0
            assert await status_of(receiver.url_of(host), allow_loopback=True) == 200


async def status_of(url: str, *, allow_loopback: bool) -> int:
    connector = Connector(
        limit=0, keepalive_timeout=1, resolver=ThreadedResolver(), tls=None, allow_loopback=allow_loopback
    )
    async with ClientSession(connector=connector) as session, session.post(url, data=b"1") as response:
        return response.status
