"""Every mail that others recorded: put into Dovecot, listed, shown, and compared.

Dovecot's ENVELOPE is the other opinion. What differs is a line in `corpus_differences.txt` with
the file and what both sides say; that list may only shrink.
"""

from __future__ import annotations

import email.header
import email.utils
import imaplib
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jackfield.config import load_configuration
from jackfield.orchestrator import AssistantOrchestrator
from jackfield.registry import Registry
from jackfield_imap.responses import fetched
from tests.peers.corpora import CORPUS_MAILS

if TYPE_CHECKING:
    from jackfield.models import UnifiedEmail
    from tests.peers.corpora import Mails
    from tests.peers.fixtures import DovecotAccount

ARRIVED = datetime(2026, 1, 1, tzinfo=UTC)
"""What a mail's time is where its Date header says none."""

UNPARSED = 5
SHARE = 0.99
KNOWN = Path(__file__).with_name("corpus_differences.txt")

Side = dict[str, str]


async def test_all_recorded_mails_are_listed_and_shown_as_the_server_describes_them(
    mailbox: DovecotAccount, mail_corpus: Mails, tmp_path: Path
) -> None:
    names = _deliver(mailbox, mail_corpus)
    configuration = load_configuration(mailbox.environment())
    async with AssistantOrchestrator(
        registry=Registry(), configuration=configuration, store=tmp_path / "store.db"
    ) as assistant:
        listed = await assistant.get_all_emails(limit=len(names) + 1, deadline=300)
        assert listed.complete
        ours: dict[str, UnifiedEmail] = {}
        for mail in listed:
            shown: Any = await assistant.show(mail.id)
            assert (shown.subject, shown.message_id) == (mail.subject, mail.message_id)
            ours[names[mail.provider_id]] = shown

    assert len(ours) == len(names) == CORPUS_MAILS
    unparsed = [name for name, mail in ours.items() if mail.unparsed]
    assert len(unparsed) <= UNPARSED, unparsed
    theirs = {names[uid]: side for uid, side in _envelopes(mailbox).items()}
    differences = [
        f"{name}\t{field}\tjackfield {ours_[field]!r}\tdovecot {theirs[name][field]!r}"
        for name in sorted(ours)
        for ours_ in [_side(ours[name])]
        for field in ours_
        if ours_[field] != theirs[name][field] and (field != "date" or theirs[name][field])
    ]
    (tmp_path / "differences.txt").write_text("\n".join(differences), encoding="utf-8")
    files = {line.partition("\t")[0] for line in differences}
    assert len(files) <= (1 - SHARE) * len(names), f"{len(files)} files differ: {tmp_path}"
    known = set(KNOWN.read_text(encoding="utf-8").splitlines())
    new = [line for line in differences if line not in known]
    assert new == [], "\n".join(new)
    gone = sorted(known - set(differences))
    assert gone == [], "no longer different, take these out:\n" + "\n".join(gone)


def _deliver(mailbox: DovecotAccount, mails: Mails) -> dict[str, str]:
    """Put the mails into the inbox; give the name of each by the UID it gets."""
    by_path = {
        mailbox.deliver("INBOX", path.read_bytes(), flags="S", when=ARRIVED).name.partition(":")[
            0
        ]: name
        for name, path in mails
    }
    with _imap(mailbox) as client:
        client.select("INBOX", readonly=True)
    uidlist = next(iter(mailbox.maildir.glob("dovecot-uidlist")))
    rows = uidlist.read_text(encoding="utf-8").splitlines()[1:]
    uids = {row.partition(" :")[2].partition(":")[0]: row.split(" ", 1)[0] for row in rows}
    return {uids[path]: name for path, name in by_path.items()}


def _imap(mailbox: DovecotAccount) -> imaplib.IMAP4_SSL:
    settings = mailbox.environment()
    trust = ssl.create_default_context(cafile=settings["EMAIL_IMAP_CA_FILE"])
    host, port = settings["EMAIL_IMAP_SERVER"], int(settings["EMAIL_IMAP_PORT"])
    client = imaplib.IMAP4_SSL(host, port, ssl_context=trust, timeout=60)
    client.login(settings["EMAIL_IMAP_USERNAME"], settings["EMAIL_IMAP_PASSWORD"])
    return client


def _envelopes(mailbox: DovecotAccount) -> dict[str, Side]:
    """Ask Dovecot what it makes of every mail."""
    with _imap(mailbox) as client:
        client.select("INBOX", readonly=True)
        _, pieces = client.fetch("1:*", "(UID ENVELOPE)")
    return {said[b"UID"].decode(): _envelope(said[b"ENVELOPE"]) for said in fetched(pieces)}  # type: ignore[union-attr,arg-type]


def _envelope(parts: list[Any]) -> Side:
    """Decode an ENVELOPE (RFC 9051, section 7.5.2) by the standard library alone."""
    date, subject, sender, _, _, to, _, _, _, message_id = parts
    return {
        "subject": _text(subject),
        "from": next(iter(_people(sender)), ""),
        "to": ", ".join(_people(to)),
        "date": _date(date),
        "message_id": _fold((message_id or b"").decode("utf-8", "replace")),
    }


def _people(addresses: list[Any] | None) -> list[str]:
    people = []
    for name, _, local, host in addresses or []:
        if host is not None:
            address = (
                _text(local)
                if host in {b"MISSING_DOMAIN", b""}
                else f"{_text(local)}@{_text(host)}"
            )
            people.append(f"{_text(name)} <{address}>".strip())
    return people


def _text(raw: bytes | None) -> str:
    """Decode words of RFC 2047 by `email.header`, raw bytes by UTF-8 or Windows-1252."""
    try:
        text = (raw or b"").decode("utf-8")
    except UnicodeDecodeError:
        text = (raw or b"").decode("cp1252", "replace")
    try:
        return _fold(str(email.header.make_header(email.header.decode_header(text))))
    except (LookupError, UnicodeError, ValueError):
        return _fold(text)


def _date(raw: bytes | None) -> str:
    parts = email.utils.parsedate_tz((raw or b"").decode("ascii", "replace"))
    return "" if parts is None else str(email.utils.mktime_tz(parts))


def _fold(text: str) -> str:
    return " ".join(text.replace("\x00", "\x80").split())


def _side(mail: UnifiedEmail) -> Side:
    def person(contact: Any) -> str:
        return (
            f"{_fold(contact.name)} <{_fold(contact.address)}>".strip() if contact.address else ""
        )

    return {
        "subject": _fold(mail.subject),
        "from": person(mail.sender),
        "to": ", ".join(filter(None, map(person, mail.recipients))),
        "date": str(int(mail.time.timestamp())),
        "message_id": _fold(mail.message_id or ""),
    }
