"""What the documents say is so."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from jackfield_imap.demo import demo
from jackfield_imap.settings import ImapSettings
from tests.e2e.mailbox import jackfield

if TYPE_CHECKING:
    import pytest

HERE = Path(__file__).parents[2]
README = (HERE / "README.md").read_text(encoding="utf-8")


def _python_blocks(name: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (HERE / name).read_text(encoding="utf-8"), re.DOTALL)


async def test_the_python_in_the_readmes_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncio

    blocks = [*_python_blocks("README.md"), *_python_blocks("core/README.md")]
    assert len(blocks) == 2
    async with demo() as environment:
        for block in blocks:
            script = tmp_path / "snippet.py"
            script.write_text(block, encoding="utf-8")
            running = await asyncio.create_subprocess_exec(
                sys.executable,
                str(script),
                env={**environment, "HOME": str(tmp_path), "JACKFIELD_DATA_DIR": str(tmp_path)},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            out, err = await asyncio.wait_for(running.communicate(), 60)
            assert (running.returncode, err) == (0, b"")
            assert b"Ana Prieto" in out


def test_the_readme_names_every_setting() -> None:
    for _, variable in ImapSettings.variables():
        assert variable in README
        assert variable in (HERE / "plugins/imap/README.md").read_text(encoding="utf-8")


def test_every_command_in_the_readme_is_one(tmp_path: Path) -> None:
    named = set(re.findall(r"`jackfield ([a-z]+)", README))
    listed = jackfield("--help", home=tmp_path).out.partition("Commands:")[2]
    there = set(re.findall(r"^  ([a-z]+)", listed, re.MULTILINE))
    assert named == there


def test_every_document_links_to_files_that_are_there() -> None:
    for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        text = (HERE / name).read_text(encoding="utf-8")
        for link in re.findall(r"\]\(([^)#:]+)\)", text):
            assert (HERE / link).exists(), f"{name}: {link}"


def test_all_licences_are_the_same() -> None:
    texts = {path.read_bytes() for path in (HERE / "LICENSE", *HERE.glob("*/LICENSE"))}
    texts |= {path.read_bytes() for path in HERE.glob("plugins/*/LICENSE")}
    assert len(texts) == 1
