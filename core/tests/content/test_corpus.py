"""Real and torture mails that nobody of this project wrote."""

from __future__ import annotations

import os
import tarfile
from collections import Counter
from pathlib import Path

import pytest

from jackfield.content.mime import extract_part, parse_headers, parse_mail
from jackfield.content.snippet import snippet
from tests.peers.corpora import unpack_safely

REPOSITORY = Path(__file__).resolve().parents[3]
MOST_STUBS = 5


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> list[Path]:
    folder = Path(os.environ.get("JACKFIELD_CONTRACT_DIR") or REPOSITORY.parent / "shared")
    archive = folder / "corpora" / "mail" / "mail.tar.gz"
    if not archive.is_file():
        say = f"no mail corpus at {archive}: set JACKFIELD_CONTRACT_DIR to the folder of corpora/"
        if "corpora" in os.environ.get("JACKFIELD_REQUIRE", "").split(","):
            pytest.fail(say)
        pytest.skip(say)
    target = tmp_path_factory.mktemp("mail")
    with tarfile.open(archive) as tar:
        unpack_safely(tar, target)
    return sorted(path for path in target.rglob("*") if path.is_file())


def test_that_every_mail_is_read_and_hardly_any_is_a_stub(corpus):
    tiers = Counter()
    stubs = []
    for path in corpus:
        raw = path.read_bytes()
        mail = parse_mail(raw)
        tiers[mail.tier] += 1
        if mail.tier == "stub":
            stubs.append(f"{path.name}: {mail.problem}")
        parse_headers(raw)
        snippet(mail.text)
        for part in mail.attachments:
            assert len(extract_part(raw, part.index)) == part.size
    assert len(corpus) > 4_000
    assert tiers["fast"] > 0.9 * len(corpus)
    assert len(stubs) <= MOST_STUBS, stubs
