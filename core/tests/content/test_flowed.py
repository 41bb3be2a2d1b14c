"""Paragraphs sent as lines that end with a space."""

from __future__ import annotations

import pytest

from jackfield.content.mime import parse_mail


def shown(body: str, *, more: str = "") -> str:
    head = f"Content-Type: text/plain; charset=utf-8; format=Flowed{more}\n\n"
    return parse_mail((head + body).encode()).text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("One \ntwo \nthree\nfour", "One two three\nfour"),
        ("> One \n> two\n>> old", "> One two\n>> old"),
        ("> One \ntwo", "> One \ntwo"),
        ("One \n-- \nBen", "One \n-- \nBen"),
        (" >no quote\n  x", ">no quote\n x"),
        ("\n\nOne \n\nTwo", "One \nTwo"),
    ],
)
def test_that_lines_become_paragraphs(body, text):
    assert shown(body) == text


def test_that_delsp_takes_the_space_away():
    assert shown("議事 \n録です \n。", more="; DelSp=yes") == "議事録です。"


def test_that_other_text_keeps_its_lines():
    assert parse_mail(b"Content-Type: text/plain\n\nOne \ntwo").text == "One \ntwo"
