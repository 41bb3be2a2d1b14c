"""notmuch over all recorded mails."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.peers import debian
from tests.peers.notmuch import Notmuch
from tests.peers.required import require

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.peers.corpora import Mails

_BATCH = 50
_MESSAGE_ID = re.compile(rb"(?im)^message-id[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*")
_END = re.compile(rb"\r?\n\r?\n")


@pytest.fixture(scope="session")
def notmuch_bodies(
    mail_corpus: Mails, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[dict[str, Any]]]:
    """The parts that notmuch shows, by the mail's name; without the mails that it refuses."""
    try:
        root = debian.unpack(debian.PEERS["notmuch"], debian.cache_folder())
    except debian.PeerUnavailable as error:
        require("notmuch", False, f"{error}. On Debian: python tests/peers/debian.py notmuch")
        raise
    folder = tmp_path_factory.mktemp("notmuch")
    for room in ("cur", "new", "tmp"):
        (folder / "mail" / room).mkdir(parents=True)
    for number, (_, path) in enumerate(mail_corpus):
        named = _with_own_id(path.read_bytes(), b"Message-ID: <%d@corpus>" % number)
        (folder / "mail/cur" / f"{number}:2,S").write_bytes(named)
    notmuch = Notmuch(root, folder / "mail", folder / "state")
    notmuch.index()
    shown = _shown(notmuch, list(range(len(mail_corpus))))
    return {mail_corpus[number][0]: body for number, body in shown}


def _with_own_id(raw: bytes, field: bytes) -> bytes:
    """Give a mail an id that no other has, since notmuch shows one mail for each id."""
    end = _END.search(raw)
    head, rest = (raw[: end.start()], raw[end.start() :]) if end else (raw, b"")
    changed, count = _MESSAGE_ID.subn(
        lambda old: field + (b"\r" if old[0].endswith(b"\r") else b""), head, count=1
    )
    if count:
        return changed + rest
    start = raw.find(b"\n") + 1 if raw.startswith(b"From ") else 0
    return raw[:start] + field + b"\n" + raw[start:]


def _shown(notmuch: Notmuch, numbers: list[int]) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Ask for many mails at a time, and for halves where one of them ends notmuch itself."""
    for start in range(0, len(numbers), _BATCH):
        batch = numbers[start : start + _BATCH]
        try:
            answer = notmuch.show(" or ".join(f"id:{number}@corpus" for number in batch))
        except debian.PeerUnavailable:
            for half in (batch[: len(batch) // 2], batch[len(batch) // 2 :]):
                if len(batch) > 1:
                    yield from _shown(notmuch, half)
            continue
        yield from _mails(json.loads(answer))


def _mails(found: object) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    if isinstance(found, list):
        for each in found:
            yield from _mails(each)
    elif isinstance(found, dict):
        yield int(Path(found["filename"][0]).name.partition(":")[0]), found["body"]
