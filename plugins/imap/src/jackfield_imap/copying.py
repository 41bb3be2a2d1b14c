"""The copy of what was sent: put into the Sent folder once, and looked for there."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from jackfield_imap.failures import refusals
from jackfield_imap.fetching import examine
from jackfield_imap.namespaces import own_folders

if TYPE_CHECKING:
    from imapclient import IMAPClient

    from jackfield.batches import Collection
    from jackfield.content.composing import Outgoing
    from jackfield.models import Draft
    from jackfield_imap.settings import ImapSettings

# They file what is handed to them themselves; seen by authors of other mail programs:
# github.com/thunderbird/thunderbird-android/issues/7134, github.com/huacnlee/omamail/pull/60
_FILE_THEMSELVES = frozenset({
    "smtp.gmail.com", "smtp.googlemail.com", "smtp-relay.gmail.com",
    "smtp.office365.com", "smtp-mail.outlook.com", "smtp.live.com",
})  # fmt: skip
_MOST_FOUND = 20


def is_wanted(settings: ImapSettings, client: IMAPClient) -> bool:
    """Tell whether the copy is ours to make.

    Args:
        settings: `sent_copy` decides, unless it is ``auto``.
        client: Signed in.

    Returns:
        False where the server is known to file what it sends.
    """
    if settings.sent_copy != "auto":
        return settings.sent_copy == "always"
    host = settings.effective_smtp_server.lower().rstrip(".")
    return host not in _FILE_THEMSELVES and not client.has_capability("X-GM-EXT-1")


def keep(client: IMAPClient, settings: ImapSettings, draft: Draft, mail: Outgoing) -> None:
    """Put the copy with its blind copies into the Sent folder, unless it is there.

    Args:
        client: Signed in.
        settings: Of the account.
        draft: What was sent, for its date.
        mail: The same, composed.
    """
    if not is_wanted(settings, client):
        return
    folders = _all_folders(client)
    own = _own_name(client)
    sent = _for_sent(folders, own)
    if any(_holds(client, each, mail.message_id) for each in sent):
        return
    with refusals():
        if not sent:
            client.create_folder(own)
            client.subscribe_folder(own)
        folder = sent[0] if sent else own
        client.append(folder, mail.for_sender, flags=[b"\\Seen"], msg_time=draft.created_at)


def is_there(client: IMAPClient, identifier: str) -> bool:
    """Look for a mail among what was sent.

    Args:
        client: Signed in.
        identifier: Its Message-ID, in angle brackets.

    Returns:
        Whether it lies in a folder for sent mails, or in the one that shows all.
    """
    folders = _all_folders(client)
    places = _for_sent(folders, _own_name(client))
    places += [each.id for each in folders if each.role == "all"]
    return any(_holds(client, each, identifier) for each in places)


def _all_folders(client: IMAPClient) -> list[Collection]:
    return own_folders(client)


def _for_sent(folders: list[Collection], own: str) -> list[str]:
    """Find the folders for what was sent: those that are marked, else the one we would make."""
    marked = [each.id for each in folders if each.role == "sent"]
    return marked or [each.id for each in folders if each.id.lower() == own.lower()]


def _own_name(client: IMAPClient) -> str:
    """Name the folder that we would make, where the server wants folders to be (RFC 2342)."""
    own = client.namespace().personal if client.has_capability("NAMESPACE") else None
    prefix: bytes | str = own[0][0] if own else ""
    return f"{prefix.decode('utf-8', 'replace') if isinstance(prefix, bytes) else prefix}Sent"


def _holds(client: IMAPClient, folder: str, identifier: str) -> bool:
    """Ask for the header, then look at it: SEARCH finds what holds the text, too."""
    examine(client, folder)
    with refusals():
        found = client.search(["HEADER", "Message-ID", identifier])[-_MOST_FOUND:]
        if not found:
            return False
        answer = client.fetch(found, [b"BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"])
    return any(
        cast("bytes", value).partition(b":")[2].strip() == identifier.encode()
        for each in answer.values()
        for name, value in each.items()
        if bytes(name).startswith(b"BODY[") and value
    )
