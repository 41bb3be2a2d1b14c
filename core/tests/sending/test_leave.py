"""What may leave: access, plugins, and people."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from core.tests.sending.sender import Sender, assistant, draft, service, states
from jackfield.base import Allow, Deny, Hold
from jackfield.errors import ConfigError
from jackfield.hookspecs import hookimpl

if TYPE_CHECKING:
    from jackfield.models import SendResult


def install(monkeypatch: pytest.MonkeyPatch, said: object) -> list[str]:
    """Let a plugin decide; gives what it heard afterwards."""
    heard: list[str] = []

    class Gate:
        @hookimpl
        def before_send(self) -> object:
            return said

        @hookimpl
        def after_send(self, result: SendResult) -> None:
            heard.append(result.state)

    found = SimpleNamespace(name="gate", load=Gate)
    monkeypatch.setattr("jackfield.session.installed", lambda group: (found,))
    return heard


@pytest.mark.parametrize(
    ("said", "state"), [(Allow(), "accepted"), (Hold("ask Ana"), "held"), (Deny("no"), "rejected")]
)
async def test_a_plugin_decides_and_hears(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: object, state: str
) -> None:
    heard, sender = install(monkeypatch, said), Sender()
    async with assistant(tmp_path, sender) as one:
        result = await (await service(one)).send(draft())
    assert (result.state, result.reason) == (state, getattr(said, "reason", ""))
    assert heard == [state] == states(tmp_path)
    assert bool(sender.sent) == (state == "accepted")


async def test_what_is_held_leaves_when_a_person_releases_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, Hold("ask Ana"))
    sender = Sender()
    async with assistant(tmp_path, sender) as one:
        sends = await service(one)
        held = await sends.send(draft(key="k"))
        assert (await sends.send(draft(key="k"))).state == "held"
        assert (await sends.release(held.outbox_id)).state == "accepted"
    assert sender.sent == ["hello"]


async def test_nobody_releases_what_a_plugin_denies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, Deny("never"))
    sender = Sender()
    async with assistant(tmp_path, sender) as one:
        sends = await service(one)
        id = (await sends.send(draft())).outbox_id
        assert (await sends.release(id)).state == "rejected"
    assert sender.sent == []


async def test_read_only_refuses_before_any_plugin_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard, sender = install(monkeypatch, Allow()), Sender()
    async with assistant(tmp_path, sender, JACKFIELD_READ_ONLY="1") as one:
        with pytest.raises(ConfigError, match="JACKFIELD_READ_ONLY is set"):
            await (await service(one)).send(draft())
    assert (sender.sent, heard, (tmp_path / "outbox.db").exists()) == ([], [], False)


@pytest.mark.parametrize(("access", "allowed"), [("read", False), ("send", True), ("full", True)])
async def test_an_accounts_access_says_whether_it_may_send(
    tmp_path: Path, access: str, allowed: bool
) -> None:
    (tmp_path / "config.toml").write_text(f'[accounts."fake:default"]\naccess = "{access}"\n')
    sender = Sender()
    async with assistant(tmp_path, sender) as one:
        sends = await service(one)
        if allowed:
            await sends.send(draft())
        else:
            with pytest.raises(ConfigError, match='access of fake:default is "read"'):
                await sends.send(draft())
    assert bool(sender.sent) == allowed


async def test_several_accounts_and_none_named_is_an_error_that_lists_them(
    tmp_path: Path,
) -> None:
    async with assistant(tmp_path, Sender(), Sender()) as one:
        sends = await service(one)
        with pytest.raises(ConfigError, match="fake:default, fake:second"):
            sends.sender(None)
        assert str(sends.sender("second")) == "fake:second"


_CHILD = """
import asyncio, os, pathlib, signal, sys
sys.path.insert(0, {root!r})
from core.tests.sending.sender import Sender, assistant, draft, service

async def die():
    os.kill(os.getpid(), signal.SIGKILL)

async def main():
    async with assistant(pathlib.Path({folder!r}), Sender(die)) as one:
        await (await service(one)).send(draft(key="k"))

asyncio.run(main())
"""


async def test_a_process_that_is_killed_while_it_sends_leaves_an_unknown_send(
    tmp_path: Path,
) -> None:
    root = Path(__file__).parents[3]
    code = _CHILD.format(root=str(root), folder=str(tmp_path))
    done = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", code], timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert states(tmp_path) == ["sending"]
    sender = Sender()
    async with assistant(tmp_path, sender) as one:
        sends = await service(one)
        (entry,) = await sends.entries()
        assert entry.state == "unknown"
        assert (await sends.send(draft(key="k"))).state == "unknown"
    assert sender.sent == []
