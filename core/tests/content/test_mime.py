"""Reading mails: three tiers, no exception, nothing lost."""

from __future__ import annotations

import base64
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackfield.content.mail import Address
from jackfield.content.mime import MAX_PARTS, extract_part, parse_headers, parse_mail

PDF = base64.b64encode(b"%PDF-1.7 budget").decode()
MIXED = f"""From: =?utf-8?q?Ana_Pr=C3=ADeto?= <ana@acme.example>
To: "Hale, Robin" <me@acme.example>, Team: bo@acme.example, carla@acme.example;
Subject: =?utf-8?b?UTMg?= =?utf-8?b?YnVkZ2V0?=
Message-ID: <q3@acme.example>
In-Reply-To: <q2@acme.example>
References: <q1@acme.example> <q2@acme.example>
Date: Sun, 22 Nov 2026 09:41:00 +0100
Content-Type: multipart/mixed; boundary=outer

--outer
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Sch=F6ne Gr=FC=DFe
--inner
Content-Type: text/html; charset=utf-8

<p>Schöne <b>Grüße</b></p>
--inner--
--outer
Content-Type: application/pdf; name="q3.pdf"
Content-Disposition: attachment; filename*=utf-8''Q3%20b%C3%BCdget.pdf
Content-Transfer-Encoding: base64

{PDF}
--outer
Content-Type: message/rfc822

Subject: the inner one
From: bo@acme.example

Inner text.
--outer--
""".encode()


def plain(headers: str = "", body: bytes = b"Hello.") -> bytes:
    return f"Subject: x\n{headers}\n".encode() + body


def test_a_mail_with_everything() -> None:
    mail = parse_mail(MIXED)
    assert mail.tier == "fast"
    assert mail.subject == "Q3 budget"
    assert mail.sender == Address("Ana Príeto", "ana@acme.example")
    assert [a.address for a in mail.to] == [
        "me@acme.example",
        "bo@acme.example",
        "carla@acme.example",
    ]
    assert mail.to[0].name == "Hale, Robin"
    assert mail.date is not None
    assert mail.date.isoformat() == "2026-11-22T08:41:00+00:00"
    assert (mail.message_id, mail.in_reply_to) == ("<q3@acme.example>", "<q2@acme.example>")
    assert mail.references == ("<q1@acme.example>", "<q2@acme.example>")
    assert mail.text.strip() == "Schöne Grüße"
    pdf, inner = mail.attachments
    assert (pdf.name, pdf.media_type, pdf.size) == ("Q3 büdget.pdf", "application/pdf", 15)
    assert inner.name == "the inner one.eml"
    assert "Inner text" not in mail.text


def test_an_attachment_is_found_again_by_its_index() -> None:
    (pdf, inner) = parse_mail(MIXED).attachments
    assert extract_part(MIXED, pdf.index) == b"%PDF-1.7 budget"
    assert b"Inner text." in extract_part(MIXED, inner.index)


def test_both_readers_see_the_same_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    fast = parse_mail(MIXED)

    def refuse(raw: bytes, mode: str) -> None:
        raise ValueError(f"no {mode}")

    monkeypatch.setattr("fast_mail_parser.parse_email_tree", refuse)
    tolerant = parse_mail(MIXED)
    assert tolerant.tier == "tolerant"
    assert tolerant.text.strip() == fast.text.strip()
    assert [(p.name, p.index) for p in tolerant.attachments] == [
        (p.name, p.index) for p in fast.attachments
    ]


def test_one_broken_part_does_not_lose_the_others() -> None:
    broken = MIXED.replace(PDF.encode(), b"JVBER!i0xLj*cgYnVkZ2V0A")
    mail = parse_mail(broken)
    assert mail.text.strip() == "Schöne Grüße"
    assert len(mail.attachments) == 2


@pytest.mark.parametrize(
    ("charset", "body", "text"),
    [
        ("x-no-such", "Grüße".encode(), "Grüße"),
        ("unknown-8bit", "Grüße".encode("latin-1"), "Grüße"),
        ("us-ascii", "Grüße".encode(), "Grüße"),
        ("iso-2022-jp", "会議".encode("iso-2022-jp"), "会議"),
        ("base64", b"abc", "abc"),
    ],
)
def test_a_charset_that_lies_or_is_unknown(charset: str, body: bytes, text: str) -> None:
    mail = parse_mail(plain(f"Content-Type: text/plain; charset={charset}\n", body))
    assert mail.text == text


def test_html_alone_gives_text_and_harmless_html() -> None:
    html = (
        b"<head><title>T</title><style>p{}</style></head><p onclick=x()>Hi&nbsp;<b>you</b></p>"
        b"<script>alert(1)</script><div>two<br>three</div>"
        b'<img src="https://track.example/p.gif"><img src="cid:logo"><a href="javascript:x">l</a>'
    )
    mail = parse_mail(plain("Content-Type: text/html; charset=utf-8\n", html))
    assert mail.text.split("\n") == ["Hi you", "", "two", "three", "l"]
    assert mail.html is not None
    for bad in ("script", "onclick", "track.example", "javascript", "alert"):
        assert bad not in mail.html
    assert 'src="cid:logo"' in mail.html


@pytest.mark.parametrize(
    "raw", [b"", b"\n", b"\x00" * 500, b"\r\n\r\n\r\n", b"no header at all", b"From nobody\n", b":"]
)
def test_what_is_hardly_a_mail_is_read_all_the_same(raw: bytes) -> None:
    assert parse_mail(raw).subject == ""


@given(st.binary(max_size=2000))
def test_no_bytes_raise(raw: bytes) -> None:
    parse_mail(raw)
    parse_headers(raw)


@given(st.data())
def test_no_mutation_of_a_mail_raises(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(MIXED) - 1))
    length = data.draw(st.integers(0, 40))
    parse_mail(MIXED[:at] + data.draw(st.binary(max_size=20)) + MIXED[at + length :])


def nested(levels: int) -> bytes:
    parts = [b"Subject: deep"]
    parts += [
        b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d' % (n, n) for n in range(levels)
    ]
    return b"\n".join([*parts, b"Content-Type: text/plain\n\nbottom"])


@pytest.mark.parametrize(
    "raw",
    [
        nested(10_000),
        b'Subject: deep\nContent-Type: multipart/mixed; boundary="b"\n\n'
        + b"--b\nContent-Type: text/plain\n\nx\n" * 100_000
        + b"--b--\n",
        b"Subject: deep\nX: " + b"a" * (1 << 20) + b"\n\nbody",
        b"Subject: deep\n" + b"X: y\n" * 100_000 + b"\nbody",
        b"Subject: deep\nTo: " + b"(" * 100_000 + b"\n\nbody",
        b"Subject: deep\nTo: " + b"a@b, " * 100_000 + b"\n\nbody",
        b"Subject: deep\nContent-Type: text/html\n\n" + b"<div>" * 10_000,
        b"Subject: deep\nContent-Type: text/html\n\n" + b"<p>word</p>" * 500_000,
    ],
    ids=["levels", "parts", "long", "headers", "comments", "addresses", "html-deep", "html-long"],
)
def test_a_monster_is_read_in_bounded_time_and_keeps_its_subject(raw: bytes) -> None:
    began = time.monotonic()
    mail = parse_mail(raw)
    assert mail.subject == "deep"
    assert len(mail.attachments) <= MAX_PARTS
    assert time.monotonic() - began < 30


def test_headers_in_odd_clothes() -> None:
    odd = (
        b"From ana Mon Jan  1\r\nSubject : folded\r\n  over\r\nbroken line\r\n"
        b"To: <me@acme.example>\r\n\r\nx"
    )
    mail = parse_headers(odd)
    assert mail.subject == "folded  over"
    assert mail.to == (Address("", "me@acme.example"),)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=?utf-8?q?caf=C3?= =?utf-8?q?=A9?=", "café"),
        ("=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b"),
        ("Re: =?utf-8?B?w6k?=!", "Re: é!"),
        ("=?x-none?q?=E9t=E9?=", "été"),
        ("=?utf-8?q?no end", "=?utf-8?q?no end"),
        ("=?utf-8*en?q?hi?=", "hi"),
    ],
)
def test_encoded_words(value: str, text: str) -> None:
    assert parse_headers(f"Subject: {value}\n\n".encode()).subject == text


@pytest.mark.parametrize(
    ("header", "bulk"),
    [
        ("List-Id: <x>", True),
        ("Precedence: bulk", True),
        ("Auto-Submitted: auto-replied", True),
        ("Auto-Submitted: no", False),
        ("X-Mailer: y", False),
    ],
)
def test_bulk(header: str, bulk: bool) -> None:
    assert parse_headers(f"{header}\n\n".encode()).is_bulk is bulk
