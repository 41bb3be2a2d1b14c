"""All folders of an account with what STATUS says of them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias, cast

from jackfield_imap.failures import Refused, refusals
from jackfield_imap.fetching import has_condstore
from jackfield_imap.folders import folders_of
from jackfield_imap.namespaces import foreign, own_folders
from jackfield_imap.responses import statuses

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imapclient import IMAPClient

    from jackfield.batches import Collection

_AT_ONCE = 20
"""Commands that are sent before the first answer is read."""

_Listed: TypeAlias = "list[tuple[Sequence[bytes], bytes | None, bytes | str]]"
_Numbers: TypeAlias = "dict[str, dict[bytes, int]]"


def folders_with_status(client: IMAPClient) -> list[Collection]:
    """List the folders, each with its epoch, count and version.

    Args:
        client: Signed in.

    Returns:
        All folders; one of which the server says nothing has no epoch.
    """
    what = "UIDVALIDITY MESSAGES UIDNEXT" + (" HIGHESTMODSEQ" if has_condstore(client) else "")
    _leave(client)
    client._imap.untagged_responses.pop("STATUS", None)
    if client.has_capability("LIST-STATUS"):
        folders = folders_of(_list_with_status(client, what), foreign(client))
    else:
        folders = own_folders(client)
    said = _said(client)
    _ask(client, [each.id for each in folders if _key(each.id) not in said], what)
    said |= _said(client)
    return [_known(folder, said.get(_key(folder.id), {})) for folder in folders]


def _leave(client: IMAPClient) -> None:
    """Close the open folder, of which STATUS may tell how it was when it was opened."""
    raw = client._imap
    if raw.state == "SELECTED":
        if client.has_capability("UNSELECT"):
            raw.unselect()
        else:
            raw.noop()  # CLOSE might expunge


def _key(name: str) -> str:
    return "INBOX" if name.upper() == "INBOX" else name


def _said(client: IMAPClient) -> _Numbers:
    pieces = client._imap.untagged_responses.pop("STATUS", [])
    return {
        _key(name.decode("utf-8", "backslashreplace")): numbers
        for name, numbers in statuses(pieces)
    }


def _list_with_status(client: IMAPClient, what: str) -> _Listed:
    """Ask for everything at once (RFC 5819)."""
    raw = client._imap
    roles = "SPECIAL-USE " if client.has_capability("SPECIAL-USE") else ""
    kind, said = raw._simple_command("LIST", '""', '"*"', f"RETURN ({roles}STATUS ({what}))")
    client._checkok("LIST", kind, said)
    _, pieces = raw._untagged_response(kind, said, "LIST")
    return cast("_Listed", client._proc_folder_list(pieces))


def _ask(client: IMAPClient, names: Sequence[str], what: str) -> None:
    """Send STATUS for many folders and only then read; what the server refuses is left out."""
    raw = client._imap
    for at in range(0, len(names), _AT_ONCE):
        tags = [
            raw._command("STATUS", client._normalise_folder(name), f"({what})")
            for name in names[at : at + _AT_ONCE]
        ]
        for tag in tags:
            with suppress(Refused), refusals():
                raw._command_complete("STATUS", tag)


def _known(folder: Collection, numbers: dict[bytes, int]) -> Collection:
    epoch, count = numbers.get(b"UIDVALIDITY"), numbers.get(b"MESSAGES")
    if epoch is None:
        return replace(folder, count=count)
    modseq, following = numbers.get(b"HIGHESTMODSEQ", 0), numbers.get(b"UIDNEXT")
    is_versioned = modseq > 0 and count is not None and following is not None
    version = f"{modseq}:{following}:{count}" if is_versioned else ""
    return replace(folder, epoch=str(epoch), count=count, version=version)
