"""The corpora hold exactly the mail that other tests count on."""

from __future__ import annotations

from pathlib import Path

from tests.peers.corpora import CORPUS_MAILS, CORPUS_SOURCES, Mails, count_by_source


def test_every_source_holds_its_mails(mail_corpus: Mails) -> None:
    assert count_by_source(mail_corpus) == CORPUS_SOURCES
    assert len(mail_corpus) == CORPUS_MAILS == 3641


def test_each_mail_is_a_file_with_bytes_and_a_name_of_its_own(mail_corpus: Mails) -> None:
    assert len({name for name, _ in mail_corpus}) == len(mail_corpus)
    assert all(path.stat().st_size for _, path in mail_corpus)


def test_nothing_else_is_taken_for_mail(mail_corpus: Mails) -> None:
    suffixes = {Path(name).suffix for name, _ in mail_corpus}
    assert not suffixes & {".out", ".xml", ".bin", ".md", ".noindex", ".ignore", ".png", ".wav"}
    assert not [name for name, _ in mail_corpus if "_decoded_" in name or ".mbox." in name]
