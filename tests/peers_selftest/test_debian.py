"""Packages are unpacked once, whole, and without touching the system."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.peers import debian
from tests.peers.required import require, required_names

if TYPE_CHECKING:
    from pathlib import Path


def test_unpacking_twice_downloads_once(
    dovecot_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled: list[Path] = []

    def fill(packages: object, root: Path) -> None:
        filled.append(root)
        root.mkdir()

    monkeypatch.setattr(debian, "_fill", fill)
    with ThreadPoolExecutor(4) as pool:
        roots = set(pool.map(lambda _: debian.unpack(["some-package"], tmp_path), range(4)))
    assert roots == set(filled)
    assert len(filled) == 1


@pytest.mark.skipif(shutil.which("apt-get") is None, reason="needs apt-get")
def test_an_unknown_package_is_unavailable_and_leaves_no_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debian, "_refresh", lambda options: "")
    with pytest.raises(debian.PeerUnavailable, match="jackfield-no-such-package"):
        debian.unpack(["jackfield-no-such-package"], tmp_path)
    assert not list(tmp_path.rglob("root"))


def test_a_machine_without_apt_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(debian.PeerUnavailable, match="no apt-get"):
        debian.unpack(["dovecot-core"], tmp_path)


def test_a_cache_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(debian.PeerUnavailable):
        debian.unpack(["dovecot-core"], tmp_path / "file" / "cache")


def test_the_root_holds_the_server(dovecot_root: Path) -> None:
    assert (dovecot_root / "usr/sbin/dovecot").is_file()
    assert (dovecot_root / "usr/lib/dovecot/imap").is_file()


def test_what_is_required_and_missing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JACKFIELD_REQUIRE", "corpora, dovecot")
    assert required_names() == {"corpora", "dovecot"}
    with pytest.raises(pytest.fail.Exception, match="get it"):
        require("dovecot", False, "get it")


def test_what_is_missing_and_not_required_skips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JACKFIELD_REQUIRE", "corpora")
    with pytest.raises(pytest.skip.Exception, match="get it"):
        require("dovecot", False, "get it")
    require("dovecot", True, "get it")
