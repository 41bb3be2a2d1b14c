"""Who a foreign server runs as: never root."""

from __future__ import annotations

import grp
import os
import pwd
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.peers.debian import PeerUnavailable

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Unprivileged:
    """A user and group without rights.

    Attributes:
        user: Name of the user.
        group: Name of the user's group.
        uid: Number of the user.
        gid: Number of the group.
    """

    user: str
    group: str
    uid: int
    gid: int

    @classmethod
    def choose(cls) -> Unprivileged:
        """Returns ``nobody`` when the tests run as root, else whoever runs them.

        Raises:
            PeerUnavailable: The user or group has no name on this system.
        """
        try:
            entry = pwd.getpwuid(os.getuid()) if os.getuid() else pwd.getpwnam("nobody")
            gid = os.getgid() if os.getuid() else entry.pw_gid
            return cls(entry.pw_name, grp.getgrgid(gid).gr_name, entry.pw_uid, gid)
        except KeyError as error:
            raise PeerUnavailable(f"the servers need a user with a name: {error}") from error

    def own(self, *paths: Path) -> None:
        """Gives the paths, which must exist, to the user."""
        if os.getuid() == 0:
            for path in paths:
                os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def own_tree(self, folder: Path) -> None:
        """Gives a folder and all that it holds to the user."""
        self.own(folder, *folder.rglob("*"))

    def command(self) -> list[str]:
        """Returns what goes before a command: drops rights, and ends it when its parent dies."""
        before = ["setpriv", "--pdeathsig", "TERM"]
        if os.getuid() == 0:
            before += [f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups"]
        return before

    def reaches(self, folder: Path) -> bool:
        """Says whether the user may pass through every folder above this one."""
        if os.getuid():
            return True
        return all(above.stat().st_mode & 0o001 for above in (folder, *folder.parents))
