"""Dovecot's programs, made to run from where they were unpacked."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.peers.debian import PeerUnavailable

if TYPE_CHECKING:
    from pathlib import Path

    from tests.peers.unprivileged import Unprivileged

BUILT_IN = b"/usr/lib/dovecot/modules"
VERSION = "2.3."


@dataclass(frozen=True)
class DovecotRoot:
    """An unpacked Dovecot that one server runs from.

    Attributes:
        root: The folder that stands for ``/`` of the packages.
        libraries: Search path of shared libraries, separated by colons.
    """

    root: Path
    libraries: str

    @property
    def programs(self) -> Path:
        """The folder of the programs that Dovecot's master starts."""
        return self.root / "usr/lib/dovecot"

    @property
    def environment(self) -> dict[str, str]:
        """The environment that every program from this root needs."""
        return {"PATH": os.environ.get("PATH", os.defpath), "LD_LIBRARY_PATH": self.libraries}

    def command(self, configuration: Path) -> list[str]:
        """Returns the command that runs the server in the foreground.

        The master would read its settings through ``/usr/bin/doveconf``, a path built into it;
        run the other way round, doveconf reads them and becomes the master.
        """
        doveconf = [str(self.root / "usr/bin/doveconf"), "-f", "service=master", "-m", "master"]
        master = [str(self.root / "usr/sbin/dovecot"), "-F", "-c", str(configuration)]
        return [*doveconf, "-c", str(configuration), "-e", *master]

    @classmethod
    def prepare(cls, root: Path, state: Path, owner: Unprivileged) -> DovecotRoot:
        """Makes an unpacked root usable by one server.

        Args:
            root: The unpacked packages.
            state: The server's own folder, with a path of at most 16 bytes.
            owner: Who the server runs as.

        Raises:
            PeerUnavailable: The root holds no Dovecot 2.3.
        """
        if not (root / "usr/sbin/dovecot").is_file():
            raise PeerUnavailable(f"no Dovecot in {root}")
        if not owner.reaches(root):
            root = shutil.copytree(root, state / "root", symlinks=True)
        prepared = cls(root, _libraries(root, state))
        prepared._check_version()
        _move_modules(prepared.programs, state)
        return prepared

    def _check_version(self) -> None:
        asked = [str(self.root / "usr/sbin/dovecot"), "--version"]
        try:
            done = subprocess.run(
                asked,
                check=False,
                env=self.environment,
                capture_output=True,
                text=True,
                timeout=20,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise PeerUnavailable(f"Dovecot does not run here: {error}") from error
        if not done.stdout.startswith(VERSION):
            said = (done.stdout + done.stderr).strip()
            raise PeerUnavailable(f"the settings are for Dovecot {VERSION}x; this one says: {said}")


def _libraries(root: Path, state: Path) -> str:
    programs = root / "usr/lib/dovecot"
    system = [*root.glob("usr/lib/*-linux-*"), *root.glob("lib/*-linux-*")]
    folders = [state / "lib", programs, programs / "modules/old-stats", *system]
    return ":".join(str(folder) for folder in folders)


def _move_modules(programs: Path, state: Path) -> None:
    """Writes a libdovecot that looks for its modules, TLS among them, in the server's folder.

    The path is built in and no setting changes it, so the bytes of a copy are changed. A path of
    the same length keeps every offset; doubled slashes fill a shorter one up.
    """
    (state / "lib").mkdir()
    (state / "modules").symlink_to(programs / "modules")
    start = os.fsencode(state)
    ours = start + b"/modules".rjust(len(BUILT_IN) - len(start), b"/")
    if len(ours) != len(BUILT_IN):
        raise ValueError(f"the server's folder has too long a path: {state}")
    for library in ("libdovecot.so.0", "libdovecot-storage.so.0"):
        content = (programs / library).read_bytes()
        changed = content.replace(b"\0" + BUILT_IN + b"\0", b"\0" + ours + b"\0")
        (state / "lib" / library).write_bytes(changed)
