"""What a mail can be recognised by where its provider has no id for it."""

from __future__ import annotations

import hashlib

from jackfield.batches import Keys, hash_body
from jackfield.content.headers import find_block, read_fields

_FIELDS = ("message-id", "date", "from", "to", "subject", "content-type")


def mail_keys(mail: bytes, size: int | None, *, whole: bool) -> Keys:
    """Digest the headers that no server changes on the way between folders.

    Args:
        mail: The original bytes, or its header block alone.
        size: Bytes of the whole mail as the server counts them.
        whole: `mail` is the whole mail.

    Returns:
        Keys without a provider's id. They join nothing without Message-ID and Date.
    """
    fields = read_fields(find_block(mail))
    values = [next(iter(fields.get(name, ())), b"") for name in _FIELDS]
    folded = b"\0".join(b" ".join(value.split()) for value in values)
    digest = hashlib.blake2b(folded, digest_size=16)
    return Keys(
        digest=digest.hexdigest(),
        size=size,
        body_hash=hash_body(mail) if whole else None,
        joins=bool(values[0].strip() or values[1].strip()),
    )
