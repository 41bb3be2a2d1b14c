"""Dovecot answers on loopback only, over TLS and STARTTLS, and leaves nothing behind."""

from __future__ import annotations

import imaplib
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.peers import sessions
from tests.peers.dovecot import Dovecot, DovecotStartError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.peers.fixtures import DovecotAccount

WHEN = datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)
RAW = b"From: a@example.org\r\nSubject: hello\r\n\r\nhello\r\n"
REPOSITORY = Path(__file__).resolve().parents[2]


def trusting(account: DovecotAccount) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(account.server.ca_file))


@pytest.fixture
def client(mailbox: DovecotAccount) -> Iterator[imaplib.IMAP4]:
    with imaplib.IMAP4_SSL(
        "localhost", mailbox.server.tls_port, ssl_context=trusting(mailbox), timeout=20
    ) as signed_in:
        signed_in.login(mailbox.username, mailbox.password)
        yield signed_in


def test_login_over_verified_tls(client: imaplib.IMAP4) -> None:
    kind, answer = client.capability()
    assert kind == "OK"
    offered = set(answer[0].decode().split())
    assert offered >= {
        "CONDSTORE", "QRESYNC", "UIDPLUS", "MOVE", "SPECIAL-USE", "IDLE", "LITERAL+"
    }  # fmt: skip


def test_the_certificate_is_refused_without_the_authority(mailbox: DovecotAccount) -> None:
    port = mailbox.server.tls_port
    with pytest.raises(ssl.SSLCertVerificationError):
        imaplib.IMAP4_SSL("127.0.0.1", port, ssl_context=ssl.create_default_context())


def test_wrong_passwords_are_refused_without_delay(mailbox: DovecotAccount) -> None:
    started = time.monotonic()
    for _ in range(3):
        with imaplib.IMAP4_SSL(
            "127.0.0.1", mailbox.server.tls_port, ssl_context=trusting(mailbox), timeout=20
        ) as client:
            with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
                client.login(mailbox.username, "wrong")
    assert time.monotonic() - started < 5


def test_an_unknown_user_is_refused(dovecot: Dovecot) -> None:
    with imaplib.IMAP4("127.0.0.1", dovecot.port, timeout=20) as client:
        with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
            client.login("nobody-here", "secret")


def test_starttls_on_the_plain_port(mailbox: DovecotAccount) -> None:
    with imaplib.IMAP4("127.0.0.1", mailbox.server.port, timeout=20) as client:
        assert client.starttls(trusting(mailbox))[0] == "OK"
        assert client.login(mailbox.username, mailbox.password)[0] == "OK"


def test_a_password_may_hold_any_sign(dovecot: Dovecot) -> None:
    dovecot.add_user("odd@example.org", "a:b {c} d%u\\")
    with imaplib.IMAP4("127.0.0.1", dovecot.port, timeout=20) as client:
        assert client.login("odd@example.org", "a:b {c} d%u\\")[0] == "OK"


def test_folders_with_a_special_use_are_there_and_subscribed(client: imaplib.IMAP4) -> None:
    lines = b"\n".join(line for line in client.lsub()[1] if isinstance(line, bytes)).decode()
    for folder in ("Sent", "Drafts", "Trash", "Junk", "Archive"):
        assert re.search(rf'"/" "?{folder}"?$', lines, re.MULTILINE)
    listed = b"\n".join(line for line in client.list()[1] if isinstance(line, bytes)).decode()
    for use in ("Sent", "Drafts", "Trash", "Junk", "Archive"):
        assert re.search(rf'\\{use}[) ].*"/" "?{use}"?$', listed, re.MULTILINE)


@pytest.mark.parametrize(
    ("folder", "selected"),
    [("INBOX", "INBOX"), ("A/B", "A/B"), ("Entwürfe & mehr", '"Entw&APw-rfe &- mehr"')],
)
def test_delivered_mail_has_its_flags_and_date(
    mailbox: DovecotAccount, client: imaplib.IMAP4, folder: str, selected: str
) -> None:
    mailbox.deliver(folder, RAW, flags="SF", when=WHEN)
    assert client.select(selected, readonly=True) == ("OK", [b"1"])
    answer = client.fetch("1", "(FLAGS INTERNALDATE BODY.PEEK[])")[1][0]
    assert isinstance(answer, tuple)
    assert set(imaplib.ParseFlags(answer[0])) - {rb"\Recent"} == {rb"\Seen", rb"\Flagged"}
    moment = imaplib.Internaldate2tuple(answer[0])
    assert moment is not None
    assert time.mktime(moment) == WHEN.timestamp()
    assert answer[1] == RAW


def test_a_client_may_change_what_was_delivered(
    mailbox: DovecotAccount, client: imaplib.IMAP4
) -> None:
    mailbox.deliver("INBOX", RAW)
    client.select("INBOX")
    assert client.store("1", "+FLAGS", r"\Deleted")[0] == "OK"
    assert client.expunge() == ("OK", [b"1"])
    assert client.append("Sent", "", "", RAW)[0] == "OK"
    assert client.create("New/One")[0] == "OK"


def test_environment_names_the_tls_port(mailbox: DovecotAccount) -> None:
    environment = mailbox.environment()
    assert environment["EMAIL_IMAP_PORT"] == str(mailbox.server.tls_port)
    assert Path(environment["EMAIL_IMAP_CA_FILE"]).is_file()
    assert mailbox.password not in repr(mailbox)


def test_a_restart_keeps_mail_and_ports(dovecot_root: Path) -> None:
    with Dovecot(dovecot_root) as server:
        server.add_user("kept", "secret")
        server.deliver("kept", "INBOX", RAW)
        server.restart()
        with imaplib.IMAP4(server.host, server.port, timeout=20) as client:
            client.login("kept", "secret")
            assert client.select() == ("OK", [b"1"])


def test_plain_text_login_can_be_refused(dovecot_root: Path) -> None:
    with Dovecot(dovecot_root, plaintext=False) as server:
        server.add_user("careful", "secret")
        context = ssl.create_default_context(cafile=str(server.ca_file))
        with imaplib.IMAP4(server.host, server.port, timeout=20) as client:
            assert "LOGINDISABLED" in client.capabilities
            with pytest.raises(imaplib.IMAP4.error, match="PRIVACYREQUIRED"):
                client.login("careful", "secret")
            client.starttls(context)
            assert client.login("careful", "secret")[0] == "OK"


def test_a_server_that_cannot_start_shows_its_log(dovecot_root: Path) -> None:
    with pytest.raises(DovecotStartError, match="no_such_setting"):
        Dovecot(dovecot_root, extra="no_such_setting = 1")


def test_it_listens_on_loopback_only(dovecot: Dovecot) -> None:
    ports = {dovecot.port, dovecot.tls_port}
    listening = set()
    for table in ("tcp", "tcp6"):
        path = Path("/proc/net", table)
        for line in path.read_text().splitlines()[1:] if path.exists() else ():
            local, _, state = line.split()[1:4]
            address, port = local.split(":")
            if state == "0A" and int(port, 16) in ports:
                listening.add((address, int(port, 16)))
    assert listening == {("0100007F", port) for port in ports}


def test_it_runs_as_an_ordinary_user(dovecot: Dovecot) -> None:
    assert dovecot.pid is not None
    running = sessions.members(dovecot.pid, "jf-")
    assert len(running) > 1
    assert all(Path(f"/proc/{process}").stat().st_uid != 0 for process in running)


def test_stopping_leaves_no_process_and_no_folder(dovecot_root: Path) -> None:
    server, started = Dovecot(dovecot_root), time.monotonic()
    server.add_user("open", "secret")
    client = imaplib.IMAP4(server.host, server.port, timeout=20)
    client.login("open", "secret")
    session, folder = server.pid, server.ca_file.parent
    assert session is not None
    assert len(sessions.members(session, folder.name)) > 3
    server.stop()
    server.stop()
    assert sessions.members(session, "") == []
    assert not folder.exists()
    assert "starting up" in server.log_text()
    client.shutdown()
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_run_leaves_no_process(dovecot_root: Path, ending: signal.Signals) -> None:
    script = (
        "import sys, time; from pathlib import Path; from tests.peers.dovecot import Dovecot\n"
        "server = Dovecot(Path(sys.argv[1])); print(server.pid, server.ca_file.parent)\n"
        "sys.stdout.flush(); time.sleep(60)"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", script, str(dovecot_root)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with run:
        assert run.stdout is not None
        leader, folder = run.stdout.readline().split()
        session = int(leader)
        assert sessions.members(session, "jf-")
        os.kill(run.pid, ending)
    deadline = time.monotonic() + 10
    while sessions.members(session, "jf-") and time.monotonic() < deadline:
        time.sleep(0.05)
    shutil.rmtree(folder, ignore_errors=True)  # nobody is left to do it after SIGKILL
    assert sessions.members(session, "jf-") == []
