"""A client that reads what servers really send, and no more of it than memory can hold.

imaplib reads literals of any size and stores untagged answers without end; it takes a tagged
``OK`` without text for a broken line, and a status text that ends in ``{5}`` for a literal.
"""

from __future__ import annotations

import re
from imaplib import IMAP4
from typing import IO, TYPE_CHECKING, Any

from imapclient import IMAPClient
from imapclient.imap4 import IMAP4WithTimeout
from imapclient.tls import IMAP4_TLS

if TYPE_CHECKING:
    from imapclient import SocketTimeout

LINE_BYTES = 8 * 1024 * 1024
"""Of one line. Structures and lists of UIDs are long, but none is that long."""

LITERAL_BYTES = 64 * 1024 * 1024
"""Of one literal. Mails of more than a batch are asked for in parts (`jackfield_imap.large`)."""

ANSWER_BYTES = 128 * 1024 * 1024
"""Of all that comes between a command and its end; enough for 2.5 million UIDs."""

REMARKS = 10_000
"""Untagged lines of an answer that are no data."""

FOLDERS = 10_000
"""In one list; each of them would cost a command or two in every sync."""

_LINE_COSTS = 32
"""Bytes that a line takes in memory beside its text."""

_DATA = frozenset({"FETCH", "SEARCH", "ESEARCH", "LIST", "STATUS", "EXPUNGE", "VANISHED"})
_BARE = re.compile(rb"[^ *+]\S* (?:OK|NO|BAD)")
_REMARK = re.compile(rb"\* (?:OK|NO|BAD|BYE|PREAUTH) .*\}", re.DOTALL)


class TooMuch(Exception):
    """The server sends more than anybody asked for; the line is of no use any more.

    It is none of imaplib's errors, which imaplib catches and words anew.
    """


class _Bounded(IMAP4):
    """imaplib with bounds; `IMAPClient` brings the two kinds of connection."""

    _taken = 0
    _remarks = 0
    _folders = 0
    file: IO[bytes]

    def _new_tag(self) -> bytes:
        self._taken = self._remarks = self._folders = 0
        return super()._new_tag()  # type: ignore[misc, no-any-return]

    def readline(self) -> bytes:
        reader = getattr(self, "_file", None) or self.file  # Python 3.14 renamed it
        line: bytes = reader.readline(LINE_BYTES + 1)
        if len(line) > LINE_BYTES:
            raise TooMuch(f"a line of more than {LINE_BYTES} bytes")
        return line

    def read(self, size: int) -> bytes:
        if size > LITERAL_BYTES:
            raise TooMuch(f"a text of {size} bytes; {LITERAL_BYTES} are read at the most")
        return super().read(size)

    def _get_line(self) -> bytes:
        line: bytes = super()._get_line()  # type: ignore[misc]
        if _BARE.fullmatch(line) or _REMARK.fullmatch(line):
            return line + b" "
        return line

    def _append_untagged(self, kind: str, data: Any) -> None:
        size = len(data) if isinstance(data, bytes) else sum(map(len, data or ()))
        self._taken += size + _LINE_COSTS
        self._remarks += kind not in _DATA
        self._folders += kind == "LIST"
        if self._taken > ANSWER_BYTES:
            raise TooMuch(f"an answer of more than {ANSWER_BYTES} bytes")
        if self._remarks > REMARKS:
            raise TooMuch(f"more than {REMARKS} remarks without an answer")
        if self._folders > FOLDERS:
            raise TooMuch(f"a list of more than {FOLDERS} folders")
        super()._append_untagged(kind, data)  # type: ignore[misc]


class _Plain(_Bounded, IMAP4WithTimeout):  # type: ignore[misc]
    """A line without TLS from the first byte."""


class _Tls(_Bounded, IMAP4_TLS):  # type: ignore[misc]
    """A line with TLS from the first byte."""


class BoundedClient(IMAPClient):  # type: ignore[misc]
    """IMAPClient over a line with bounds; takes the same arguments.

    IMAPClient has imaplib write every answer into a log, mails included: that costs more than
    reading them, and shows to a log what is nobody's business.
    """

    _timeout: SocketTimeout

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._imap.debug = 0

    def _create_IMAP4(self) -> IMAP4:  # noqa: N802  IMAPClient's name
        if self.ssl:
            trust, wait = self.ssl_context, self._timeout.connect
            return _Tls(self.host, self.port, trust, wait)  # type: ignore[call-arg]
        return _Plain(self.host, self.port, self._timeout.connect)
