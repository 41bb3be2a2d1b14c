"""Which folders are the account's own (RFC 2342): others' and shared ones are not synced."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from jackfield_imap.failures import Refused, refusals
from jackfield_imap.folders import folders_of

if TYPE_CHECKING:
    from imapclient import IMAPClient

    from jackfield.batches import Collection

_known: WeakKeyDictionary[IMAPClient, tuple[str, ...]] = WeakKeyDictionary()


def own_folders(client: IMAPClient) -> list[Collection]:
    """List the folders of an account.

    Args:
        client: Signed in.

    Returns:
        As `folders_of` gives them.
    """
    with refusals():
        return folders_of(client.list_folders(), foreign(client))


def foreign(client: IMAPClient) -> tuple[str, ...]:
    """Ask once how the names of folders begin that belong to others, or to all.

    Args:
        client: Signed in.

    Returns:
        Beginnings as on the wire; none where the server does not say.
    """
    if client not in _known:
        _known[client] = _ask(client) if client.has_capability("NAMESPACE") else ()
    return _known[client]


def _ask(client: IMAPClient) -> tuple[str, ...]:
    try:
        with refusals():
            said = client.namespace()
    except Refused:
        return ()
    prefixes = [prefix for kind in (said.other, said.shared) for prefix, _ in kind or ()]
    texts = [
        each.decode("utf-8", "backslashreplace") if isinstance(each, bytes) else each
        for each in prefixes
    ]
    return tuple(text for text in texts if text and text.upper() != "INBOX")
