"""Origins as people type them, and as browsers send them."""

import pytest

from core.access import Caller, CallerKind
from core.origin import origin_matches, parse_origin


class TestParseOrigin:
    """`parse_origin`."""

    @pytest.mark.parametrize(
        ("typed", "expected"),
        [
            ("https://shop.example", "https://shop.example"),
            (" HTTPS://Shop.Example/ ", "https://shop.example"),
            ("https://shop.example:443", "https://shop.example"),
            ("http://shop.example:80", "http://shop.example"),
            ("http://shop.example:443", "http://shop.example:443"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
            ("http://[0:0:0:0:0:0:0:1]:3000", "http://[::1]:3000"),
            ("https://xn--caf-dma.example", "https://xn--caf-dma.example"),
            ("https://*.shop.example", "https://*.shop.example"),
            ("http://*.localhost:3000", "http://*.localhost:3000"),
        ],
    )
    def test_writes_it_as_browsers_do(self, typed: str, expected: str) -> None:
        assert parse_origin(typed) == expected

    @pytest.mark.parametrize(
        "typed",
        [
            "",
            "*",
            "null",
            "shop.example",
            "//shop.example",
            "ftp://shop.example",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "https://",
            "https://shop.example/path",
            "https://shop.example//",
            "https://shop.example?x",
            "https://shop.example#x",
            "https://me@shop.example",
            "https://shop.example:",
            "https://shop.example:0",
            "https://shop.example:65536",
            "https://shop.example:999999",
            "https://shop..example",
            "https://.shop.example",
            "https://-shop.example",
            "https://shop.example\n.evil.example",
            "https://café.example",
            "https://[::1",
            "https://[1:2]",
            "https://[]",
            "https://*",
            "https://*.example",
            "https://*.*.example.com",
            "https://shop.*.example",
            "https://*shop.example",
            "https://" + "a" * 300 + ".example",
        ],
    )
    def test_takes_nothing_else(self, typed: str) -> None:
        assert parse_origin(typed) is None


class TestOriginMatches:
    """`origin_matches`."""

    ALLOWED = ("https://shop.example", "https://*.shop.example", "http://*.localhost:3000")

    @pytest.mark.parametrize(
        "origin",
        [
            "https://shop.example",
            "HTTPS://SHOP.example",
            "https://preview-7.shop.example",
            "http://fr.localhost:3000",
        ],
    )
    def test_lets_in_what_is_listed(self, origin: str) -> None:
        assert origin_matches(origin, self.ALLOWED)

    @pytest.mark.parametrize(
        "origin",
        [
            "",
            "null",
            "*",
            "http://shop.example",
            "https://shop.example:8443",
            "https://shop.example.evil.example",
            "https://evilshop.example",
            "https://.shop.example",
            "https://a.b.shop.example",
            "https://evil.example/.shop.example",
            "https://evil.example#.shop.example",
            "https://*.shop.example",
            "https://x@y.shop.example",
            "http://localhost:3000",
            "http://fr.localhost",
            "https://preview.shop.example\n",
        ],
    )
    def test_lets_in_nothing_else(self, origin: str) -> None:
        assert not origin_matches(origin, self.ALLOWED)

    def test_is_asked_only_where_a_caller_has_a_list(self) -> None:
        anywhere = Caller(CallerKind.SHOPPER)
        at_home = Caller(CallerKind.SHOPPER, allowed_origins=self.ALLOWED)

        assert anywhere.may_come_from("https://evil.example")
        assert at_home.may_come_from("https://shop.example")
        assert not at_home.may_come_from("https://evil.example")
