"""The first words of a text, and safe file names."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackfield.content.filenames import safe_filename
from jackfield.content.snippet import snippet


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello\n\n  Ana", "Hello Ana"),
        ("> old\nnew", "new"),
        ("On Mon, 2 Nov 2026, Ana <a@b> wrote:\n> old\nYes", "Yes"),
        ("Am 2. November 2026 um 10:00 schrieb Ana\n<a@b>:\n> alt\nJa", "Ja"),
        ("> only\n> quotes", "> only > quotes"),
        ("a\u200bb\u202ec\U000e0041d\x1be", "abcde"),
        ("-----\nx", "x"),
        ("\U0001f469\u200d\U0001f4bb", "\U0001f469\U0001f4bb"),
        ("", ""),
    ],
)
def test_that_a_snippet_begins_with_what_is_said(text, words):
    assert snippet(text) == words


def test_that_a_snippet_has_its_width():
    assert snippet("ab " * 500, 10) == "ab ab ab a"
    assert not snippet("x", -1)


@given(st.text(), st.integers(-5, 300))
def test_that_a_snippet_never_raises(text, width):
    assert len(snippet(text, width)) <= max(width, 0)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\x\\report.pdf", "report.pdf"),
        (".bashrc", "bashrc"),
        ("con.txt", "_con.txt"),
        ("COM1", "_COM1"),
        ("a\x00b\u202egnp.exe", "abgnp.exe"),
        ("a:b?.txt", "a_b_.txt"),
        ("x. . ", "x"),
        ("..", "attachment"),
        ("", "attachment"),
        ("Käse.pdf", "Käse.pdf"),
    ],
)
def test_that_a_file_name_is_made_safe(name, safe):
    assert safe_filename(name) == safe


def test_that_a_long_name_keeps_its_suffix():
    assert safe_filename("ä" * 300 + ".pdf").endswith("ä.pdf")


@given(st.text())
def test_that_any_name_fits(name):
    safe = safe_filename(name)
    assert 0 < len(safe.encode()) <= 200
    assert not set(safe) & set('/\\\0<>:"|?*')
    assert safe not in {".", ".."}


def test_that_importing_the_package_costs_nothing():
    code = (
        "import sys, jackfield; before = set(sys.modules); import jackfield.content; "
        "print(sorted(set(sys.modules) - before))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "['jackfield.content']"
