"""The command as a whole: quick to start, clear about mistakes, silent about secrets."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.e2e.mailbox import jackfield

if TYPE_CHECKING:
    from pathlib import Path

    from tests.peers.fixtures import DovecotAccount

HEAVY = ("rich", "pydantic", "httpx", "keyring", "sqlite3", "asyncio", "imapclient")
MARKER = "m4rker-s3cret"


def test_help_imports_nothing_heavy_and_no_connector() -> None:
    code = (
        "import sys\nfrom jackfield.cli.app import app\n"
        "try:\n    app(['--help'])\nexcept SystemExit:\n    pass\n"
        "print('loaded:', sorted(m for m in sys.modules if m.partition('.')[0] in "
        f"{(*HEAVY, 'jackfield_imap')!r}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "inbox" in done.stdout
    assert done.stdout.splitlines()[-1] == "loaded: []"


def test_without_typer_the_command_prints_the_line_that_installs_it() -> None:
    code = "import sys; sys.modules['typer'] = None; import jackfield.__main__ as m; m.main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, "pip install 'jackfield[cli]'" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    "words",
    [("inbox", "--limit", "0"), ("inbox", "--since", "soon"), ("nothing",), ("show",), ("sync",)],
)
def test_a_wrong_word_is_exit_2_and_says_why(words: tuple[str, ...], tmp_path: Path) -> None:
    ran = jackfield(*words, home=tmp_path)
    assert (ran.code, bool(ran.err), "Traceback" in ran.err) == (2, True, False)


def test_an_account_that_does_not_exist_names_those_that_do(tmp_path: Path) -> None:
    there = {"EMAIL_IMAP_SERVER": "nowhere.invalid"}
    ran = jackfield("inbox", "-a", "gmail:work", home=tmp_path, environment=there)
    assert ran.code == 2
    assert "gmail:work" in ran.err
    assert "imap:default" in ran.err


def test_an_id_that_nothing_has_says_so(tmp_path: Path) -> None:
    ran = jackfield("show", "zzzzz", home=tmp_path)
    assert (ran.code, "no item has the id 'zzzzz'" in ran.err) == (2, True)


def test_a_missing_setting_is_named_by_its_variable(tmp_path: Path) -> None:
    ran = jackfield("inbox", home=tmp_path, environment={"EMAIL_IMAP_SERVER": "mail.example"})
    assert ran.code == 1
    assert "EMAIL_IMAP_USERNAME is not set" in ran.out
    assert "EMAIL_IMAP_PASSWORD is not set" in ran.out


def test_plain_is_refused_beyond_this_machine(tmp_path: Path) -> None:
    there = {
        "EMAIL_IMAP_SERVER": "mail.example",
        "EMAIL_IMAP_USERNAME": "me",
        "EMAIL_IMAP_PASSWORD": MARKER,
        "EMAIL_IMAP_SECURITY": "plain",
    }
    ran = jackfield("inbox", home=tmp_path, environment=there)
    assert ran.code == 1
    assert "this machine only" in ran.out


def test_an_account_whose_connector_is_not_installed_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[accounts."matrix:home"]\nserver = "x"\n')
    ran = jackfield("inbox", home=tmp_path)
    assert "pip install jackfield-matrix" in ran.out


def test_no_secret_comes_out_anywhere(mailbox: DovecotAccount, tmp_path: Path) -> None:
    wrong = {**mailbox.environment(), "EMAIL_IMAP_PASSWORD": MARKER}
    for words in (("inbox", "-vv"), ("inbox", "--json"), ("sync", "-vv"), ("sync", "--json")):
        ran = jackfield(*words, home=tmp_path, environment=wrong)
        assert ran.code == 4
        assert MARKER not in ran.out + ran.err
    stored = b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*.*"))
    assert MARKER.encode() not in stored


def test_the_store_of_a_newer_jackfield_is_refused_and_left_alone(
    mailbox: DovecotAccount, tmp_path: Path
) -> None:
    import sqlite3

    (tmp_path / "data").mkdir()
    with closing(sqlite3.connect(tmp_path / "data" / "store.db")) as db:
        db.execute("PRAGMA user_version = 99")
    before = (tmp_path / "data" / "store.db").read_bytes()
    ran = jackfield("inbox", home=tmp_path, environment=mailbox.environment())
    assert ran.code == 1
    assert "schema 99" in ran.out + ran.err
    assert (tmp_path / "data" / "store.db").read_bytes() == before
