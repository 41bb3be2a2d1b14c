"""`jackfield mark`, `archive`, `move`, `delete`, `download`: what the server has afterwards."""

from __future__ import annotations

import imaplib
import ssl
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.mailbox import Ran, jackfield, mail

if TYPE_CHECKING:
    from pathlib import Path

    from tests.peers.fixtures import DovecotAccount

WITH_FILES = mail("Figures").replace(
    b"Content-Type: text/plain; charset=utf-8\r\n\r\n",
    b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
    b"Content-Type: text/plain\r\n\r\nSee the files.\r\n--b\r\n"
    b"Content-Type: text/csv\r\nContent-Transfer-Encoding: base64\r\n"
    b"Content-Disposition: attachment; filename=../q3.csv\r\n\r\nYTtiCg==\r\n--b\r\n"
    b"Content-Type: text/plain\r\n"
    b"Content-Disposition: attachment; filename=notes.txt\r\n\r\nn\xc3\xb6tes\r\n--b--\r\n",
)


class Person:
    """Somebody at a command line, with a mailbox."""

    def __init__(self, mailbox: DovecotAccount, home: Path) -> None:
        self.mailbox, self.home = mailbox, home

    def run(self, *words: str) -> Ran:
        return jackfield(*words, home=self.home, environment=self.mailbox.environment())

    def ids(self, *query: str) -> dict[str, str]:
        """Short ids of what is stored, by subject."""
        found = self.run("search", *query, "--json").json()["items"]
        return {item["subject"]: item["short_id"] for item in found}

    def on_server(self, folder: str) -> dict[str, str]:
        """Flags by subject, as another program sees them."""
        trust = ssl.create_default_context(cafile=str(self.mailbox.server.ca_file))
        host, port = self.mailbox.server.host, self.mailbox.server.tls_port
        with imaplib.IMAP4_SSL(host, port, ssl_context=trust) as client:
            client.login(self.mailbox.username, self.mailbox.password)
            if client.select(f'"{folder}"', readonly=True)[0] != "OK":
                return {}
            if not client.search(None, "ALL")[1][0]:
                return {}
            _, said = client.fetch("1:*", "(FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
            pairs: list[Any] = [piece for piece in said if isinstance(piece, tuple)]
        return {
            content.decode().partition(": ")[2].strip(): head
            .decode()
            .partition("FLAGS (")[2]
            .partition(")")[0]
            for head, content in pairs
        }


@pytest.fixture
def person(mailbox: DovecotAccount, tmp_path: Path) -> Person:
    mailbox.deliver("INBOX", mail("Q3 budget", day=2))
    mailbox.deliver("INBOX", mail("Lunch", day=1))
    mailbox.deliver("Archive", mail("Old minutes", day=1))
    mailbox.deliver("Trash", mail("Rubbish", day=1))
    one = Person(mailbox, tmp_path)
    assert one.run("sync").code == 0
    return one


def test_a_mail_is_marked_at_the_server_and_in_the_store(person: Person) -> None:
    id = person.ids("q3")["Q3 budget"]
    ran = person.run("mark", id, "--read", "--flag", "--label", "urgent")
    assert (ran.code, ran.out) == (0, "1 of 1 marked.\n"), ran.err
    assert set(person.on_server("INBOX")["Q3 budget"].split()) == {"\\Seen", "\\Flagged", "urgent"}
    assert "\\Seen" not in person.on_server("INBOX")["Lunch"]
    assert list(person.ids("is:flagged")) == ["Q3 budget"]
    assert "Q3 budget" not in person.ids("is:unread")
    again = person.run("mark", id, "--unread", "--unflag", "--unlabel", "urgent")
    assert again.code == 0, again.err
    assert person.on_server("INBOX")["Q3 budget"].split() in ([], ["\\Recent"])


@pytest.mark.parametrize(
    ("words", "folder"),
    [(("archive",), "Archive"), (("move", "--to", "trash"), "Trash"), (("delete",), "Trash")],
)
def test_a_mail_moves_and_keeps_its_id(person: Person, words: tuple[str, ...], folder: str) -> None:
    id = person.ids("q3")["Q3 budget"]
    ran = person.run(words[0], id, *words[1:])
    assert ran.code == 0, ran.err
    assert "Q3 budget" in person.on_server(folder)
    assert set(person.on_server("INBOX")) == {"Lunch"}
    shown = person.run("show", id, "--json").json()["item"]
    assert shown["folders"] == [folder]
    synced = person.run("sync", "--json").json()["accounts"][0]["collections"]
    assert sum(each["added"] + each["removed"] for each in synced) == 0
    assert person.run("show", id, "--json").json()["item"]["folders"] == [folder]


def test_what_lies_in_the_trash_goes_for_good_and_nothing_else(person: Person) -> None:
    id = person.ids("in:trash")["Rubbish"]
    assert person.run("delete", id).code == 0
    assert person.on_server("Trash") == {}
    assert set(person.on_server("INBOX")) == {"Q3 budget", "Lunch"}


def test_several_mails_change_at_once(person: Person) -> None:
    ids = person.ids()
    ran = person.run("mark", *ids.values(), "--read", "--json")
    assert ran.code == 0, ran.err
    assert [each["done"] for each in ran.json()["changes"]] == [True] * len(ids)
    assert person.ids("is:unread") == {}


def test_a_folder_that_is_not_there_changes_nothing(person: Person) -> None:
    ran = person.run("move", person.ids("q3")["Q3 budget"], "--to", "Bills")
    assert ran.code == 2
    assert "no folder 'Bills'; there are: " in ran.err
    assert set(person.on_server("INBOX")) == {"Q3 budget", "Lunch"}


def test_a_server_that_is_gone_changes_nothing_and_says_so(person: Person) -> None:
    id = person.ids("q3")["Q3 budget"]
    environment = {**person.mailbox.environment(), "EMAIL_IMAP_PORT": "1"}
    ran = jackfield("mark", id, "--read", home=person.home, environment=environment)
    assert ran.code == 1
    assert "0 of 1 marked." in ran.out
    assert "nothing listens" in ran.err
    assert "Q3 budget" in person.ids("is:unread")


def test_read_only_changes_nothing(person: Person) -> None:
    id = person.ids("q3")["Q3 budget"]
    environment = {**person.mailbox.environment(), "JACKFIELD_READ_ONLY": "1"}
    ran = jackfield("delete", id, home=person.home, environment=environment)
    assert (ran.code, "JACKFIELD_READ_ONLY is set" in ran.err) == (2, True)
    assert set(person.on_server("INBOX")) == {"Q3 budget", "Lunch"}


def test_files_are_saved_under_names_that_stay_in_their_folder(person: Person) -> None:
    person.mailbox.deliver("INBOX", WITH_FILES)
    (item,) = [i for i in person.run("inbox", "--json").json()["items"] if i["attachments"]]
    folder = person.home / "files"
    ran = person.run("download", item["short_id"], "-o", str(folder))
    assert ran.code == 0, ran.err
    saved = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert saved == {"_q3.csv": b"a;b\n", "notes.txt": "nötes".encode()}
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())
    assert "\\Seen" not in person.on_server("INBOX")["Figures"]
    one = person.run("download", item["short_id"], "2", "-o", str(person.home / "one"))
    assert one.code == 0, one.err
    assert [path.name for path in (person.home / "one").iterdir()] == ["notes.txt"]
