"""Prints how much there is to read: the contract layer, and files and functions."""

from __future__ import annotations

import ast
import statistics
import tokenize
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parents[1]
CORE = HERE / "core/src/jackfield"
CONTRACT = [
    *sorted((CORE / "models").glob("*.py")),
    *(CORE / f"{name}.py" for name in (
        "base", "hookspecs", "hooks", "batches", "requests", "capabilities", "errors",
        "protocols", "settings", "registry",
    )),
    CORE / "query/tree.py",
]  # fmt: skip


class Size(NamedTuple):
    """Lines of a file or function."""

    lines: int
    name: str


def code_lines(path: Path) -> int:
    """Count the lines that are neither blank nor comment nor docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    prose = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            prose |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    ignored = {tokenize.NL, tokenize.COMMENT, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    lines = set()
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type not in ignored | {tokenize.ENCODING, tokenize.ENDMARKER}:
                lines |= set(range(token.start[0], token.end[0] + 1))
    return len(lines - prose)


def functions(path: Path) -> list[Size]:
    """Measure the functions of a file, docstrings included."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        Size((node.end_lineno or 0) - node.lineno + 1, f"{path.relative_to(HERE)}:{node.name}")
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def main() -> None:
    """Print the table."""
    whole = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in CONTRACT)
    code = sum(map(code_lines, CONTRACT))
    print(f"contract layer: {len(CONTRACT)} files, {code} lines of code, {whole} with docstrings")
    files = sorted(
        Size(len(path.read_text(encoding="utf-8").splitlines()), str(path.relative_to(HERE)))
        for path in [*CORE.rglob("*.py"), *(HERE / "plugins").glob("*/src/**/*.py")]
    )
    found = sorted(size for file in files for size in functions(HERE / file.name))
    for label, sizes in (("files", files), ("functions", found)):
        median = statistics.median(size.lines for size in sizes)
        largest = ", ".join(f"{size.name} ({size.lines})" for size in reversed(sizes[-3:]))
        print(f"{label}: {len(sizes)}, median {median:g} lines, largest {largest}")


if __name__ == "__main__":
    main()
