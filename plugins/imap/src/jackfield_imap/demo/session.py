"""One client: who it is, the folder it has open, and how it sees that folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jackfield_imap.demo.fetch import answer, named
from jackfield_imap.demo.sequence import read_set
from jackfield_imap.demo.tokens import CommandError, word

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jackfield_imap.demo.fetch import Item
    from jackfield_imap.demo.mailbox import Folder, Mailbox, StoredMail
    from jackfield_imap.demo.tokens import Value
    from jackfield_imap.demo.wire import Command, Wire


CAPABILITIES = (
    "IMAP4rev1 LITERAL+ SASL-IR AUTH=PLAIN ID NAMESPACE ENABLE CONDSTORE SPECIAL-USE "
    "UIDPLUS MOVE UNSELECT IDLE"
)


class Session:
    """What the server knows of a connection.

    The client's message numbers are positions in `view`. They change only when the session
    says so with EXISTS and EXPUNGE, whatever others do to the folder meanwhile.

    Args:
        wire: The connection.
        mailbox: What is served on it.
        username: Who may sign in.
        password: With what.
    """

    def __init__(self, wire: Wire, mailbox: Mailbox, username: str, password: str) -> None:
        self.wire = wire
        self.mailbox = mailbox
        self.credentials = (username.encode(), password.encode())
        self.signed_in = False
        self.over = False
        self.condstore = False
        self.folder: Folder | None = None
        self.read_only = False
        self.view: list[StoredMail] = []
        self._told: dict[int, int] = {}

    @property
    def selected(self) -> Folder:
        """The open folder.

        Raises:
            CommandError: None is open.
        """
        if self.folder is None:
            raise CommandError("BAD", "No mailbox selected")
        return self.folder

    def writable(self) -> Folder:
        """Give the open folder to a command that changes it.

        Returns:
            The folder.

        Raises:
            CommandError: None is open, or it was opened with EXAMINE.
        """
        if self.read_only:
            raise CommandError("NO", "[READ-ONLY] Mailbox is open for reading only")
        return self.selected

    def find_folder(self, name: bytes) -> Folder:
        """Look up a folder.

        Args:
            name: As on the wire.

        Returns:
            The folder.

        Raises:
            CommandError: There is none of that name.
        """
        text = name.decode("utf-8", "replace")
        if text not in self.mailbox:
            raise CommandError("NO", "[NONEXISTENT] No such mailbox")
        return self.mailbox[text]

    def open(self, folder: Folder, *, read_only: bool) -> None:
        """Open a folder.

        Args:
            folder: Which.
            read_only: As EXAMINE does.
        """
        self.folder, self.read_only = folder, read_only
        self.view = list(folder.mails)
        self._told = {mail.uid: mail.modseq for mail in self.view}

    def leave(self) -> None:
        """Close the folder, if one is open."""
        self.folder, self.view, self._told = None, [], {}

    def pick(self, command: Command) -> Iterator[tuple[int, StoredMail]]:
        """Find the mails that a command is about.

        Args:
            command: Its first argument is the set of numbers or UIDs.

        Yields:
            Number and mail.

        Raises:
            CommandError: A message number is too high. An unknown UID is no error.
        """
        last = self.view[-1].uid if self.view and command.by_uid else len(self.view)
        numbers = read_set(word(command.args, 0), last)
        if not command.by_uid and self.view and numbers.largest > len(self.view):
            raise CommandError("BAD", "No message of that number")
        for number, mail in enumerate(tuple(self.view), 1):
            if (mail.uid if command.by_uid else number) in numbers:
                yield number, mail

    def tell(self, number: int, mail: StoredMail, items: Sequence[Item]) -> None:
        """Send a FETCH response.

        Args:
            number: The mail's.
            mail: Which.
            items: What to tell of it.
        """
        self.wire.send(answer(number, mail, items))

    def tell_flags(self, number: int, mail: StoredMail, *, uid: bool = True) -> None:
        """Send a mail's flags, and its modseq to a client that knows of it.

        Args:
            number: The mail's.
            mail: Which.
            uid: With its UID.
        """
        self._told[mail.uid] = mail.modseq
        names = ["UID"] * uid + ["FLAGS"] + ["MODSEQ"] * self.condstore
        self.tell(number, mail, named(*names))

    def keep_quiet(self, mail: StoredMail) -> None:
        """Take a change as known to the client.

        Args:
            mail: What has changed.
        """
        self._told[mail.uid] = mail.modseq

    def announce(self, *, expunged: bool = True) -> None:
        """Tell what has changed in the open folder since the last time.

        Args:
            expunged: Whether mails may vanish now, which shifts the numbers of those behind
                them (RFC 9051, section 7.5.1).
        """
        if self.folder is None:
            return
        if expunged:
            self._announce_expunged({mail.uid for mail in self.folder.mails})
        self._announce_new(self.folder.mails)
        for number, mail in enumerate(self.view, 1):
            if self._told[mail.uid] < mail.modseq:
                self.tell_flags(number, mail)

    def _announce_expunged(self, alive: set[int]) -> None:
        for number in range(len(self.view), 0, -1):
            if self.view[number - 1].uid not in alive:
                del self._told[self.view.pop(number - 1).uid]
                self.wire.send(f"* {number} EXPUNGE")

    def _announce_new(self, mails: Sequence[StoredMail]) -> None:
        new = [mail for mail in mails if mail.uid not in self._told]
        if new:
            self.view += new
            self._told |= {mail.uid: mail.modseq for mail in new}
            self.wire.send(f"* {len(self.view)} EXISTS")


def modifiers(args: Sequence[Value], at: int) -> dict[str, int]:
    """Read modifiers such as ``(CHANGEDSINCE 12345)`` (RFC 7162, section 3.1).

    Args:
        args: Of the command.
        at: Where they would stand.

    Returns:
        Names in capitals to numbers; empty if there are none.

    Raises:
        CommandError: They are not of that form.
    """
    given = args[at] if at < len(args) else []
    names = [item for item in given if isinstance(item, bytes)] if isinstance(given, list) else []
    found = {
        name.decode("ascii", "replace").upper(): int(number)
        for name, number in zip(names[::2], names[1::2], strict=False)
        if number.isdigit() and len(number) < 20
    }
    if not isinstance(given, list) or len(found) * 2 != len(given):
        raise CommandError("BAD", "Unknown modifier")
    return found
