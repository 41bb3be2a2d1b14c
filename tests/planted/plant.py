"""Plants faults in a copy of the project, one by one, and shows the test that catches each.

Run by ``nox -s planted``; words on the command line choose faults whose name contains them.
``promises.toml`` lists what the store and sync promise: a promise without a fault that would
break it fails before anything is planted. ``--table PATH`` writes promise, fault and test down.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).parents[2]
SECONDS = 300


@dataclass(frozen=True)
class Fault:
    """A change of the code, the test that must fail with it, and the promise that it breaks."""

    name: str
    file: str
    before: str
    after: str
    test: str
    promise: str = ""


@dataclass(frozen=True)
class Promise:
    """What the project promises; `later` says why there is nothing to break yet."""

    id: str
    text: str
    later: str = ""


@dataclass(frozen=True)
class Planted:
    """What became of a fault: the test that failed, or an empty string where none did."""

    fault: Fault
    caught_by: str


def read_list(name: str, table: str) -> list[dict[str, Any]]:
    """Read one of the lists beside this file."""
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    rows: list[dict[str, Any]] = tomllib.loads(text)[table]
    return rows


def find_gaps(promises: list[Promise], faults: list[Fault]) -> list[str]:
    """Name every promise that nothing breaks, and every fault that breaks an unknown one."""
    broken = {fault.promise for fault in faults}
    gaps = []
    for each in promises:
        if bool(each.later) == (each.id in broken):
            what = "comes later, but a fault breaks it" if each.later else "no fault breaks it"
            gaps.append(f"{each.id}: {what}")
    ids = [each.id for each in promises]
    gaps += [f"{id}: promised twice" for id in sorted({id for id in ids if ids.count(id) > 1})]
    names = [fault.name for fault in faults]
    gaps += [f"{name}: listed twice" for name in sorted({n for n in names if names.count(n) > 1})]
    for fault in faults:
        if fault.promise and fault.promise not in ids:
            gaps.append(f"{fault.name}: there is no promise {fault.promise!r}")
    return gaps


def find_lost(project: Path, faults: list[Fault]) -> list[str]:
    """Name every fault whose place in the code is gone, or is there twice."""
    lost = []
    for fault in faults:
        path = project / fault.file
        if not path.is_file() or path.read_text(encoding="utf-8").count(fault.before) != 1:
            lost.append(f"{fault.name}: its place in {fault.file} is no longer there")
    return lost


def copy_project(to: Path) -> None:
    """Copy what git tracks or would track, so that the real tree is never touched."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=True)
    for name in listed.stdout.splitlines():
        if (HERE / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(HERE / name, to / name)


def run_test(project: Path, test: str) -> str:
    """Run a test on a copy; give the test that failed, or an empty string."""
    sources = [str(path) for path in (project / "core/src", *project.glob("plugins/*/src"))]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sources), "COLUMNS": "200"}
    left_out = ("no:cacheprovider", "no:hypothesispytest")  # the second costs a second
    options = [part for name in left_out for part in ("-p", name)]
    command = [sys.executable, "-m", "pytest", "-x", "-q", *options, test]
    try:
        done = subprocess.run(
            command, cwd=project, env=environment, capture_output=True, text=True,
            timeout=SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"{test} (did not end)"
    if done.returncode == 0:
        return ""
    marks = ("FAILED ", "ERROR ")
    failures = [line for line in done.stdout.splitlines() if line.startswith(marks)]
    if done.returncode != 1 or not failures:
        raise SystemExit(f"{test} could not run: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return failures[-1].partition(" ")[2].partition(" - ")[0]


def plant(whole: Path, fault: Fault) -> Planted:
    """Plant one fault in a copy of its own and run its test."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        shutil.copytree(whole, project)
        path = project / fault.file
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(fault.before, fault.after), encoding="utf-8")
        return Planted(fault, run_test(project, fault.test))


def plant_all(promises: list[Promise], faults: list[Fault], words: list[str]) -> list[Planted]:
    """Check the lists, then plant the faults whose name has all the words."""
    chosen = [fault for fault in faults if all(word in fault.name for word in words)]
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder)
        copy_project(whole)  # once: whoever edits the project meanwhile does not matter
        if gaps := find_gaps(promises, faults) + find_lost(whole, chosen):
            raise SystemExit("\n".join(gaps))
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(partial(plant, whole), chosen))


def draw_table(promises: list[Promise], planted: list[Planted]) -> str:
    """Lay out promise, fault and test; what serves no promise of the list comes last."""
    lines = ["# Promise -> fault -> the test that caught it", ""]
    for each in (*promises, Promise("", "Beyond the list")):
        some = [one for one in planted if one.fault.promise == each.id]
        if some or each.later:
            lines.append(f"{each.id}: {each.text}" if each.id else f"{each.text}:")
        if each.later:
            lines.append(f"    later: {each.later}")
        for one in some:
            lines.append(f"    {'caught' if one.caught_by else 'MISSED'}  {one.fault.name}")
            lines.append(f"            {one.fault.file} -> {one.caught_by or one.fault.test}")
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Plant the faults that are chosen; 0 where every one was caught and no promise is bare."""
    parser = argparse.ArgumentParser(description="Plant faults and show what catches them.")
    parser.add_argument("words", nargs="*", help="only faults whose name has all of these")
    parser.add_argument("--table", type=Path, help="write promise, fault and test to this file")
    given = parser.parse_args(arguments)
    promises = [Promise(**row) for row in read_list("promises.toml", "promise")]
    faults = [Fault(**row) for row in read_list("faults.toml", "fault")]
    planted = plant_all(promises, faults, given.words)
    served = {one.fault.promise for one in planted}
    shown = [each for each in promises if each.id in served or not given.words]
    table = draw_table(shown, planted)
    print(table)
    if given.table is not None:
        given.table.write_text(table, encoding="utf-8")
    missed = sum(not one.caught_by for one in planted)
    later = sum(bool(each.later) for each in shown)
    print(
        f"{len(planted)} faults planted, {len(planted) - missed} caught, {missed} missed;", end=" "
    )
    print(f"{len(shown)} promises, {later} of them later")
    return 1 if missed or not planted else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
