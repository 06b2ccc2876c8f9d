"""What a user agent tells: device, browser, system, and whether it is a bot."""

import re
from functools import lru_cache
from typing import NamedTuple

import ua_parser

AGENTS_KEPT = 20_000
MAX_AGENT_LENGTH = 1_000
# What the parser's list of spiders does not have: tools, monitors, and browsers that nobody looks at.
# Cubot makes phones.
_BOT = re.compile(
    r"(?<!cu)bot\b|bot/|crawl|spider|slurp|headless|phantomjs|selenium|puppeteer|playwright|lighthouse|pingdom|uptime|monitor"
    r"|facebookexternalhit|embedly|preview|scrapy|curl|wget|python|httpx|aiohttp|axios|node-fetch|undici|go-http-client"
    r"|java/|libwww|postman|insomnia|^$",
    re.IGNORECASE,
)
_TABLET = re.compile(r"ipad|tablet|kindle|silk(?!.*mobile)|android(?!.*mobile)", re.IGNORECASE)
_MOBILE = re.compile(r"mobi|iphone|ipod|android", re.IGNORECASE)


class Device(NamedTuple):
    """A class of devices; `browser` and `os` are families such as Chrome and Windows, `Other` where unknown."""

    kind: str
    browser: str
    os: str
    is_bot: bool


@lru_cache(maxsize=AGENTS_KEPT)
def device_of(user_agent: str) -> Device:
    """What the user agent says of itself; who says nothing is a bot."""
    agent = user_agent[:MAX_AGENT_LENGTH]
    parsed = ua_parser.parse(agent)
    is_bot = _BOT.search(agent) is not None or (parsed.device is not None and parsed.device.family == "Spider")
    return Device(
        _kind(agent),
        parsed.user_agent.family if parsed.user_agent else "Other",
        parsed.os.family if parsed.os else "Other",
        is_bot,
    )


def _kind(agent: str) -> str:
    if _TABLET.search(agent):
        return "tablet"
    return "mobile" if _MOBILE.search(agent) else "desktop"
