"""Bytes to text, whatever the sender says the charset is."""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

# Python's own codecs that no mail means; some are slow or give no text at all.
_NEVER = frozenset({
    "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem",
})  # fmt: skip
# What senders call ISO-8859-1 or GB2312 is the superset: https://encoding.spec.whatwg.org/#names-and-labels
_SUPERSETS = {
    "ascii": "utf-8",
    "iso8859-1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "iso8859-9": "cp1254",
}
_ALIASES = {"x-sjis": "cp932", "x-gbk": "gb18030", "ks_c_5601": "cp949", "utf8mb4": "utf-8"}
_SURROGATE = re.compile("[\ud800-\udfff]")


@lru_cache(maxsize=512)
def known_charset(label: str) -> str | None:
    """Find Python's codec for what a mail calls its charset.

    Args:
        label: Such as ``ISO-8859-15``, ``"utf8"`` or ``windows-874``.

    Returns:
        The codec's name, or None where there is none that decodes text.
    """
    name = label.strip(" \t\"'").lower()[:64]
    if name.startswith("windows-"):
        name = "cp" + name[8:]
    name = _ALIASES.get(name, name)
    try:
        codec = codecs.lookup(name)
        if codec.name.replace("-", "_") in _NEVER or not isinstance(codec.decode(b"a")[0], str):
            return None
    except Exception:  # noqa: BLE001  codecs raise whatever they like
        return None
    return _SUPERSETS.get(codec.name, codec.name)


def decode(data: bytes, label: str | None) -> str:
    """Decode bytes so that nothing raises and as little as possible is lost.

    Args:
        data: The bytes.
        label: The charset that the mail names, if any.

    Returns:
        The text: in the named charset where it is known; UTF-8 where the bytes are valid UTF-8
        and the name is unknown or ASCII; Windows-1252 or Latin-1 otherwise. A byte order mark,
        NUL and lone surrogates are gone.
    """
    codec = known_charset(label) if label else None
    if codec is None or codec == "utf-8":
        text = _guess(data, strict=codec is None or not _named_utf8(label))
    else:
        text = _in_codec(data, codec)
    return _SURROGATE.sub("\ufffd", text.removeprefix("\ufeff").replace("\0", ""))


def _named_utf8(label: str | None) -> bool:
    return label is not None and "utf" in label.lower()


def _guess(data: bytes, *, strict: bool) -> str:
    try:
        return data.decode("utf-8", "strict" if strict else "replace")
    except UnicodeDecodeError:
        return _in_codec(data, "cp1252")


def _in_codec(data: bytes, codec: str) -> str:
    if codec == "cp1252":
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            return data.decode("latin-1")
    try:
        return data.decode(codec, "replace")
    except Exception:  # noqa: BLE001  a codec may refuse even with "replace"
        return data.decode("latin-1")
