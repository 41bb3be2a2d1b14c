"""Mails as they travel: what a mailbox of some years holds, the same for the same seed."""

from __future__ import annotations

import base64
import binascii
import random
from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime
from functools import cached_property
from typing import TYPE_CHECKING

from benchmarks.items import NEWEST, YEARS, lengths
from benchmarks.words import RARE_ITEMS, Writer, vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

ME = "me@mail.example"
MEAN_WORDS = 220

_SUBJECT = 6
_SENDERS = 1000
_MARKUP = 12_000  # bytes of styles and tables around the text of an HTML mail, on average
_SMALLEST, _LARGEST = 10_000, 300_000  # bytes of an attachment
_PLAIN, _HTML, _ALTERNATIVE = 0.34, 0.45, 0.90  # below these bounds of one random number
_RAW_HEADER = 0.005

_SPOKEN = {
    "utf-8": "Größe für Šárka – señor ☀",
    "iso-8859-1": "Größe für señor",
    "iso-8859-2": "Žluťoučký kůň",
    "iso-8859-15": "Preis 20 € für Zoë",
    "windows-1252": "“Größe” – naïve",
    "windows-1251": "Счёт за ноябрь",
    "koi8-r": "Отчёт о работе",
    "iso-2022-jp": "会議の資料",
    "shift_jis": "請求書の確認",
    "euc-jp": "日程変更",
    "gb2312": "项目报告",
    "big5": "會議記錄",
    "euc-kr": "회의 자료",
}
_FILES = {
    "report.pdf": "application/pdf",
    "table.xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "photo.jpeg": "image/jpeg",
    "minutes.docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "archive.zip": "application/zip",
}


def sent_at(number: int, count: int) -> datetime:
    """Tell when a mail was sent and received.

    Args:
        number: Which mail, from 0, the oldest first.
        count: How many there are.

    Returns:
        A time in the last years before `NEWEST`, in whole seconds.
    """
    seconds = YEARS * 365.25 * 86400 * (count - number) / count
    return NEWEST - timedelta(seconds=int(seconds))


def is_unread(number: int) -> bool:
    """Tell whether a mail counts as unread: one in ten does, evenly.

    Args:
        number: Which mail, from 0.

    Returns:
        Whether nobody has read it.
    """
    return number * 7919 % 100 < 10


def mails(count: int, seed: int) -> Iterator[bytes]:
    """Make mails of all kinds, about 20 KB on average.

    Args:
        count: How many.
        seed: The same seed gives the same mails.

    Yields:
        A mail's bytes with CRLF, the oldest first.
    """
    rng = random.Random(seed)
    author, sizes = _Author(rng), lengths(rng, MEAN_WORDS)
    rare = set(rng.sample(range(count), min(RARE_ITEMS, count)))
    for number in range(count):
        words = author.writer.text(sizes[rng.getrandbits(12)], rare=number in rare)
        yield author.mail(number, sent_at(number, count), words)


def small_mails(count: int, seed: int) -> Iterator[bytes]:
    """Make plain mails of some 60 words.

    Args:
        count: How many.
        seed: The same seed gives the same mails.

    Yields:
        A mail's bytes with CRLF, the oldest first.
    """
    rng = random.Random(seed)
    author, sizes = _Author(rng), lengths(rng, 60)
    for number in range(count):
        words = author.writer.words(sizes[rng.getrandbits(12)])
        head = author.head(number, sent_at(number, count), words[:_SUBJECT])
        yield _message(head, _part("plain", " ".join(words[_SUBJECT:])))


@dataclass(frozen=True, slots=True)
class _Thread:
    """A mail that may still be answered."""

    subject: str
    ids: tuple[str, ...]


class _Author:
    """Writes mails one after the other, some of them answers to what came before."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.writer = Writer(rng)
        self.open: deque[_Thread] = deque(maxlen=200)

    def mail(self, number: int, when: datetime, words: list[str]) -> bytes:
        """Write a mail of one of the four kinds."""
        head = self.head(number, when, words[:_SUBJECT])
        text, drawn = self._wrapped(words[_SUBJECT:]), self.rng.random()
        if drawn < _PLAIN:
            return _message(head, _part("plain", text, self._encoding()))
        page = self._page(text)
        if drawn < _HTML:
            return _message(head, _part("html", page, self._encoding()))
        if drawn < _ALTERNATIVE:
            return _message(head, self._alternative(number, text, page))
        inner = _part("plain", text, self._encoding())
        return _message(head, _multipart("mixed", number, [inner, *self._attachments()]))

    def head(self, number: int, when: datetime, words: list[str]) -> list[bytes]:
        """Write the header fields but those of the content."""
        id = f"<{number}.{self.rng.getrandbits(64):016x}@mail.example>"
        thread = self._thread(id, " ".join(words))
        sender = self._senders[int(self.rng.random() ** 2 * _SENDERS)]
        fields = [
            b"Return-Path: <" + sender[1] + b">",
            f"Received: from relay{number % 7}.mail.example by mx.mail.example with ESMTPS id"
            f" {number:08x}\r\n\tfor <{ME}>; {format_datetime(when)}".encode(),
            b"Message-ID: " + id.encode(),
            b"Date: " + format_datetime(when).encode(),
            b"From: " + sender[0] + b" <" + sender[1] + b">",
            b"To: Me <" + ME.encode() + b">",
            b"Subject: " + self._subject(thread.subject),
            b"MIME-Version: 1.0",
        ]
        if len(thread.ids) > 1:
            fields.append(b"In-Reply-To: " + thread.ids[-2].encode())
            fields.append(b"References: " + "\r\n ".join(thread.ids[:-1]).encode())
        return fields

    def _thread(self, id: str, subject: str) -> _Thread:
        """Begin a conversation, or go on with one of the last 200."""
        if self.open and self.rng.random() < 0.4:
            before = self.open[int(self.rng.random() * len(self.open))]
            again = before.subject.removeprefix("Re: ")
            thread = _Thread(f"Re: {again}", (*before.ids[-10:], id))
        else:
            thread = _Thread(subject, (id,))
        self.open.append(thread)
        return thread

    def _subject(self, subject: str) -> bytes:
        drawn = self.rng.random()
        if drawn < _RAW_HEADER:
            return subject.encode() + " Größe für señor".encode(self._pick(["utf-8", "latin-1"]))
        if drawn < 0.25:
            return subject.encode() + b"\r\n " + _encoded_word(*self._spoken(), drawn < 0.15)
        return subject.encode()

    def _spoken(self) -> tuple[str, str]:
        charset = self._pick(list(_SPOKEN))
        return charset, _SPOKEN[charset]

    @cached_property
    def _senders(self) -> list[tuple[bytes, bytes]]:
        """Display names as they stand in a header, and addresses."""
        people, words = [], vocabulary()[2000 : 2000 + 2 * _SENDERS]
        for first, last in zip(words[::2], words[1::2], strict=True):
            name = f"{first.title()} {last.title()}".encode()
            if self.rng.random() < 0.15:
                name = _encoded_word(*self._spoken(), self.rng.random() < 0.5)
            people.append((name, f"{first}.{last}@firm.example".encode()))
        return people

    def _pick(self, choices: list[str]) -> str:
        return choices[int(self.rng.random() * len(choices))]

    def _encoding(self) -> str:
        return self._pick(["7bit", "8bit", "quoted-printable", "quoted-printable", "base64"])

    def _wrapped(self, words: list[str]) -> str:
        """Break words into lines of eleven, and a few lines into paragraphs."""
        lines = [" ".join(words[at : at + 11]) for at in range(0, len(words), 11)]
        return "\r\n".join(line + "\r\n" * (n % 5 == 4) for n, line in enumerate(lines))

    def _page(self, text: str) -> str:
        """Put a text into the markup that mail programs and newsletters write."""
        cell = '<td style="font-family:Arial,sans-serif;font-size:14px;padding:0 8px">'
        rows = "\r\n".join(f"<tr>{cell}{line}</td></tr>" for line in text.split("\r\n"))
        size = int(self.rng.random() * 2 * _MARKUP)
        rule = ".c%05d{color:#333333;margin:0;padding:4px 8px;line-height:1.4}"
        rules = "\r\n".join(rule % number for number in range(size // 62))
        return (
            f"<html><head><style>\r\n{rules}\r\n</style></head>"
            f'<body>\r\n<table width="600">\r\n{rows}\r\n</table></body></html>'
        )

    def _alternative(self, number: int, text: str, page: str) -> list[bytes]:
        parts = [_part("plain", text, self._encoding()), _part("html", page, "quoted-printable")]
        return _multipart("alternative", number, parts)

    def _attachments(self) -> list[list[bytes]]:
        """Write one to three files of 10 to 300 KB in all, small ones more often."""
        size = int(_SMALLEST * (_LARGEST / _SMALLEST) ** self.rng.random())
        many = self.rng.choice([1, 1, 1, 2, 3])
        return [self._attachment(size // many) for _ in range(many)]

    def _attachment(self, size: int) -> list[bytes]:
        name = self._pick(list(_FILES))
        return [
            f'Content-Type: {_FILES[name]}; name="{name}"'.encode(),
            f'Content-Disposition: attachment; filename="{name}"'.encode(),
            b"Content-Transfer-Encoding: base64",
            b"",
            _base64_lines(self.rng.randbytes(size)),
        ]


def _encoded_word(charset: str, text: str, base_64: bool) -> bytes:
    """Write an encoded-word (RFC 2047)."""
    octets = text.encode(charset)
    if base_64:
        return b"=?%s?B?%s?=" % (charset.encode(), base64.b64encode(octets))
    return b"=?%s?Q?%s?=" % (charset.encode(), b"".join(b"=%02X" % octet for octet in octets))


def _base64_lines(octets: bytes) -> bytes:
    return base64.encodebytes(octets).replace(b"\n", b"\r\n").removesuffix(b"\r\n")


def _part(subtype: str, text: str, encoding: str = "8bit") -> list[bytes]:
    """Write a part of text: its content's header fields, an empty line, its body."""
    octets = text.encode()
    if encoding == "7bit" and not octets.isascii():
        encoding = "8bit"
    encoders: dict[str, Callable[[bytes], bytes]] = {
        "base64": _base64_lines,
        "quoted-printable": binascii.b2a_qp,
    }
    return [
        f"Content-Type: text/{subtype}; charset=utf-8".encode(),
        f"Content-Transfer-Encoding: {encoding}".encode(),
        b"",
        encoders.get(encoding, bytes)(octets),
    ]


def _multipart(subtype: str, number: int, parts: list[list[bytes]]) -> list[bytes]:
    boundary = f"----=_part_{number:08d}"
    lines = [f'Content-Type: multipart/{subtype}; boundary="{boundary}"'.encode(), b""]
    for part in parts:
        lines += [f"--{boundary}".encode(), *part]
    return [*lines, f"--{boundary}--".encode()]


def _message(head: list[bytes], content: list[bytes]) -> bytes:
    return b"\r\n".join([*head, *content, b""])
