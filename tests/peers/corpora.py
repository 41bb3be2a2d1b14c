"""Mail that others wrote or recorded, for tests that read all of it."""

from __future__ import annotations

import os
import tarfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import pytest

from tests.peers.required import require

CORPUS_SOURCES = {
    "cpython": 48,
    "mikel-mail": 103,
    "mime4j": 80,
    "mimekit": 39,
    "mu": 51,
    "notmuch": 320,
    "spamassassin": 3000,
}
"""How many mails each source holds."""

CORPUS_MAILS = sum(CORPUS_SOURCES.values())

PATTERNS = {
    "cpython": ("data/msg_*.txt",),
    "mikel-mail": ("**/*.eml",),
    "mime4j": ("**/*.msg",),
    "mimekit": ("**/messages/*.txt", "**/messages/*.eml", "**/partial/*.eml"),
    "mu": ("**/cur/*", "**/new/*", "**/testdir4/*"),
    "notmuch": ("**/*",),
    "spamassassin": ("**/*.txt",),
}
"""Which files of a source are one mail each.

Left out: what a parser is expected to print (.out, .xml, decoded parts), pictures and sounds, an
empty file without a suffix (mikel-mail), mbox files, which hold several mails (mimekit), and what
was not yet delivered (``tmp`` in mu).
"""

NOT_MAIL = frozenset({"README", "README.md"})

Mails = Sequence[tuple[str, Path]]


def contract_folder() -> Path:
    """Returns the folder of recorded data: ``JACKFIELD_CONTRACT_DIR`` or ``shared`` beside us."""
    beside = Path(__file__).resolve().parents[3] / "shared"
    return Path(os.environ.get("JACKFIELD_CONTRACT_DIR") or beside)


def find_mails(folder: Path) -> Mails:
    """Lists every mail of the unpacked corpora.

    Args:
        folder: Where the archive was unpacked.

    Returns:
        Each mail's name relative to the folder, with slashes, and its path, sorted by name.
    """
    found = {
        path.relative_to(folder).as_posix(): path
        for source, patterns in PATTERNS.items()
        for pattern in patterns
        for path in (folder / source).glob(pattern)
        if path.is_file() and path.name not in NOT_MAIL and not path.name.startswith(".")
    }
    return sorted(found.items())


def count_by_source(mails: Mails) -> dict[str, int]:
    """Counts mails by the first folder of their names."""
    return dict(Counter(PurePosixPath(name).parts[0] for name, _ in mails))


@pytest.fixture(scope="session")
def mail_corpus(tmp_path_factory: pytest.TempPathFactory) -> Mails:
    """Every mail of the corpora, unpacked into a temporary folder: (name, path) pairs."""
    archive = contract_folder() / "corpora/mail/mail.tar.gz"
    how = f"set JACKFIELD_CONTRACT_DIR to the folder that holds corpora/; {archive} is not there"
    require("corpora", archive.is_file(), how)
    folder = tmp_path_factory.mktemp("corpora")
    with tarfile.open(archive) as packed:
        unpack_safely(packed, folder)
    return find_mails(folder)


def unpack_safely(packed: tarfile.TarFile, folder: Path) -> None:
    """Unpacks regular files that stay inside the folder (before 3.11.4 tarfile has no filter)."""
    for member in packed:
        path = PurePosixPath(member.name)
        if not member.isfile() or path.is_absolute() or ".." in path.parts:
            continue
        content = packed.extractfile(member)
        if content is not None:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content.read())
