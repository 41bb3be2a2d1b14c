"""The body's words of every recorded mail, beside those that notmuch shows.

What differs is a line in `notmuch_differences.txt` with the file and what only one side says; that
list may only shrink.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from jackfield.content.mime import parse_mail
from tests.corpus.words import body_words, words

if TYPE_CHECKING:
    from tests.peers.corpora import Mails

SHARE = 0.98
KNOWN = Path(__file__).with_name("notmuch_differences.txt")
_SHOWN = 5


def test_that_bodies_have_the_words_that_notmuch_shows(
    mail_corpus: Mails, notmuch_bodies: dict[str, list[dict[str, Any]]], tmp_path: Path
) -> None:
    differences = []
    for name, path in mail_corpus:
        ours = words(parse_mail(path.read_bytes()).text)
        if name not in notmuch_bodies:
            differences.append(f"{name}\tjackfield {_some(ours)}\tnotmuch does not show it")
            continue
        theirs = frozenset[str]().union(*map(body_words, notmuch_bodies[name]))
        if ours != theirs:
            sides = f"jackfield {_some(ours - theirs)}\tnotmuch {_some(theirs - ours)}"
            differences.append(f"{name}\t{sides}")
    (tmp_path / "differences.txt").write_text("\n".join(differences) + "\n", encoding="utf-8")
    compared = len(notmuch_bodies)
    unequal = len(differences) - (len(mail_corpus) - compared)
    assert unequal <= (1 - SHARE) * compared, f"{unequal} of {compared} differ: {tmp_path}"
    known = set(KNOWN.read_text(encoding="utf-8").splitlines())
    new = [line for line in differences if line not in known]
    assert new == [], "\n".join(new)
    gone = sorted(known - set(differences))
    assert gone == [], "no longer different, take these out:\n" + "\n".join(gone)


def _some(found: frozenset[str]) -> str:
    """Name the first few of the words that one side alone has."""
    more = len(found) - _SHOWN
    return " ".join([repr(word) for word in sorted(found)[:_SHOWN]]) + (
        f" and {more} more" if more > 0 else "" if found else "nothing more"
    )
