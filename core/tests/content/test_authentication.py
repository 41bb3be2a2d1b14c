"""Whose word on the sender is believed."""

from __future__ import annotations

import time

import pytest

from jackfield.content.authentication import read_authentication, vouches
from jackfield.content.headers import find_block
from jackfield.content.mime import parse_headers

PASS = "Authentication-Results: mx.example.org; spf=pass; dkim=pass header.d=x; dmarc=pass\n"
RECEIVED = "Received: from a.example by mx.example.org; Mon, 2 Nov 2026 10:00:00 +0000\n"
GOOGLE = (
    "Received: by 2002:a05:6402:1 with SMTP id a; Mon, 2 Nov 2026 10:00:00 +0000\n"
    "Received: from a.example (a.example. [192.0.2.1])\n by mx.google.com with ESMTPS id b;\n"
)


def results(head: str) -> tuple[str | None, str | None, str | None]:
    found = read_authentication(find_block(f"{head}Subject: x\n\n".encode()))
    return found.spf, found.dkim, found.dmarc


def test_that_the_servers_own_results_are_read():
    assert results(PASS + RECEIVED) == ("pass", "pass", "pass")


def test_that_several_fields_of_the_server_are_read_together():
    first = "Authentication-Results: mx.example.org; dkim=fail; dkim=pass\n"
    second = "Authentication-Results: mx.example.org;\n spf=softfail (no) smtp.mailfrom=x\n"
    assert results(first + second + RECEIVED) == ("softfail", "pass", None)


def test_that_what_stands_below_received_is_the_senders_and_not_believed():
    assert results(RECEIVED + PASS) == (None, None, None)
    assert results(RECEIVED + "Received-SPF: pass (x)\n") == (None, None, None)


def test_that_google_is_believed_below_its_own_lines():
    own = "Authentication-Results: mx.google.com; spf=pass; dmarc=fail (p=NONE)\n"
    forged = "Authentication-Results: mx.google.com; dkim=pass; dmarc=pass\n"
    assert results(GOOGLE + own + forged) == ("pass", None, "fail")


@pytest.mark.parametrize(
    "head",
    [
        GOOGLE + RECEIVED + PASS.replace("mx.example.org", "mx.google.com"),
        RECEIVED + GOOGLE + PASS.replace("mx.example.org", "mx.google.com"),
        GOOGLE + PASS,
        RECEIVED.replace("a.example", "by mx.google.com ") + PASS.replace("example.org", "x"),
    ],
)
def test_that_nobody_else_can_speak_for_google(head):
    assert results(head) == (None, None, None)


def test_that_received_spf_at_the_top_tells_where_nothing_else_does():
    assert results("Received-SPF: Fail (mx: no) client-ip=192.0.2.1\n" + RECEIVED)[0] == "fail"


@pytest.mark.parametrize(
    "value",
    [
        "mx (dmarc=pass); none",
        'mx; x="; dmarc=pass"',
        "mx; dmarc=certainly",
        "mx; (nested (; dmarc=pass)) none",
        "mx; xdmarc=pass; arc=pass",
        "",
    ],
)
def test_that_only_results_count(value):
    assert results(f"Authentication-Results: {value}\n")[2] is None


def test_that_results_without_a_servers_name_are_read():
    assert results("Authentication-Results: spf=none; dmarc=pass action=none\n")[2] == "pass"


@pytest.mark.parametrize(
    ("dmarc", "known"), [("pass", True), ("fail", False), ("none", None), ("temperror", None)]
)
def test_that_only_dmarc_vouches_for_the_sender(dmarc, known):
    mail = parse_headers(f"Authentication-Results: a; spf=pass; dmarc={dmarc}\n\n".encode())
    assert vouches(mail.auth) is known


@pytest.mark.parametrize("piece", ["(", "()", '"', ";", "a=b;", "by ", "spf=pass ", " "])
@pytest.mark.parametrize("name", ["Received", "Authentication-Results"])
def test_that_a_megabyte_of_anything_takes_bounded_time(name, piece):
    start = time.perf_counter()
    results(f"{name}: " + (piece * 1_000_000)[: 1 << 20] + "\n")
    assert time.perf_counter() - start < 10
