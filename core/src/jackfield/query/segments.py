"""Text that is written without spaces, cut so that a full-text index finds it.

FTS5's ``unicode61`` takes a run of Chinese or Japanese for one word, and no emoji for a word at
all. So beside the text an index keeps a second form of it, in which such a run is written as its
overlapping pairs, and each emoji as a word. Both the index and a search pass through here.
"""

from __future__ import annotations

import re

# Han, Hiragana, Katakana (also half width), Bopomofo and Hangul: letters, no punctuation.
_UNSPACED = (
    "\u3005\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u3131-\u318e"
    "\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\u1100-\u11ff\uf900-\ufaff"
    "\uff66-\uff9d\U00020000-\U0003ffff"
)
_PICTURES = (
    "\u203c\u2049\u2139\u2190-\u21ff\u2300-\u27bf\u2900-\u297f\u2b00-\u2bff\u3030\u303d\u3297\u3299"
)
_EMOJI = f"{_PICTURES}\U0001f000-\U0001f3fa\U0001f400-\U0001faff"
_IGNORED = "\ufe0e\ufe0f\u200d\u20e3\U0001f3fb-\U0001f3ff"  # variants, joiners, skin tones

_SPECIAL = re.compile(f"[{_UNSPACED}{_EMOJI}]")
_PART = re.compile(f"[{_UNSPACED}]+|[{_EMOJI}]|[{_IGNORED}]")

MARK = "\ua66e"
"""Begins words of the index's own: a letter of which one manuscript is known. No search and no
second form holds it otherwise (`plain`)."""


def plain(text: str) -> str:
    """Take out the letter that begins words of our own.

    Args:
        text: Anybody's.

    Returns:
        The text with blanks instead.
    """
    return text if text.isascii() else text.replace(MARK, " ")


def is_special(text: str) -> bool:
    """Tell whether a text has a second form.

    Args:
        text: Any text.

    Returns:
        True where it has letters of an unspaced script, or emoji.
    """
    return not text.isascii() and _SPECIAL.search(text) is not None


def indexed_form(text: str) -> str:
    """Give the second form of a text, as an index keeps it.

    Args:
        text: From `plain`.

    Returns:
        The text with pairs and words of emoji in their places; empty where it has neither. The
        last letter of a run stands alone too, so that every letter begins a word.
    """
    return _PART.sub(_indexed, text) if is_special(text) else ""


def _indexed(found: re.Match[str]) -> str:
    run = found[0]
    if not _is_unspaced(run):
        return _emoji_word(run)
    return f" {' '.join(run[at : at + 2] for at in range(len(run)))} "


def searched_form(text: str) -> tuple[str, bool]:
    """Give the form in which a phrase is looked for in second forms.

    Args:
        text: From `plain`, with `is_special`.

    Returns:
        The phrase, and whether its last word may go on: a run at its end is found within a
        longer one.
    """
    text = text.rstrip()
    end = _PART.search(text, len(text) - 1)
    if end is None or not _is_unspaced(text[-1]):
        return _PART.sub(_indexed, text), False
    start = len(text) - len(re.search(f"[{_UNSPACED}]+$", text)[0])  # type: ignore[index]
    run = text[start:]
    pairs = " ".join(run[at : at + 2] for at in range(max(1, len(run) - 1)))
    return f"{_PART.sub(_indexed, text[:start])} {pairs}", len(run) == 1


def _is_unspaced(text: str) -> bool:
    return re.match(f"[{_UNSPACED}]", text) is not None


def _emoji_word(character: str) -> str:
    return "" if re.match(f"[{_IGNORED}]", character) else f" {MARK}{ord(character):x} "
