"""HTTP requests of the worst kinds."""

import gzip
import json

from core.clock import now
from tests.attacks.wire import post, request

_OK = json.dumps({"query": "{ __typename }"}).encode()
_JSON = {"Content-Type": "application/json"}
DIGITS = b"9" * 5_000
MEGABYTE = 1024 * 1024


def _json(**more: object) -> bytes:
    return json.dumps({"query": "{ __typename }", **more}).encode()


def _raw(head: str, body: bytes = b"") -> bytes:
    return head.replace("\n", "\r\n").encode("latin-1") + body


def _chunked(*chunks: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)


BODIES = {
    "number": b"1",
    "null": b"null",
    "true": b"true",
    "string": b'"query"',
    "empty": b"",
    "array": b"[]",
    "batch": b'[{"query":"{ __typename }"},{"query":"{ __typename }"}]',
    "large_batch": b"[" + b",".join([_OK] * 10_000) + b"]",
    "not_utf8": b'{"query": "\xff\xfe"}',
    "utf16": json.dumps({"query": "{ __typename }"}).encode("utf-16"),
    "utf32": json.dumps({"query": "{ __typename }"}).encode("utf-32"),
    "byte_order_mark": b"\xef\xbb\xbf" + _OK,
    "gzip": gzip.compress(_OK),
    "digits": DIGITS,
    "digits_in_variables": b'{"query":"query($n:Int){products(first:$n){nodes{id}}}","variables":{"n":%b}}' % DIGITS,
    "digits_after_the_point": b'{"query":"query($n:Int){products(first:$n){nodes{id}}}","variables":{"n":1.%b}}'
    % DIGITS,
    "huge_exponent": b'{"query":"query($n:Int){products(first:$n){nodes{id}}}","variables":{"n":1e999999}}',
    "brackets": b"[" * 100_000,
    "closed_brackets": b"[" * 100_000 + b"]" * 100_000,
    "braces": b'{"a":' * 100_000,
    "brackets_in_variables": b'{"query":"{__typename}","variables":{"a":' + b"[" * 1_000 + b"]" * 1_000 + b"}}",
    "brackets_for_a_list": b'{"query":"query($i:[ID!]!){nodes(ids:$i){id}}","variables":{"i":'
    + b"[" * 1_000
    + b"]" * 1_000
    + b"}}",
    "duplicated_keys": b'{"query":"{a}","query":"{ __typename }","variables":{},"variables":{"a":1}}',
    "100000_duplicated_keys": b'{"query":"{ __typename }"' + b',"query":"{ __typename }"' * 70_000 + b"}",
    "100000_unknown_keys": json.dumps({"query": "{ __typename }"} | {f"k{n}": n for n in range(100_000)}).encode(),
    "100000_unknown_variables": _json(variables={f"v{n}": n for n in range(100_000)}),
    "100000_variables_of_objects": _json(variables={f"v{n}": {} for n in range(100_000)}),
    "200000_ids": json.dumps(
        {"query": "query($i:[ID!]!){nodes(ids:$i){id}}", "variables": {"i": list(range(200_000))}}
    ).encode(),
    "200000_bad_ids": json.dumps(
        {"query": "query($i:[ID!]!){nodes(ids:$i){id}}", "variables": {"i": [{}] * 200_000}}
    ).encode(),
    "9999_bad_ids": json.dumps(
        {"query": "query($i:[ID!]!){nodes(ids:$i){id}}", "variables": {"i": [[]] * 9_999}}
    ).encode(),
    "200000_lines_of_an_order": json.dumps(
        {
            "query": "mutation($i:OrderPlaceInput!){orderPlace(input:$i){order{id}}}",
            "variables": {"i": {"lines": [{"variantId": "x", "quantity": 1}] * 40_000}},
        }
    ).encode(),
    "40000_lines_that_are_wrong": json.dumps(
        {
            "query": "mutation($i:OrderPlaceInput!){orderPlace(input:$i){order{id}}}",
            "variables": {"i": {"lines": [{"x": 1}] * 40_000}},
        }
    ).encode(),
    "200000_fields_of_an_input": json.dumps(
        {
            "query": "mutation($i:OrderPlaceInput!){orderPlace(input:$i){order{id}}}",
            "variables": {"i": {f"x{n}": n for n in range(100_000)}},
        }
    ).encode(),
    "filter_of_100000_ids": json.dumps(
        {
            "query": "query($f:OrderFilter){orders(first:1,filter:$f){nodes{id}}}",
            "variables": {"f": {"status": ["PENDING"] * 100_000}},
        }
    ).encode(),
    "filter_of_100000_words": json.dumps(
        {
            "query": "query($f:ProductFilter){products(first:1,filter:$f){nodes{id}}}",
            "variables": {"f": {"query": "word " * 100_000}},
        }
    ).encode(),
    "cursor_of_a_megabyte": json.dumps(
        {"query": "query($a:String){products(first:1,after:$a){nodes{id}}}", "variables": {"a": "A" * MEGABYTE}}
    ).encode(),
    "id_of_a_megabyte": json.dumps(
        {"query": "query($a:ID!){node(id:$a){id}}", "variables": {"a": "UHJvZHVjd" * 100_000}}
    ).encode(),
    "slug_of_nul": _json(query="query($s:String!){productBySlug(slug:$s){id}}", variables={"s": "\x00"}),
    "slug_of_a_surrogate": json.dumps(
        {"query": "query($s:String!){productBySlug(slug:$s){id}}", "variables": {"s": "\ud800"}}
    ).encode(),
    "operation_name_of_a_megabyte": _json(operationName="x" * MEGABYTE),
    "operation_name_of_nul": _json(operationName="\x00"),
    "operation_name_that_is_a_number": _json(operationName=1),
    **{
        f"extensions_{name}": _json(extensions=value)
        for name, value in {
            "list": [],
            "number": 1,
            "string": "x",
            "null": None,
            "persisted_query_that_is_none": {"persistedQuery": None},
            "persisted_query_of_numbers": {"persistedQuery": {"version": [], "sha256Hash": 1}},
            "persisted_query_of_long_hash": {"persistedQuery": {"version": 1, "sha256Hash": "0" * MEGABYTE}},
            "persisted_query_wrong": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}},
            "large": {f"k{n}": n for n in range(50_000)},
        }.items()
    },
    "persisted_query_without_query": json.dumps(
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}}
    ).encode(),
    "variables_string": _json(variables="x"),
    "variables_list": _json(variables=[]),
    "trailing": _OK + b" trailing",
    "spaces": b" " * MEGABYTE + _OK,
    "12_megabytes": _json(variables={"x": "x" * 12 * MEGABYTE}),
}

REQUESTS = {
    **{f"body_{name}": post(body) for name, body in BODIES.items()},
    **{
        f"content_type_{name}": request(headers={"Content-Type": value}, body=_OK)
        for name, value in {
            "jsonx": "application/jsonx",
            "multipart": "multipart/form-data; boundary=x",
            "form": "application/x-www-form-urlencoded",
            "plain": "text/plain",
            "none": "",
            "utf16": "application/json; charset=utf-16",
            "unknown_charset": "application/json; charset=klingon",
            "long": "application/json; a=" + "b" * 10_000,
            "two": "application/json, text/plain",
            "graphql": "application/graphql",
        }.items()
    },
    "content_type_missing": request(body=_OK),
    "content_type_twice": _raw(
        f"POST /graphql HTTP/1.1\nHost: x\nContent-Type: text/plain\nContent-Type: application/json\n"
        f"Content-Length: {len(_OK)}\n\n",
        _OK,
    ),
    "multipart_upload": request(
        headers={"Content-Type": "multipart/form-data; boundary=b"},
        body=b'--b\r\nContent-Disposition: form-data; name="operations"\r\n\r\n' + _OK + b"\r\n--b--\r\n",
    ),
    "gzip_encoding": request(headers={**_JSON, "Content-Encoding": "gzip"}, body=gzip.compress(_OK)),
    "gzip_bomb": request(headers={**_JSON, "Content-Encoding": "gzip"}, body=gzip.compress(b" " * 50 * MEGABYTE)),
    "gzip_encoding_of_nothing": request(headers={**_JSON, "Content-Encoding": "gzip"}, body=b"\x1f\x8b"),
    "unknown_encoding": request(headers={**_JSON, "Content-Encoding": "zstd, br, x"}, body=_OK),
    **{
        f"method_{method}": request(method, headers=_JSON, body=_OK)
        for method in ("GET", "PUT", "HEAD", "OPTIONS", "DELETE", "PATCH", "TRACE", "PROPFIND")
    },
    "method_unknown": _raw("BREW /graphql HTTP/1.1\nHost: x\n\n"),
    "method_lower_case": _raw("post /graphql HTTP/1.1\nHost: x\n\n"),
    "connect": _raw("CONNECT example.com:443 HTTP/1.1\nHost: x\n\n"),
    "options_star": _raw("OPTIONS * HTTP/1.1\nHost: x\n\n"),
    "get_without_anything": request("GET"),
    "get_with_a_query": request("GET", "/graphql?query=%7B__typename%7D"),
    "get_with_a_query_and_header": request(
        "GET", "/graphql?query=%7B__typename%7D", {"GraphQL-Require-Preflight": "1", "Accept": "application/json"}
    ),
    "get_with_bad_escapes": request("GET", "/graphql?query=%zz%&variables=%ff&extensions=%", {"X-Preflight": "1"}),
    "get_with_bad_utf8": request("GET", "/graphql?query=%ff%fe", {"GraphQL-Require-Preflight": "1"}),
    "get_with_bad_variables": request(
        "GET", "/graphql?query=%7Ba%7D&variables=%5B", {"GraphQL-Require-Preflight": "1"}
    ),
    "get_with_2000_parameters": request("GET", "/graphql?" + "query=a&" * 1_900),
    "get_a_mutation": request("GET", "/graphql?query=mutation%7BsignOut%7Bid%7D%7D"),
    "get_with_a_body": request("GET", headers=_JSON, body=_OK),
    "long_target": request("GET", "/graphql?query=" + "a" * 60_000),
    "very_long_target": request("GET", "/" + "a" * MEGABYTE),
    "target_of_dots": request("GET", "/../../../../etc/passwd"),
    "target_of_escaped_dots": request("GET", "/media/%2e%2e/%2e%2e/etc/passwd"),
    "target_of_nul": request("GET", "/media/%00"),
    "target_of_bad_utf8": request("GET", "/media/%ff%fe"),
    "target_of_raw_bytes": b"GET /media/\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    "target_absolute": request("GET", "http://localhost/graphql"),
    "target_absolute_wrong": request("GET", "http://[::1/graphql"),
    "target_without_slash": _raw("GET graphql HTTP/1.1\nHost: x\n\n"),
    "target_of_slashes": request("GET", "/" * 10_000),
    "media_name_of_10000_letters": request("GET", "/media/" + "a" * 10_000),
    "http_1_0": request(headers=_JSON, body=_OK, version="HTTP/1.0"),
    "http_0_9": b"GET /graphql\r\n\r\n",
    "http_2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "http_9": request(headers=_JSON, body=_OK, version="HTTP/9.9"),
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500,
    "noise": bytes(range(256)) * 16,
    "new_lines": b"\r\n" * 10_000 + post(_OK),
    "bare_line_feeds": post(_OK).replace(b"\r\n", b"\n"),
    "without_host": _raw("GET /healthz HTTP/1.1\n\n"),
    "two_hosts": _raw("GET /healthz HTTP/1.1\nHost: a\nHost: b\n\n"),
    "strange_host": request("GET", headers={"Host": "[::1]:99999999/../x?y#z"}),
    "expects_100": request(headers={**_JSON, "Expect": "100-continue"}, body=_OK),
    "expects_a_miracle": request(headers={**_JSON, "Expect": "a-miracle"}, body=_OK),
    "upgrade_to_http2": request(headers={**_JSON, "Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c"}, body=_OK),
    "100_headers_less": request(headers={**_JSON, **{f"X-{n}": "x" for n in range(90)}}, body=_OK),
    "1000_headers": request(headers={**_JSON, **{f"X-{n}": "x" for n in range(1_000)}}, body=_OK),
    "100000_headers": request(headers={**_JSON, **{f"X-{n}": "x" for n in range(100_000)}}, body=_OK),
    "header_of_60_kb": request(headers={**_JSON, "X-Long": "x" * 60_000}, body=_OK),
    "header_of_a_megabyte": request(headers={**_JSON, "X-Long": "x" * MEGABYTE}, body=_OK),
    "header_name_of_a_megabyte": request(headers={**_JSON, "X" * MEGABYTE: "x"}, body=_OK),
    "header_without_name": _raw("GET /healthz HTTP/1.1\nHost: x\n: x\n\n"),
    "header_without_colon": _raw("GET /healthz HTTP/1.1\nHost: x\nnonsense\n\n"),
    "header_with_nul": _raw("GET /healthz HTTP/1.1\nHost: x\nX-A: a\0b\n\n"),
    "header_folded": _raw("GET /healthz HTTP/1.1\nHost: x\nX-A: a\n b\n\n"),
    **{
        f"header_{name}_{which}": request(headers={**_JSON, name: value}, body=_OK)
        for name in (
            "Accept",
            "Accept-Encoding",
            "Authorization",
            "Cookie",
            "Idempotency-Key",
            "If-None-Match",
            "Origin",
            "Range",
            "X-Forwarded-For",
            "X-Min-Sequence",
            "X-Request-Id",
            "X-Shopper-Secret",
            "X-Storefront-Token",
            "X-Workspace",
        )
        for which, value in {
            "long": "x" * 10_000,
            "wide": "\uff58\U0001f4a5\u202e",
            "empty": "",
            "commas": "," * 10_000,
            "bearer": "Bearer " + "." * 10_000,
            "digits": "9" * 5_000,
        }.items()
    },
    "chunked": request(headers={**_JSON, "Transfer-Encoding": "chunked"}, body=_chunked(_OK, b"")),
    "chunked_by_single_bytes": request(
        headers={**_JSON, "Transfer-Encoding": "chunked"}, body=_chunked(*(bytes([each]) for each in _OK * 1), b"")
    ),
    "100000_chunks": request(
        headers={**_JSON, "Transfer-Encoding": "chunked"}, body=_chunked(*[b" "] * 100_000, _OK, b"")
    ),
    "chunked_without_size": request(headers={**_JSON, "Transfer-Encoding": "chunked"}, body=b"\r\nx\r\n0\r\n\r\n"),
    "chunked_with_huge_size": request(
        headers={**_JSON, "Transfer-Encoding": "chunked"}, body=b"ffffffffffffffffff\r\n" + _OK
    ),
    "chunked_with_long_extension": request(
        headers={**_JSON, "Transfer-Encoding": "chunked"},
        body=b"%x;%b\r\n%b\r\n0\r\n\r\n" % (len(_OK), b"a" * 50_000, _OK),
    ),
    "chunked_with_1000_trailers": request(
        headers={**_JSON, "Transfer-Encoding": "chunked"},
        body=_chunked(_OK) + b"0\r\n" + b"".join(b"X-%d: x\r\n" % n for n in range(1_000)) + b"\r\n",
    ),
    "length_and_chunked": _raw(
        "POST /graphql HTTP/1.1\nHost: x\nContent-Type: application/json\nContent-Length: 5\n"
        "Transfer-Encoding: chunked\n\n",
        _chunked(_OK, b""),
    ),
    "chunked_twice": _raw(
        "POST /graphql HTTP/1.1\nHost: x\nContent-Type: application/json\nTransfer-Encoding: chunked\n"
        "Transfer-Encoding: identity\n\n",
        _chunked(_OK, b""),
    ),
    "chunked_spelt_oddly": _raw(
        "POST /graphql HTTP/1.1\nHost: x\nContent-Type: application/json\nTransfer-Encoding : xchunked\n\n",
        _chunked(_OK, b""),
    ),
    "two_lengths": _raw(
        "POST /graphql HTTP/1.1\nHost: x\nContent-Type: application/json\nContent-Length: 5\nContent-Length: 26\n\n",
        _OK,
    ),
    "length_too_short": _raw(
        "POST /graphql HTTP/1.1\nHost: x\nContent-Type: application/json\nContent-Length: 5\n\n", _OK
    ),
    "length_negative": request(headers={**_JSON, "Content-Length": "-1"}, body=_OK),
    "length_of_5000_digits": request(headers={**_JSON, "Content-Length": "9" * 5_000}, body=_OK),
    "length_of_letters": request(headers={**_JSON, "Content-Length": "0x1a"}, body=_OK),
    "length_with_plus": request(headers={**_JSON, "Content-Length": "+26"}, body=_OK),
    "smuggled_request": _raw(
        "POST /graphql HTTP/1.1\nHost: x\nContent-Type: application/json\nContent-Length: 0\n\n",
        b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
    ),
    "30_pipelined": post(_OK) * 30,
}

# How a pre-flight of the browsers looks.
REQUESTS["preflight_from_anywhere"] = request(
    "OPTIONS",
    headers={
        "Origin": "https://evil.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": ",".join(f"x-{n}" for n in range(500)),
    },
)


def _beacon(count: int = 1, **more: object) -> bytes:
    """Events, just smaller than a request may be."""
    event = {"id": "e", "name": "click", "sessionId": "s", "occurredAt": now().isoformat(), "url": "https://a.example/"}
    return json.dumps({"events": [event | more] * count}, separators=(",", ":")).encode()


def _urls(query: str) -> bytes:
    return json.dumps(
        {"events": [json.loads(_beacon(url=f"https://a.example/{n}?{query}"))["events"][0] for n in range(100)]}
    ).encode()


BEACONS = {
    "properties_of_80000_lists": _beacon(properties={"a": [[]] * 80_000}),
    "properties_of_15000_keys": _beacon(properties={f"k{n}": n for n in range(15_000)}),
    "100_properties_of_1000_entries": _beacon(100, properties={"a": [1] * 1_000}),
    "deep_properties": _beacon(properties={"a": json.loads("[" * 500 + "]" * 500)}),
    "long_properties": _beacon(properties={"a": "x" * 200_000}),
    "100_urls_of_600_parameters": _urls("utm_x=1&" + "a=1&" * 480),
    "100_urls_of_150_campaigns": _urls("utm_source=a&" * 150),
    "long_names": _beacon(100, name="a" * 2_000, sessionId="s" * 64, id="i" * 64),
    "long_moments": _beacon(100, occurredAt="2" * 2_000),
}
