"""Who gets a mail: addresses checked before anything leaves."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import idna

from jackfield.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jackfield.models import Contact, Draft

MOST_RECEIVERS: Final = 1_000
_LONGEST_NAME: Final = 500
_LONGEST_ADDRESS: Final = 254
_LONGEST_LOCAL: Final = 64
# RFC 5322, section 3.2.3, and what RFC 6531, section 3.3, adds to it.
_LOCAL = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*")
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Somebody whose address was checked.

    Attributes:
        name: The display name, or empty.
        address: The address; its domain in ASCII (RFC 5890).
    """

    name: str
    address: str

    @property
    def domain(self) -> str:
        """What stands behind the @."""
        return self.address.rpartition("@")[2]

    @property
    def same(self) -> str:
        """Equal for two spellings of one address."""
        return self.address.lower()


@dataclass(frozen=True, slots=True)
class Receivers:
    """Everybody who gets a mail, each once.

    Attributes:
        to: Receivers.
        cc: Copies.
        bcc: Blind copies, none of which is named by the others.
    """

    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...]
    bcc: tuple[Mailbox, ...]

    @property
    def everybody(self) -> tuple[str, ...]:
        """The addresses of all, those that all may see first."""
        return tuple(one.address for one in (*self.to, *self.cc, *self.bcc))


def unwritable(text: str) -> str:
    """Find what no header may hold: control characters, line ends, halves of characters.

    Args:
        text: Any text.

    Returns:
        The code point of the first, such as ``U+000A``, or an empty string.
    """
    for character in text:
        if unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}:
            return f"U+{ord(character):04X}"
    return ""


def mailbox(account: str, contact: Contact) -> Mailbox:
    """Check a contact.

    Args:
        account: ``source:name``, for errors.
        contact: Whoever it is.

    Returns:
        Name and address.

    Raises:
        InvalidRequest: It has no address that mail can be sent to, or a name that cannot be
            written.
    """
    address = next((one.value for one in contact.addresses if one.scheme == "mailto"), "")
    shown = f"{contact.name!r} {address!r}" if contact.name else repr(address)
    found = unwritable(contact.name) or unwritable(address)
    if found:
        raise InvalidRequest(account, f"{shown} holds the control character {found}")
    if len(contact.name) > _LONGEST_NAME:
        raise InvalidRequest(account, f"the name of {address!r} is longer than {_LONGEST_NAME}")
    local, at, domain = address.rpartition("@")
    ascii_domain = _ascii(domain)
    right = at and ascii_domain and _LOCAL.fullmatch(local)
    if not right or len(local.encode()) > _LONGEST_LOCAL:
        raise InvalidRequest(account, f"{shown} is no mail address", fix="write name@example.com")
    if len(f"{local}@{ascii_domain}".encode()) > _LONGEST_ADDRESS:
        raise InvalidRequest(account, f"the address {address!r} is too long")
    return Mailbox(contact.name.strip(" "), f"{local}@{ascii_domain}")


def _ascii(domain: str) -> str:
    """Write a domain in ASCII; empty where it is none."""
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            return ""
    return domain if len(domain) <= 253 and _DOMAIN.fullmatch(domain) else ""


def receivers(draft: Draft) -> Receivers:
    """Check everybody who shall get a draft; who is named twice gets it once.

    Args:
        draft: The draft.

    Returns:
        Receivers, in the order they were named; who may be seen is no blind copy besides.

    Raises:
        InvalidRequest: There are none, too many, or one is wrong.
    """
    seen: set[str] = set()
    found = Receivers(
        *(_new(draft.account, people, seen) for people in (draft.to, draft.cc, draft.bcc))
    )
    count = len(found.everybody)
    if not count:
        raise InvalidRequest(draft.account, "the mail has no receiver")
    if count > MOST_RECEIVERS:
        raise InvalidRequest(
            draft.account, f"the mail has {count:,} receivers; {MOST_RECEIVERS:,} are allowed"
        )
    return found


def _new(account: str, people: Iterable[Contact], seen: set[str]) -> tuple[Mailbox, ...]:
    found = [mailbox(account, one) for one in people]
    new = {one.same: one for one in reversed(found) if one.same not in seen}
    seen.update(new)
    return tuple(reversed(new.values()))
