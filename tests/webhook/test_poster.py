"""One post: what comes of it, whatever the receiver does, and that nothing of it is without bound."""

import asyncio
import contextlib
import gzip
import inspect
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from integrations.webhook import Poster
from integrations.webhook.post import MAX_RESPONSE, MAX_RETRY_AFTER
from tests.webhook.hostile import (
    BODY,
    OK,
    Listener,
    Talk,
    Wire,
    accept,
    answering,
    authority,
    listening,
    naming,
    post_to,
    posting,
)

DAY = 24 * 3600
NO_ANSWER = "There was no whole answer within 1 s."
SLOW_CONNECT = "It took longer than 0.5 s to connect."


def response(status: str, *headers: str, body: bytes = b"") -> bytes:
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers)
    return "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n" + body


@pytest.fixture(scope="module")
def tls() -> Iterator[tuple[ssl.SSLContext, ssl.SSLContext]]:
    """TLS of a server for `shop.test`, and of a client that trusts it."""
    with authority() as both:
        yield both


@asynccontextmanager
async def posting_to(talk: Talk) -> AsyncIterator[tuple[Poster, Listener]]:
    """A poster that is quick to give up, and a receiver."""
    async with listening(talk) as receiver, Poster(allow_loopback=True, total_seconds=1) as poster:
        yield poster, receiver


class TestDefaults:
    """What a worker's poster is bound by."""

    def test_are_three_seconds_to_connect_fifteen_in_all_and_20_kb(self) -> None:
        defaults = {name: value.default for name, value in inspect.signature(Poster).parameters.items()}
        assert defaults["connect_seconds"] == 3.0
        assert defaults["total_seconds"] == 15.0
        assert defaults["lookup_seconds"] < defaults["connect_seconds"]
        assert defaults["max_connections"] == 0
        assert MAX_RESPONSE == 20_000


class TestOutcome:
    """What an answer means."""

    async def test_tells_the_answer(self) -> None:
        before = datetime.now(UTC)
        async with listening(answering(response("201 Created", body=b"thank you"))) as receiver:
            outcome = await post_to(receiver.url)
        assert (outcome.status_code, outcome.error, outcome.response_body) == (201, None, b"thank you")
        assert (outcome.is_delivered, outcome.is_gone, outcome.retry_after) == (True, False, None)
        assert outcome.is_healthy
        assert before <= outcome.started_at <= datetime.now(UTC)
        assert 0 <= outcome.duration_ms < 1_000

    @pytest.mark.parametrize(
        ("given", "sent"),
        [
            ("", "/"),
            ("/", "/"),
            ("?a=1", "/?a=1"),
            ("/hook?shop=1&to=a%2Fb&x=%7e+%20%41", "/hook?shop=1&to=a%2Fb&x=%7e+%20%41"),
            ("/a/../b//c;d=1?q=[1]&&", "/a/../b//c;d=1?q=[1]&&"),
            ("/100%", "/100%25"),
            ('/{x}?"y"', "/%7Bx%7D?%22y%22"),
            (
                "/gr\N{LATIN SMALL LETTER U WITH DIAERESIS}n?\N{LATIN SMALL LETTER U WITH DIAERESIS}",
                "/gr%C3%BCn?%C3%BC",
            ),
        ],
    )
    async def test_posts_to_the_letter(self, given: str, sent: str) -> None:
        async def echo(wire: Wire) -> None:
            head, _, body = (await wire.request()).partition(b"\r\n\r\n")
            await wire.send(response("200 OK", body=head.split(b"\r\n")[0] + b"|" + body))

        async with listening(echo) as receiver:
            outcome = await post_to(f"http://127.0.0.1:{receiver.port}{given}")
        assert outcome.response_body == f"POST {sent} HTTP/1.1|".encode() + BODY

    async def test_takes_204_without_a_body(self) -> None:
        async with listening(answering(b"HTTP/1.1 204 No Content\r\n\r\n")) as receiver:
            outcome = await post_to(receiver.url)
        assert (outcome.status_code, outcome.error, outcome.response_body) == (204, None, b"")
        assert outcome.is_delivered

    @pytest.mark.parametrize("status", [101, 300, 304, 400, 404, 410, 429, 500, 503, 599, 999])
    async def test_counts_nothing_else_as_delivered(self, status: int) -> None:
        async with listening(answering(response(f"{status} Other"))) as receiver:
            outcome = await post_to(receiver.url)
        assert (outcome.status_code, outcome.is_delivered, outcome.is_gone) == (status, False, status == 410)
        assert outcome.error

    @pytest.mark.parametrize("head", [b"HTTP/1.0 200 OK", b"HTTP/1.1 200 OK\r\nConnection: close"])
    async def test_reads_a_body_that_ends_with_the_connection(self, head: bytes) -> None:
        async def talk(wire: Wire) -> None:
            await wire.request()
            await wire.send(head + b"\r\n\r\nuntil the end")

        async with listening(talk) as receiver:
            outcome = await post_to(receiver.url)
        assert (outcome.status_code, outcome.error, outcome.response_body) == (200, None, b"until the end")

    async def test_reads_past_early_hints(self) -> None:
        hints = b"HTTP/1.1 100 Continue\r\n\r\n" + b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 5
        async with listening(answering(hints + OK)) as receiver:
            outcome = await post_to(receiver.url)
        assert (outcome.status_code, outcome.response_body) == (200, b"ok")


class TestRetryAfter:
    """`Outcome.retry_after`."""

    @pytest.mark.parametrize(
        ("header", "least", "most"),
        [
            ("0", 0, 0),
            ("120", 120, 120),
            (" 7 ", 7, 7),
            ("86401", DAY, DAY),
            ("9" * 400, DAY, DAY),
            ("Fri, 31 Dec 9999 23:59:59 GMT", DAY, DAY),
            ("Mon, 01 Jan 0001 00:00:00 GMT", 0, 0),
            ("Friday, 31-Dec-99 23:59:59 GMT", 0, DAY),
        ],
    )
    async def test_is_read_in_either_form_and_bounded(self, header: str, least: float, most: float) -> None:
        async with listening(answering(response("503 Busy", f"Retry-After: {header}"))) as receiver:
            outcome = await post_to(receiver.url)
        assert outcome.retry_after is not None
        assert least <= outcome.retry_after <= most <= MAX_RETRY_AFTER

    @pytest.mark.parametrize(("hours", "least", "most"), [(1, 3_000, 3_600), (-1, 0, 0), (48, DAY, DAY)])
    async def test_is_counted_from_now(self, hours: int, least: float, most: float) -> None:
        date = format_datetime(datetime.now(UTC) + timedelta(hours=hours), usegmt=True)
        async with listening(answering(response("503 Busy", f"Retry-After: {date}"))) as receiver:
            outcome = await post_to(receiver.url)
        assert outcome.retry_after is not None
        assert least <= outcome.retry_after <= most

    @pytest.mark.parametrize(
        "header",
        [
            "",
            "soon",
            "-5",
            "1.5",
            "1e9",
            "nan",
            "inf",
            "0x10",
            "\u0663",
            "Fri, 99 Dec 2026 23:59:59 GMT",
            "1, 2",
            "," * 500,
            "Mon, 20 Nov 2026 00:00:00 +99999999999999999999",
        ],
    )
    async def test_is_nothing_where_it_makes_no_sense(self, header: str) -> None:
        async with listening(answering(response("503 Busy", f"Retry-After: {header}"))) as receiver:
            outcome = await post_to(receiver.url)
        assert (outcome.status_code, outcome.retry_after) == (503, None)

    @pytest.mark.parametrize("header", ["120", "Mon, 20 Nov 2026 00:00:00 +99999999999999999999"])
    async def test_is_nothing_where_the_receiver_took_it(self, header: str) -> None:
        async with listening(answering(response("200 OK", f"Retry-After: {header}"))) as receiver:
            outcome = await post_to(receiver.url)
        assert (outcome.status_code, outcome.error, outcome.retry_after) == (200, None, None)


async def says_nothing(wire: Wire) -> None:
    await wire.request()
    await asyncio.sleep(30)


async def reads_nothing(wire: Wire) -> None:
    wire.writer.transport.pause_reading()  # type: ignore[attr-defined]
    await asyncio.sleep(30)


async def drips_its_head(wire: Wire) -> None:
    await wire.request()
    await wire.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        await wire.send(b"X: 1\r\n")
        await asyncio.sleep(0.05)


async def drips_interim_answers(wire: Wire) -> None:
    await wire.request()
    while True:
        await wire.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        await asyncio.sleep(0.06)


class TestTime:
    """Nobody is waited for longer than they may take."""

    @pytest.mark.parametrize("talk", [says_nothing, reads_nothing, drips_its_head, drips_interim_answers])
    async def test_is_bounded_in_all(self, talk: Talk) -> None:
        async with listening(talk) as receiver:
            outcome = await post_to(receiver.url)
        assert (outcome.status_code, outcome.error) == (None, NO_ANSWER)
        assert 900 < outcome.duration_ms < 5_000

    async def test_is_bounded_while_a_body_drips(self) -> None:
        """What the status said holds; the rest is not waited for."""

        async def talk(wire: Wire) -> None:
            await wire.request()
            await wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            while True:
                await wire.send(b".")
                await asyncio.sleep(0.05)

        async with listening(talk) as receiver:
            outcome = await post_to(receiver.url)
        assert (outcome.status_code, outcome.error, outcome.is_delivered) == (200, NO_ANSWER, True)
        assert not outcome.is_healthy
        assert set(outcome.response_body) == set(b".")
        assert 900 < outcome.duration_ms < 5_000

    async def test_is_bounded_while_nobody_accepts(self) -> None:
        with contextlib.ExitStack() as stack:
            deaf = stack.enter_context(socket.socket())
            deaf.bind(("127.0.0.1", 0))
            deaf.listen(0)
            for _ in range(4):
                waiting = stack.enter_context(socket.socket())
                waiting.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    waiting.connect(deaf.getsockname())
            outcome = await post_to(f"http://127.0.0.1:{deaf.getsockname()[1]}/")
        assert (outcome.status_code, outcome.error) == (None, SLOW_CONNECT)
        assert 400 < outcome.duration_ms < 5_000

    async def test_is_bounded_while_tls_is_agreed(self) -> None:
        async def silent(_wire: Wire) -> None:
            await asyncio.sleep(30)

        async with listening(silent) as receiver:
            outcome = await post_to(receiver.url.replace("http://", "https://"))
        assert (outcome.status_code, outcome.error) == (None, SLOW_CONNECT)

    async def test_is_bounded_while_a_name_is_looked_up(self, tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
        """And those who wait for a name server keep nobody else from theirs."""
        async with (
            listening(accept, tls[0]) as receiver,
            naming(shop=[["127.0.0.1"]]) as names,
            Poster(allow_loopback=True, lookup_seconds=2, resolver=names.resolver(), tls=tls[1]) as poster,
        ):
            slow = [asyncio.create_task(poster.post(posting(f"https://slow{number}.test/"))) for number in range(50)]
            await asyncio.sleep(0.1)
            quick = await poster.post(posting(receiver.url_of("shop.test")))
            assert quick.status_code == 200
            assert not any(task.done() for task in slow)
            outcomes = await asyncio.gather(*slow)
        for number, outcome in enumerate(outcomes):
            assert outcome.error == f"It took longer than 2 s to look up slow{number}.test."
            assert outcome.duration_ms < 10_000

    async def test_lets_itself_be_cancelled(self) -> None:
        async with posting_to(says_nothing) as (poster, receiver):
            task = asyncio.create_task(poster.post(posting(receiver.url)))
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task


class TestSize:
    """Nobody makes us read more than is kept."""

    async def test_leaves_a_gigabyte_where_it_is(self) -> None:
        sent = 0

        async def talk(wire: Wire) -> None:
            nonlocal sent
            await wire.request()
            await wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            while sent < 1_000_000_000:
                await wire.send(b"x" * 100_000)
                sent += 100_000

        async with listening(talk) as receiver:
            outcome = await post_to(receiver.url)
        assert (outcome.status_code, outcome.error, outcome.response_body) == (200, None, b"x" * MAX_RESPONSE)
        # What lay in the kernel's buffers, on both sides.
        assert sent < 50_000_000

    @pytest.mark.parametrize("size", [MAX_RESPONSE - 1, MAX_RESPONSE, MAX_RESPONSE + 1])
    async def test_keeps_20_kb(self, size: int) -> None:
        async with listening(answering(response("500 Oh", body=b"x" * size))) as receiver:
            outcome = await post_to(receiver.url)
        assert len(outcome.response_body) == min(size, MAX_RESPONSE)

    async def test_unpacks_no_bomb(self) -> None:
        bomb = gzip.compress(bytes(50_000_000))
        answer = response("200 OK", "Content-Encoding: gzip", body=bomb)
        async with listening(answering(answer)) as receiver:
            outcome = await post_to(receiver.url)
        assert (outcome.status_code, outcome.response_body) == (200, bomb[:MAX_RESPONSE])

    @pytest.mark.parametrize(
        "head",
        [
            b"".join(b"X-%d: 1\r\n" % number for number in range(100_000)),
            b"X: 1\r\n" * 200,
            b"X: " + b"1" * 9_000 + b"\r\n",
            b"X" * 1_000_000 + b": 1\r\n",
            b"X: " + b"1" * 10_000_000,
        ],
        ids=["100,000 headers", "200 headers", "9 kB", "1 MB of name", "10 MB without an end"],
    )
    async def test_takes_no_huge_head(self, head: bytes) -> None:
        async with listening(answering(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n")) as receiver:
            outcome = await post_to(receiver.url)
        assert (outcome.status_code, outcome.is_delivered) == (None, False)
        assert str(outcome.error).startswith("What it answered is not HTTP as it should be: ")
        assert len(str(outcome.error)) < 400

    async def test_waits_for_no_head_that_is_long_already(self) -> None:
        """A hundred lines, each of which may be sent, would be kept until the rest of them came."""

        async def talk(wire: Wire) -> None:
            await wire.request()
            await wire.send(b"HTTP/1.1 200 OK\r\n" + (b"X: " + b"1" * 8_000 + b"\r\n") * 100)
            await asyncio.sleep(30)

        async with listening(talk) as receiver:
            outcome = await post_to(receiver.url)
        assert outcome.error == "What it answered is not HTTP as it should be: its head is longer than 32,768 bytes."

    async def test_takes_a_head_of_30_kb(self) -> None:
        async with listening(answering(response("200 OK", *["X: " + "1" * 7_500] * 4, body=b"ok"))) as receiver:
            outcome = await post_to(receiver.url)
        assert (outcome.status_code, outcome.response_body) == (200, b"ok")

    async def test_takes_no_flood_of_interim_answers(self) -> None:
        async def talk(wire: Wire) -> None:
            await wire.request()
            while True:
                await wire.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000)

        async with listening(talk) as receiver:
            outcome = await post_to(receiver.url, total_seconds=10)
        assert outcome.status_code is None
        assert outcome.error == "What it answered is not HTTP as it should be: more than 20 answers before the answer."


class TestHostile:
    """Whatever a receiver does becomes an outcome."""

    @pytest.mark.parametrize(
        "answer",
        [
            b"SSH-2.0-OpenSSH_9.6\r\n",
            b"220 mail.example ESMTP\r\n",
            b"\x00\xff" * 500,
            b"\x15\x03\x03\x00\x02\x02\x16",
            b"HTTP/1.1 OK\r\n\r\n",
            b"HTTP/1.1 20000 OK\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nNo colon\r\n\r\n",
            b"HTTP/9.9 200 OK\r\n\r\n",
        ],
    )
    async def test_takes_no_garbage(self, answer: bytes) -> None:
        async def talk(wire: Wire) -> None:
            await wire.request()
            await wire.send(answer)
            wire.writer.write_eof()
            await wire.reader.read()

        async with listening(talk) as receiver:
            outcome = await post_to(receiver.url)
        assert (outcome.status_code, outcome.is_delivered) == (None, False)
        assert outcome.error not in {None, "It could not be posted.", NO_ANSWER}

    async def test_tells_a_body_that_breaks_off(self) -> None:
        async def talk(wire: Wire) -> None:
            await wire.request()
            await wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")

        async with listening(talk) as receiver:
            outcome = await post_to(receiver.url)
        assert (outcome.status_code, outcome.error) == (200, "Its answer broke off.")
        assert (outcome.response_body, outcome.is_delivered) == (b"half", True)

    @pytest.mark.parametrize("chunks", [b"zz\r\nno\r\n", b"ffffffffffffffffff\r\n", b"-1\r\n", b"2\r\nokok\r\n"])
    async def test_tells_chunks_that_are_none(self, chunks: bytes) -> None:
        answer = b"HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
        async with listening(answering(answer)) as receiver:
            outcome = await post_to(receiver.url)
        assert not outcome.is_delivered
        assert outcome.error not in {None, "It could not be posted."}

    async def test_tells_a_connection_that_is_closed_at_once(self) -> None:
        async def talk(_wire: Wire) -> None:
            return

        async with listening(talk) as receiver:
            outcome = await post_to(receiver.url)
        assert outcome.status_code is None
        assert outcome.error
        assert receiver.connections == 1

    async def test_tells_a_port_where_nobody_listens(self) -> None:
        async with listening(accept) as receiver:
            url = receiver.url
        assert (await post_to(url)).error == "It could not be reached: Connection refused."

    async def test_tells_a_name_that_is_none(self, tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
        async with naming(shop=[[]]) as names:
            outcome = await post_to("https://shop.test/", resolver=names.resolver())
        assert (outcome.status_code, outcome.error) == (None, "The host shop.test was not found.")

    async def test_shows_itself_to_no_certificate_that_nobody_vouches_for(
        self, tls: tuple[ssl.SSLContext, ssl.SSLContext]
    ) -> None:
        heard = []

        async def talk(wire: Wire) -> None:
            heard.append(await wire.request())

        async with listening(talk, tls[0]) as receiver:
            outcome = await post_to(receiver.url)
        assert outcome.error == "Its certificate is not valid: self-signed certificate."
        assert heard == []

    async def test_repeats_no_control_characters(self) -> None:
        away = response("302 Away", "Location: https://a.example/\x1b[31m\x7f" + "x" * 1_000)
        async with listening(answering(away)) as receiver:
            outcome = await post_to(receiver.url)
        assert str(outcome.error).isprintable()
        assert len(str(outcome.error)) < 400

    async def test_keeps_no_cookies_and_asks_no_proxy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        heard = []

        async def talk(wire: Wire) -> None:
            while True:
                heard.append(await wire.request())
                await wire.send(response("200 OK", "Set-Cookie: a=b; Path=/"))

        async with posting_to(talk) as (poster, receiver):
            for _ in range(2):
                assert (await poster.post(posting(receiver.url_of("localhost")))).is_delivered
        assert len(heard) == 2
        assert not any(b"cookie" in request.lower() for request in heard)


class TestKeptConnections:
    """Connections are used again, and one that the receiver gave up meanwhile costs no try."""

    async def test_are_used_again(self) -> None:
        async with posting_to(accept) as (poster, receiver):
            for _ in range(5):
                assert (await poster.post(posting(receiver.url))).is_delivered
            assert receiver.connections == 1

    async def test_are_as_many_as_there_are_posts(self) -> None:
        """More than aiohttp's usual hundred."""
        everybody = asyncio.Event()

        async def talk(wire: Wire) -> None:
            await wire.request()
            if wire.number == 150:
                everybody.set()
            await everybody.wait()
            await wire.send(OK)

        async with listening(talk) as receiver, Poster(allow_loopback=True) as poster:
            outcomes = await asyncio.gather(*(poster.post(posting(receiver.url)) for _ in range(150)))
        assert [outcome.status_code for outcome in outcomes] == [200] * 150

    async def test_are_left_after_a_while(self) -> None:
        async with (
            listening(accept) as receiver,
            Poster(allow_loopback=True, keep_alive_seconds=0.05) as poster,
        ):
            await poster.post(posting(receiver.url))
            await asyncio.sleep(0.1)
            await poster.post(posting(receiver.url))
            assert receiver.connections == 2

    @pytest.mark.parametrize("resets", [False, True])
    async def test_cost_no_try_where_the_receiver_was_closing_them(self, resets: bool) -> None:
        """The second request goes into a connection that ends without a byte, twice over: the pool holds two."""

        async def talk(wire: Wire) -> None:
            await wire.request()
            if wire.number <= 2:
                await both.wait()
            await wire.send(OK)
            if wire.number <= 2:
                await wire.request()
                if resets:
                    linger = b"\x01\0\0\0" + bytes(4)
                    wire.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                return
            await wire.request()

        both = asyncio.Barrier(2)
        async with posting_to(talk) as (poster, receiver):
            first = await asyncio.gather(*(poster.post(posting(receiver.url)) for _ in range(2)))
            assert [outcome.status_code for outcome in first] == [200, 200]
            outcome = await poster.post(posting(receiver.url))
            assert (outcome.status_code, outcome.error, receiver.connections) == (200, None, 3)

    async def test_cost_one_try_where_a_new_one_ends_too(self) -> None:
        async def talk(wire: Wire) -> None:
            await wire.request()
            if wire.number == 1:
                await wire.send(OK)
                await wire.request()

        async with posting_to(talk) as (poster, receiver):
            assert (await poster.post(posting(receiver.url))).is_delivered
            outcome = await poster.post(posting(receiver.url))
            assert (outcome.status_code, receiver.connections) == (None, 2)
            assert outcome.error == "It closed the connection without an answer."

    async def test_cost_a_try_where_an_answer_had_begun(self) -> None:
        async def talk(wire: Wire) -> None:
            await wire.request()
            await wire.send(OK)
            await wire.request()
            await wire.send(b"HTTP/1.1 5")

        async with posting_to(talk) as (poster, receiver):
            assert (await poster.post(posting(receiver.url))).is_delivered
            outcome = await poster.post(posting(receiver.url))
            assert (outcome.status_code, receiver.connections) == (None, 1)
            assert outcome.error

    async def test_take_no_answer_that_nobody_asked_for(self) -> None:
        """Left on the connection it would be the answer to the next request."""

        async def talk(wire: Wire) -> None:
            await wire.request()
            await wire.send(OK)
            await asyncio.sleep(0.05)
            if wire.number == 1:
                await wire.send(OK)
            await wire.request()
            await wire.send(response("500 Truly"))

        async with posting_to(talk) as (poster, receiver):
            assert (await poster.post(posting(receiver.url))).is_delivered
            await asyncio.sleep(0.2)
            await poster.post(posting(receiver.url))
            assert receiver.connections == 2

    async def test_take_no_second_answer_with_the_first(self) -> None:
        async def talk(wire: Wire) -> None:
            await wire.request()
            await wire.send(OK + OK if wire.number == 1 else response("500 Truly"))
            await wire.reader.read()

        async with posting_to(talk) as (poster, receiver):
            assert (await poster.post(posting(receiver.url))).is_delivered
            outcome = await poster.post(posting(receiver.url))
            assert (outcome.status_code, receiver.connections) == (500, 2)
