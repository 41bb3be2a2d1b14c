"""The project's tasks: ``nox -s demo``, ``nox -s tests``, ``nox -s lint typing``, ..."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import nox

nox.needs_version = ">=2024.4"
nox.options.sessions = ["tests", "lint", "typing"]
nox.options.default_venv_backend = "venv"

HERE = Path(__file__).parent
CORE = "./core[cli,mail]"
PLUGINS = ["./plugins/imap"]
TEST_TOOLS = ["pytest>=8.2", "pytest-asyncio>=0.24", "pytest-timeout>=2.3", "hypothesis>=6.100",
              "cryptography>=42", "aiosmtpd>=1.4.5", "pexpect>=4.9",
              "pytest-xdist>=3.6"]  # fmt: skip
PARALLEL = ["-n", "auto", "--maxprocesses=4", "--dist=loadfile"]
SOURCES = ["core/src", "plugins/imap/src"]
CHECKED = [*SOURCES, "core/tests", "plugins", "tests", "benchmarks", "noxfile.py"]


def install(session: nox.Session, *tools: str, editable: bool = True) -> None:
    """Install the project's own distributions, and tools beside them."""
    own = [CORE, *PLUGINS]
    flags = [part for path in own for part in (("-e", path) if editable else (path,))]
    session.install("--quiet", *flags, *tools)


@nox.session
def demo(session: nox.Session) -> None:
    """Run the main job: no account, no network. Arguments go to `jackfield demo`."""
    install(session, editable=False)
    session.run("jackfield", "demo", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run all tests, against a real Dovecot where Debian's packages are to be had."""
    install(session, *TEST_TOOLS)
    environment = {"PYTHONWARNINGS": "default", **_dovecot(session)}
    session.run("python", "-m", "pytest", *PARALLEL, *session.posargs, env=environment)


def _dovecot(session: nox.Session) -> dict[str, str]:
    """Unpack Dovecot into nox's cache; without it the tests that need it skip and say so."""
    cache = Path(session.cache_dir) / "peers"
    command = [sys.executable, "tests/peers/debian.py", "dovecot", str(cache)]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return {"JACKFIELD_DOVECOT_ROOT": done.stdout.strip()}
    session.warn(f"no Dovecot here: {done.stderr.strip()}")
    return {"JACKFIELD_PEER_CACHE": str(cache)}


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, layers, and print the sizes of what people must read."""
    session.install("--quiet", "ruff>=0.9", "import-linter>=2.1", CORE, *PLUGINS)
    session.run("ruff", "format", "--check", *CHECKED)
    session.run("ruff", "check", *CHECKED)
    session.run("lint-imports", "--no-cache")
    session.run("python", "tests/sizes.py")


@nox.session
def typing(session: nox.Session) -> None:
    """Check types, strictly."""
    install(session, "mypy>=1.13", "nox>=2024.4", *TEST_TOOLS)
    session.run("mypy", *SOURCES, env={"MYPYPATH": ":".join(SOURCES)})
    checked = ["tests", "core/tests", "plugins/imap/tests", "benchmarks"]
    session.run("mypy", *checked, env={"MYPYPATH": "."})


@nox.session
def wheels(session: nox.Session) -> None:
    """Build every distribution's wheel into dist/."""
    session.install("--quiet", "build>=1.2")
    for folder in ["core", "plugins/imap"]:
        session.run("python", "-m", "build", "--wheel", "--outdir", "dist", folder)


@nox.session
def planted(session: nox.Session) -> None:
    """Plant named faults one by one, and show the test that catches each."""
    install(session, *TEST_TOOLS)
    session.run("python", "tests/planted/plant.py", *session.posargs, env=_dovecot(session))


@nox.session
def installed(session: nox.Session) -> None:
    """Install the wheels into a clean environment and run the demo from there."""
    with tempfile.TemporaryDirectory() as folder:
        session.install("--quiet", "build>=1.2")
        for source in ["core", "plugins/imap"]:
            session.run("python", "-m", "build", "--wheel", "--outdir", folder, source, silent=True)
        wheels = {path.name.partition("-")[0]: path for path in Path(folder).glob("*.whl")}
        session.run("python", "-m", "venv", f"{folder}/clean", silent=True)
        python = str(Path(folder) / "clean" / ("Scripts" if os.name == "nt" else "bin") / "python")
        wanted = [f"jackfield[cli] @ {wheels['jackfield'].as_uri()}", str(wheels["jackfield_imap"])]
        for wheel in wheels.values():
            names = zipfile.ZipFile(wheel).namelist()
            for must in ("LICENSE", "py.typed"):
                if not any(name.endswith(must) for name in names):
                    session.error(f"{wheel.name} has no {must}")
        session.run(python, "-m", "pip", "install", "--quiet", *wanted, external=True)
        session.chdir(folder)
        session.run(python, "-m", "jackfield", "demo", external=True)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure: `-- fill STORE COUNT`, `-- search [STORE]`, `-- memory 20000 100000`."""
    install(session, *TEST_TOOLS)
    what, *rest = session.posargs or ["search"]
    cache = str(Path(session.cache_dir) / "peers")
    session.run("python", "-m", f"benchmarks.{what}", *rest, env={"JACKFIELD_PEER_CACHE": cache})
