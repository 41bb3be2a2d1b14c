"""Plants faults in a copy of the project, one by one, and shows the test that catches each.

Run by ``nox -s planted``; words on the command line choose faults whose name contains them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parents[2]
SECONDS = 300


@dataclass(frozen=True)
class Fault:
    """A change of the code, and the test that must fail with it."""

    name: str
    file: str
    before: str
    after: str
    test: str


def read_faults() -> list[Fault]:
    """Read the list."""
    path = Path(__file__).with_name("faults.toml")
    return [Fault(**row) for row in tomllib.loads(path.read_text(encoding="utf-8"))["fault"]]


def copy_project(to: Path) -> None:
    """Copy what git tracks or would track, so that the real tree is never touched."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=True)
    for name in listed.stdout.splitlines():
        if (HERE / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(HERE / name, to / name)


def run_test(project: Path, test: str) -> tuple[bool, str]:
    """Run a test on a copy; give whether it passed, and its last line."""
    sources = [str(path) for path in (project / "core/src", *project.glob("plugins/*/src"))]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sources), "COLUMNS": "200"}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", test]
    try:
        done = subprocess.run(
            command, cwd=project, env=environment, capture_output=True, text=True,
            timeout=SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return False, "did not end"
    failures = [line for line in done.stdout.splitlines() if line.startswith("FAILED")]
    last = (failures or done.stdout.splitlines() or [done.stderr])[-1]
    if done.returncode not in {0, 1}:
        raise SystemExit(f"{test} could not run: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.returncode == 0, last


def plant(fault: Fault) -> tuple[Fault, bool, str]:
    """Plant one fault in a fresh copy and run its test."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        copy_project(project)
        path = project / fault.file
        text = path.read_text(encoding="utf-8")
        if text.count(fault.before) != 1:
            raise SystemExit(f"{fault.name}: its place in {fault.file} is no longer there")
        path.write_text(text.replace(fault.before, fault.after), encoding="utf-8")
        passed, last = run_test(project, fault.test)
        return fault, not passed, last


def main(words: list[str]) -> int:
    """Plant all faults; 0 where every one was caught."""
    faults = [f for f in read_faults() if all(word in f.name for word in words)]
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(plant, faults))
    for fault, caught, last in found:
        test = last.removeprefix("FAILED ").partition(" - ")[0] if caught else fault.test
        print(f"{'caught' if caught else 'MISSED'}  {fault.name}\n        {fault.file} -> {test}")
    missed = sum(not caught for _, caught, _ in found)
    print(f"{len(found)} faults planted, {len(found) - missed} caught, {missed} missed")
    return 1 if missed or not found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
