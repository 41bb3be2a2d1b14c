"""Every mail that others recorded: into Dovecot, through a sync, and out again by `export`.

What is exported is what the server gives, byte for byte. It counts differently: an export writes
each *mail* once, and a mail may lie in several folders. In one folder equal mails are different
mails; in different folders they are the same. So of some bytes, as many come out as the folder with
the most of them holds. But a mail with neither Message-ID nor Date joins nothing in another folder:
all its copies come out.
"""

from __future__ import annotations

import json
import mailbox as standard
import re
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from jackfield.content.mbox import read_mbox
from tests.e2e.mailbox import Ran, jackfield
from tests.e2e.watching import StoreFile, originals
from tests.peers.corpora import CORPUS_MAILS
from tests.peers.fixtures import DovecotAccount

if TYPE_CHECKING:
    from pathlib import Path

    from tests.peers.corpora import Mails
    from tests.peers.dovecot import Dovecot

FOLDERS = ("INBOX", "Archive", "Junk", "Trash")
LEFT_OUT_OF_COUNT = ("Junk", "Trash")
COPIED = 20  # every so manieth mail is in the archive too
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Exported:
    """A mailbox with the corpus, its store after a sync, and what the server holds."""

    mailbox: DovecotAccount
    home: Path
    store: StoreFile
    first: Ran
    server: dict[str, list[bytes]]

    def __call__(self, *words: str) -> Ran:
        return jackfield(*words, home=self.home, environment=self.mailbox.environment())

    def mails(self, *folders: str) -> Counter[bytes]:
        """How many mails with these bytes there are in these folders, copies counted once."""
        counts = [Counter(self.server[folder]) for folder in folders]
        return Counter({
            raw: (sum if joins_nothing(raw) else max)(count[raw] for count in counts)
            for raw in set().union(*counts)
        })


def joins_nothing(raw: bytes) -> bool:
    """Tell whether a mail has neither Message-ID nor Date."""
    head = raw.partition(b"\r\n\r\n")[0]
    return re.search(rb"^(message-id|date)[ \t]*:", head, re.MULTILINE | re.IGNORECASE) is None


@pytest.fixture(scope="module")
def exported(
    dovecot: Dovecot, mail_corpus: Mails, tmp_path_factory: pytest.TempPathFactory
) -> Exported:
    home = tmp_path_factory.mktemp("exported")
    mailbox = DovecotAccount(dovecot, "exported", "pw", dovecot.add_user("exported", "pw"))
    for number, (_, path) in enumerate(mail_corpus):
        raw, when = path.read_bytes(), BEGAN + timedelta(minutes=number)
        folder = "Junk" if number % 7 == 0 else "Trash" if number % 11 == 0 else "INBOX"
        mailbox.deliver(folder, raw, when=when)
        if number % COPIED == 0:
            mailbox.deliver("Archive", raw, when=when)
    first = jackfield("sync", "--json", home=home, environment=mailbox.environment())
    return Exported(mailbox, home, StoreFile.of(home), first, originals(mailbox, *FOLDERS))


@pytest.fixture(scope="module")
def mbox(exported: Exported) -> Path:
    """What `export --mbox` wrote."""
    file = exported.home / "all.mbox"
    ran = exported("export", "--mbox", "-o", str(file))
    assert (ran.code, ran.out) == (0, "")
    return file


def test_after_a_sync_every_mail_of_the_server_is_stored(exported: Exported) -> None:
    assert exported.first.code == 0
    on_server = sum(map(len, exported.server.values()))
    assert on_server == CORPUS_MAILS + -(-CORPUS_MAILS // COPIED)
    assert exported.store.count() == on_server
    for folder, raws in exported.server.items():
        query = (
            "SELECT original FROM membership JOIN collection ON collection.id = collection"
            " JOIN body USING (item) WHERE name = ?"
        )
        assert Counter(raw for (raw,) in exported.store.ask(query, folder)) == Counter(raws)


def test_the_mbox_gives_back_every_mail_byte_for_byte(exported: Exported, mbox: Path) -> None:
    with mbox.open("rb") as file:
        written = Counter(read_mbox(file))
    expected = exported.mails(*FOLDERS)
    missing, more = expected - written, written - expected
    assert ([raw[:200] for raw in missing], [raw[:200] for raw in more]) == ([], [])


def test_the_standard_library_reads_as_many_mails_from_the_mbox(
    exported: Exported, mbox: Path
) -> None:
    with closing(standard.mbox(mbox, create=False)) as box:
        assert len(box) == exported.mails(*FOLDERS).total()


def test_an_export_says_on_stderr_how_many_mails_it_wrote(exported: Exported) -> None:
    ran = exported("export", "--jsonl", "-o", str(exported.home / "all.jsonl"))
    sources, written = ran.err.splitlines()
    assert [each["state"] for each in json.loads(sources)["sources"]] == ["complete"]
    assert written == f"{exported.mails(*FOLDERS).total()} items written."


def test_jsonl_is_one_object_a_line_and_every_mail_once_newest_first(exported: Exported) -> None:
    ran = exported("export", "--jsonl")
    items: list[dict[str, Any]] = [json.loads(line) for line in ran.out.split("\n")[:-1]]
    assert ran.code == 0
    assert len({item["id"] for item in items}) == len(items)
    assert len(items) == exported.mails(*FOLDERS).total()


def test_jsonl_has_what_count_counts_and_spam_and_trash_as_well(exported: Exported) -> None:
    def count(*words: str) -> int:
        ran = exported("count", *words, "--json")
        assert (ran.code, ran.err) == (0, "")
        return int(ran.json()["count"])

    listed = [folder for folder in FOLDERS if folder not in LEFT_OUT_OF_COUNT]
    ways = " OR ".join(f"in:{folder}" for folder in FOLDERS)
    assert count() == exported.mails(*listed).total()
    assert count("in:junk") == exported.mails("Junk").total()
    assert count("in:trash") == exported.mails("Trash").total()
    assert count(*ways.split()) == exported.mails(*FOLDERS).total()


def test_a_query_narrows_an_export(exported: Exported) -> None:
    ran = exported("export", "--mbox", "in:trash", "-o", str(exported.home / "trash.mbox"))
    assert ran.code == 0
    with (exported.home / "trash.mbox").open("rb") as file:
        assert Counter(read_mbox(file)) == exported.mails("Trash")


def test_a_file_that_is_there_is_not_overwritten(exported: Exported) -> None:
    file = exported.home / "precious"
    file.write_text("mine")
    ran = exported("export", "--mbox", "-o", str(file))
    assert (ran.code, "Traceback" in ran.err) == (1, False)
    assert str(file) in ran.err
    assert file.read_text() == "mine"


def test_a_second_sync_finds_nothing_to_do(exported: Exported) -> None:
    (account,) = exported("sync", "--json").json()["accounts"]
    changes = [each["added"] + each["updated"] + each["removed"] for each in account["collections"]]
    assert sum(changes) == 0


def test_the_store_of_the_whole_corpus_is_whole(exported: Exported) -> None:
    exported.store.check()
