"""The alert rules, beside what server and worker show and what the runbooks say."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.factories import Shop
from tests.monitoring.conftest import Watched
from tests.webhook.receiver import receiving
from tests.webhook.world import add_endpoint

pytestmark = pytest.mark.xdist_group("monitoring")
ROOT = Path(__file__).resolve().parents[2]
MONITORING = ROOT / "monitoring"
SEVERITIES = {"critical", "warning", "info"}
_METRIC = re.compile(r"\bvitrine_\w+")
_JOB = re.compile(r'job="([\w-]+)"')


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def alerts() -> list[dict[str, Any]]:
    return [rule for rule in rules() if "alert" in rule]


def anchors(page: Path) -> set[str]:
    """The sections of a page, as links name them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


class TestAlerts:
    """`monitoring/alerts.yml`."""

    def test_have_names_of_their_own(self) -> None:
        names = [rule["alert"] for rule in alerts()]

        assert len(names) == len(set(names)) > 10

    @pytest.mark.parametrize("alert", alerts(), ids=lambda rule: rule["alert"])
    def test_say_how_urgent_they_are_and_what_to_do(self, alert: dict[str, Any]) -> None:
        assert alert["labels"]["severity"] in SEVERITIES
        assert alert["annotations"]["summary"]
        page, _, section = alert["annotations"]["runbook"].partition("#")
        assert page == "docs/runbooks.md"
        assert section in anchors(ROOT / page)

    async def test_watch_what_server_and_worker_show(self, watched: Watched, watched_shop: Shop) -> None:
        async with receiving() as receiver:
            await add_endpoint(watched_shop, receiver.url)
            await watched_shop.product()
            await receiver.has(1)
        shown = {series.partition("{")[0] for series in await watched.of_server() | await watched.of_worker()}

        named = {name for rule in rules() for name in _METRIC.findall(rule["expr"])}
        assert len(named) > 10
        assert named - shown == set()

    def test_name_the_jobs_of_the_example(self) -> None:
        jobs = yaml.safe_load((MONITORING / "prometheus.yml").read_text())["scrape_configs"]

        assert {job for rule in rules() for job in _JOB.findall(rule["expr"])} == {job["job_name"] for job in jobs}

    def test_are_each_tried_by_the_file_beside_them(self) -> None:
        scenes = yaml.safe_load((MONITORING / "alerts_test.yml").read_text())["tests"]
        tried = {test["alertname"] for scene in scenes for test in scene["alert_rule_test"]}

        assert tried == {rule["alert"] for rule in alerts()}

    @pytest.mark.skipif(shutil.which("promtool") is None, reason="Prometheus's own tool is not installed")
    def test_wake_for_what_they_should(self) -> None:
        subprocess.run(["promtool", "test", "rules", "alerts_test.yml"], cwd=MONITORING, check=True)  # noqa: S607
