"""Attacks over a websocket: it is closed with a code, in time, and no other connection notices."""

import asyncio
import time
import zlib

import pytest

from tests.attacks.conftest import Target
from tests.attacks.documents import DOCUMENTS, SMALL
from tests.attacks.frames import BINARY, CONTINUATION, HANDSHAKE, PING, TEXT, Wire, frame, text, websocket
from tests.attacks.wire import Answer, exchange, request
from tests.factories import Shop

pytestmark = pytest.mark.xdist_group("attacks")
MEGABYTE = 1024 * 1024
# The flag of a compressed message.
RSV1 = 0x40
QUICK = {"type": "subscribe", "payload": {"query": "{ __typename }"}}


def subscribe(key: str, query: str = "subscription { activity { cursor } }", **more: object) -> bytes:
    return text({"type": "subscribe", "id": key, "payload": {"query": query, **more}})


# What is flooded with, and the code that ends it.
FLOODS = {
    "pings": (frame(PING) * 100_000, 1008),
    "large_pings": (frame(PING, b"x" * 125) * 20_000, 1008),
    "empty_fragments": (frame(TEXT, fin=False) + frame(CONTINUATION, fin=False) * 200_000, 1008),
    "fragments": (frame(TEXT, b"x", fin=False) + frame(CONTINUATION, b"x" * 1_000, fin=False) * 3_000, 1008),
    "messages": (text({"type": "ping"}) * 20_000, 1008),
    "messages_of_nothing": (text({"type": "pong"}) * 20_000, 1008),
    "10000_subscribes": (b"".join(subscribe(str(n)) for n in range(10_000)), 4400),
}
MESSAGES = {
    "array": (text([]), 4400),
    "number": (text(1), 4400),
    "null": (text(None), 4400),
    "string": (text("subscribe"), 4400),
    "empty": (frame(TEXT), 4400),
    "no_json": (frame(TEXT, b"{"), 4400),
    "brackets": (frame(TEXT, b"[" * 100_000), 4400),
    "digits": (frame(TEXT, b"9" * 5_000), 4400),
    "binary": (frame(BINARY, bytes(range(256))), 4400),
    "not_utf8": (frame(TEXT, b'{"type":"\xff"}'), 1007),
    "two_megabytes": (frame(TEXT, b" " * 2 * MEGABYTE), 1009),
    "length_of_exabytes": (bytes([0x81, 0xFF]) + b"\x7f" + b"\xff" * 7 + bytes(4), 1009),
    "compressed_without_having_agreed": (frame(TEXT, zlib.compress(b"x"), flags=RSV1), 1002),
    "unknown_opcode": (frame(7), 1002),
    "unmasked": (b"\x81\x02{}", 1002),
    "long_ping": (frame(PING, b"x" * 126), 1002),
    "continuation_of_nothing": (frame(CONTINUATION, b"x"), 1002),
    "http": (request("GET"), 1002),
    "unknown_type": (text({"type": "\U0001f4a5" * 50}), 4400),
    "type_that_is_a_list": (text({"type": []}), 4400),
    "second_init": (text({"type": "connection_init"}), 4429),
    "no_id": (text(QUICK), 4400),
    "id_that_is_a_number": (text({**QUICK, "id": 1}), 4400),
    "id_of_a_megabyte": (text({**QUICK, "id": "x" * 900_000}), 4400),
    "same_long_id_twice": (subscribe("\u20ac" * 100) * 2, 4409),
}


@pytest.fixture
async def bystander(target: Target, shop: Shop) -> object:
    """Somebody else's websocket, which is still there and answers after the attack."""
    async with websocket(target.port, token=shop.api_key) as wire:
        yield wire
        await wire.send(subscribe("after", "{ __typename }"))
        async with asyncio.timeout(5):
            while True:
                message = await wire.message()
                if message["type"] == "next":
                    break
        assert isinstance(message["payload"], dict)
        assert message["payload"]["data"] == {"__typename": "Query"}


async def closing_code(target: Target, shop: Shop, data: bytes) -> int:
    """Sends the bytes on a websocket of its own: the code that it was closed with, without stalling anybody."""
    codes = []

    async def attack() -> Answer:
        async with websocket(target.port, token=shop.api_key) as wire:
            started = time.perf_counter()
            sending = asyncio.create_task(wire.send(data))
            codes.append(await wire.closed())
            sending.cancel()
            return Answer(200, {}, b"", time.perf_counter() - started)

    await target.withstands(attack)
    return codes[-1]


@pytest.mark.usefixtures("bystander")
class TestWebSockets:
    """What a client may send over a websocket."""

    @pytest.mark.parametrize("name", MESSAGES)
    async def test_close_with_a_code(self, target: Target, shop: Shop, name: str) -> None:
        data, code = MESSAGES[name]

        assert await closing_code(target, shop, data) == code

    @pytest.mark.parametrize("name", FLOODS)
    async def test_close_when_flooded(self, target: Target, shop: Shop, name: str) -> None:
        data, code = FLOODS[name]

        assert await closing_code(target, shop, data) == code

    @pytest.mark.parametrize("name", [*SMALL, *(name for name in DOCUMENTS if "schema" in name)])
    async def test_answer_every_document(self, target: Target, shop: Shop, name: str) -> None:
        document = {**DOCUMENTS, **SMALL}[name]

        async def attack() -> Answer:
            async with websocket(target.port, token=shop.api_key) as wire:
                started = time.perf_counter()
                query = document.encode("utf-8", "replace").decode()
                await wire.send(subscribe("1", query))
                async with asyncio.timeout(5):
                    message = await wire.message()
                assert message["type"] in {"next", "error"}, message
                return Answer(200, {}, b"", time.perf_counter() - started)

        if name != "subscription_over_http":
            await target.withstands(attack)

    async def test_speak_no_legacy_protocol(self, target: Target) -> None:
        async with websocket(target.port, protocol="graphql-ws") as wire:
            assert await wire.closed() == 4406

    async def test_wait_three_seconds_for_an_init(self, target: Target) -> None:
        async with websocket(target.port) as wire:
            await wire.send(text({"type": "ping"}))

            assert await wire.closed() == 4408

    async def test_refuse_variables_of_a_hundred_thousand_fields_at_once(self, target: Target, shop: Shop) -> None:
        """Looking for the names that were meant would take minutes."""
        variables = {"a": {f"x{n}": n for n in range(9_000)}}
        query = "subscription ($a: String) { activity(after: $a) { cursor } }"

        async def attack() -> Answer:
            async with websocket(target.port, token=shop.api_key) as wire:
                started = time.perf_counter()
                await wire.send(subscribe("1", query, variables=variables))
                async with asyncio.timeout(5):
                    assert (await wire.message())["type"] == "error"
                return Answer(200, {}, b"", time.perf_counter() - started)

        await target.withstands(attack)

    @pytest.mark.parametrize(
        ("changed", "status"),
        [
            ({"Sec-WebSocket-Version": "7"}, 400),
            ({"Sec-WebSocket-Key": "x"}, 400),
            ({"Sec-WebSocket-Key": ""}, 400),
            ({"Sec-WebSocket-Protocol": "," * 5_000}, 400),
            ({"Sec-WebSocket-Extensions": "permessage-deflate; x=" + "y" * 5_000}, 101),
            ({"Origin": "\uff58"}, 101),
            ({f"X-{n}": "x" for n in range(90)}, 101),
            ({"X-Long": "x" * 20_000}, 431),
        ],
        ids=lambda value: str(value)[:30],
    )
    async def test_answer_every_handshake(self, target: Target, changed: dict[str, str], status: int) -> None:
        handshake = request("GET", headers={**HANDSHAKE, "Sec-WebSocket-Protocol": "graphql-transport-ws", **changed})

        answer = await target.withstands(lambda: exchange(target.port, handshake))

        assert answer.status == status

    async def test_end_nobody_who_asks_much(self, target: Target, shop: Shop) -> None:
        """Hundreds of operations at once are answered, as many as are allowed."""
        async with websocket(target.port, token=shop.api_key) as wire:
            for n in range(300):
                await wire.send(subscribe(str(n), "{ __typename }"))
                while (await wire.message())["type"] != "complete":
                    pass

    async def test_do_not_keep_what_is_not_read(self, target: Target, shop: Shop) -> None:
        """Pings are answered by themselves; a client that reads no answer must not fill the memory."""
        before = target.memory()
        async with websocket(target.port, token=shop.api_key) as wire:
            flood = asyncio.create_task(_send_for(wire, frame(PING, b"x" * 125) * 100, seconds=2))
            await asyncio.gather(flood, return_exceptions=True)

        assert target.memory() - before < 8 * MEGABYTE


async def _send_for(wire: Wire, data: bytes, seconds: float) -> None:
    end = time.perf_counter() + seconds
    async with asyncio.timeout(seconds):
        while time.perf_counter() < end:
            await wire.send(data)
            await asyncio.sleep(0)
