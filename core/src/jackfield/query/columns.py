"""The texts of an item that are searched, by column, and a phrase as FTS5 looks for it in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jackfield.query.segments import MARK, indexed_form, is_special, plain, searched_form

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from jackfield.models import Contact, Item

FIELDS = {"subject": "subject", "from": "sender", "to": "recipients", "cc": "cc"}
"""The search language's fields to columns."""

TEXT_COLUMNS = ("subject", "sender", "recipients", "cc", "body", "files")
SECOND_COLUMNS = ("cjk_subject", "cjk_sender", "cjk_recipients", "cjk_cc", "cjk_body")
"""The second forms (`segments`); those of file names stand beside the body's."""

COLUMNS = (*TEXT_COLUMNS, *SECOND_COLUMNS)

TOKENIZER = "unicode61 remove_diacritics 2 categories 'L* N*'"
"""Letters and digits make words; private characters, which icon fonts use, part them."""

_BREAK = f" {MARK} "  # keeps a phrase from going over from one text to the next


def text_columns(item: Item) -> tuple[str, ...]:
    """Lay out the texts of an item.

    Args:
        item: The item.

    Returns:
        A text for each of `COLUMNS`.
    """
    texts = (
        _subject(item),
        _people((item.sender,)),
        _people((*item.recipients, *getattr(item, "bcc", ()))),
        _people(getattr(item, "cc", ())),
        item.text,
        _files(item),
    )
    seconds = [indexed_form(plain(text)) for text in texts]
    if seconds[5]:
        seconds[4] += _BREAK + seconds[5]
    return (*texts, *seconds[:5])


def is_to(item: Item, names: Collection[str]) -> bool:
    """Tell whether an item went to somebody: what ``to:me`` means.

    Args:
        item: The item.
        names: Addresses in lower case.

    Returns:
        True where one of the recipients has one of them.
    """
    reached = {address.value.lower() for each in item.recipients for address in each.addresses}
    return not reached.isdisjoint(names)


def has_attachment(item: Item) -> bool:
    """Tell whether an item has a file that is not shown within its text.

    Args:
        item: The item.

    Returns:
        What ``has:attachment`` means.
    """
    return any(not each.inline for each in item.attachments)


def _subject(item: Item) -> str:
    for name in ("subject", "title", "chat"):
        if text := getattr(item, name, ""):
            return str(text)
    return ""


def _people(contacts: Iterable[Contact]) -> str:
    return ", ".join(
        " ".join([each.name, *(f"<{address.value}>" for address in each.addresses)]).strip()
        for each in contacts
    )


def _files(item: Item) -> str:
    names = [each.name for each in item.attachments if each.name]
    more = [getattr(item, name, "") for name in ("notebook", "section", "location")]
    return ", ".join([*names, *(str(each) for each in more if each)])


def phrase(text: str, columns: Sequence[str] | None = None, *, prefix: bool = False) -> str:
    """Write a phrase; one of an unspaced script is looked for in the second forms of texts.

    Args:
        text: The words.
        columns: Where, of `TEXT_COLUMNS`; None means everywhere.
        prefix: The last word may go on.

    Returns:
        An expression for MATCH.
    """
    text = plain(text)
    where = None if columns is None else [*columns, *(f"cjk_{name}" for name in columns)]
    if is_special(text):
        text, prefix = searched_form(text)
        where = [name for name in where or SECOND_COLUMNS if name in SECOND_COLUMNS]
    quoted = text.replace('"', '""').replace("\0", " ")
    scope = "" if where is None else f"{{{' '.join(where)}}} : "
    return f'{scope}"{quoted}"{" *" if prefix else ""}'
