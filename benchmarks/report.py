"""What a benchmark leaves: a table on the terminal and a page in `benchmarks/results/`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


@dataclass
class Report:
    """A table, what it says of the targets, and under which circumstances."""

    title: str
    columns: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    failed: bool = False

    def verdict(self, what: str, *, holds: bool) -> None:
        """A target, and whether it was reached."""
        self.notes.append(f"{'reached' if holds else 'MISSED'}: {what}")
        self.failed |= not holds

    def text(self, about: Mapping[str, str]) -> str:
        """The page, in Markdown that reads well on a terminal."""
        table = [list(self.columns), *map(list, self.rows)]
        widths = [max(len(row[n]) for row in table) for n in range(len(self.columns))]
        lines = [_line(row, widths) for row in table]
        lines.insert(1, "|" + "|".join("-" * (width + 1) + (":" if n else "-") for n, width in enumerate(widths)) + "|")
        parts = [[f"# {self.title}"], lines, [f"- {note}" for note in self.notes]]
        parts.append([f"- {name}: {value}" for name, value in about.items()])
        return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        cell.rjust(width) if n else cell.ljust(width) for n, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "| " + " | ".join(cells) + " |"


def write(name: str, text: str, date: str) -> Path:
    """Writes the page; the day's last run is the one that stays."""
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{date}-{name}.md"
    file.write_text(text)
    return file
