"""Mails that were made to harm: nothing raises, and everything takes bounded time.

Each limit is about ten times what the slowest of the cases needs.
"""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jackfield.content.filenames import safe_filename
from jackfield.content.headers import decode_text
from jackfield.content.mime import extract_part, parse_headers, parse_mail
from jackfield.content.snippet import snippet

SECONDS = 20
NESTED = b"".join(
    b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (i, i) for i in range(10_000)
)
SAMPLE = (
    b"From: =?utf-8?q?J=C3=B6rg?= <j@example.org>\nSubject: =?utf-8?b?w5xiZXI=?=\n"
    b'Content-Type: multipart/mixed; boundary="b"\n\n--b\n'
    b"Content-Type: multipart/alternative; boundary=c\n\n--c\nContent-Type: text/plain\n\nhi\n"
    b"--c\nContent-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n<p>h=C3=A9</p>\n"
    b'--c--\n--b\nContent-Type: application/pdf; name="a.pdf"\n'
    b"Content-Transfer-Encoding: base64\n\nAAECAw==\n--b\nContent-Type: message/rfc822\n\n"
    b"Subject: inner\n\nx\n--b--\n"
)


@pytest.mark.parametrize(
    ("raw", "tier"),
    [
        pytest.param(NESTED + b"Content-Type: text/plain\n\nx\n", "stub", id="10,000 levels"),
        pytest.param(
            b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 100_000,
            "stub",
            id="100,000 parts",
        ),
        pytest.param(b"Subject: " + b"x" * (1 << 20) + b"\n\nbody", None, id="a header of 1 MiB"),
        pytest.param(b"X: y\n" * 200_000 + b"\nbody", None, id="200,000 headers"),
        pytest.param(b"To: " + b"a@b," * 262_144 + b"\n\nx", None, id="addresses"),
        pytest.param(b"To: " + b"," * (1 << 20) + b"\n\nx", None, id="commas"),
        pytest.param(
            b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n" * 1_000_000,
            "stub",
            id="1,000,000 parts",
        ),
        pytest.param(
            b"Content-Transfer-Encoding: base64\n\n" + b"=A%?" * 262_144, None, id="base64"
        ),
        pytest.param(
            b"Content-Type: text/plain; format=flowed\n\n" + b"> a \n" * 200_000, None, id="flowed"
        ),
        pytest.param(
            b"Content-Transfer-Encoding: quoted-printable\nContent-Type: text/html\n\n"
            + b"=3Cb=3E=\n" * 400_000,
            None,
            id="markup in quoted-printable",
        ),
        pytest.param(
            b"Authentication-Results: x;" + b"(" * (1 << 20) + b"\n\nx", None, id="comments"
        ),
        pytest.param(b"bad\n" * 250_000 + b"Subject: x\n\nbody", None, id="250,000 bad lines"),
        pytest.param(b"Subject: " + b"=?utf-8?q?a?= " * 80_000 + b"\n\nx", None, id="words"),
        pytest.param(b"Subject: " + b"=?a?q?" * 170_000 + b"\n\nx", None, id="unclosed words"),
        pytest.param(b"Content-Type: a/b;" + b' a="' * 200_000 + b"\n\nx", None, id="parameters"),
        pytest.param(b"Content-Type: text/plain\n\n" + b"\0" * (1 << 20), None, id="NUL"),
        pytest.param(b"\n" * (1 << 20), None, id="empty lines"),
        pytest.param(b" " * (1 << 20), None, id="spaces"),
        pytest.param(b"References: " + b"<a@b> " * 170_000 + b"\n\n", None, id="references"),
        pytest.param(
            b"Content-Transfer-Encoding: quoted-printable\n\n" + b" " * (1 << 20) + b"\xff=",
            None,
            id="quoted-printable",
        ),
        pytest.param(
            b"Content-Type: message/rfc822\n\n" * 5_000 + b"Subject: x\n\nx", None, id="onion"
        ),
    ],
)
def test_that_a_hostile_mail_takes_bounded_time(raw, tier):
    start = time.perf_counter()
    found = parse_mail(raw)
    assert time.perf_counter() - start < SECONDS
    assert tier is None or found.tier == tier
    assert (found.tier == "stub") is (found.problem is not None)


def test_that_a_stub_keeps_the_headers_and_says_why():
    found = parse_mail(b"Subject: x\n" + NESTED)
    assert (found.subject, found.text, found.tier) == ("x", "", "stub")
    assert found.problem == "more than 100 levels of parts"


def test_that_a_panic_of_the_fast_reader_does_not_escape(monkeypatch):
    class Panic(BaseException):
        pass

    def panic(mail):
        raise Panic

    monkeypatch.setattr("jackfield.content.mime.fast_leaves", panic)
    assert parse_mail(SAMPLE).tier == "tolerant"


def test_that_a_fault_of_both_readers_leaves_the_headers(monkeypatch):
    def fail(mail):
        raise RecursionError

    monkeypatch.setattr("jackfield.content.mime.fast_leaves", fail)
    monkeypatch.setattr("jackfield.content.mime.tolerant_leaves", fail)
    found = parse_mail(SAMPLE)
    assert (found.tier, found.subject, found.problem) == (
        "stub", "Über", "RecursionError in the body",
    )  # fmt: skip


def test_that_a_missing_library_is_said(monkeypatch):
    def missing(mail):
        raise ImportError("fast_mail_parser")

    monkeypatch.setattr("jackfield.content.mime.fast_leaves", missing)
    with pytest.raises(ImportError):
        parse_mail(SAMPLE)


def check(raw: bytes) -> None:
    found = parse_mail(raw)
    parse_headers(raw)
    text = found.text + found.subject + (found.html or "")
    text.encode()
    assert "\0" not in text
    for part in found.attachments:
        assert len(extract_part(raw, part.index)) == part.size
        safe_filename(part.name).encode()
    snippet(found.text)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=2_000))
def test_that_random_bytes_never_raise(raw):
    check(raw)


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_that_mutated_mails_never_raise(data):
    raw = bytearray(SAMPLE)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(raw)))
        end = at + data.draw(st.integers(0, 40))
        raw[at:end] = data.draw(
            st.binary(max_size=20) | st.sampled_from([b"\n\n", b"\r", b"--b\n", b'"', b"=?", b";"])
        )
    check(bytes(raw))


@settings(max_examples=300, deadline=None)
@given(st.text() | st.binary())
def test_that_header_text_never_raises(value):
    decode_text(value).encode()
