"""What address headers become."""

from __future__ import annotations

import time

import pytest

from jackfield.content.addresses import parse_addresses


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (b"Ana <ana@example.org>", [("Ana", "ana@example.org")]),
        (b"ana@example.org (Ana B)", [("Ana B", "ana@example.org")]),
        (b'"Doe, Jane" <j@x.org>, b@x.org', [("Doe, Jane", "j@x.org"), ("", "b@x.org")]),
        (b"Doe, Jane <j@x.org>", [("Doe, Jane", "j@x.org")]),
        (b"=?utf-8?q?Doe,_J=C3=B6rg?= <j@x.org>", [("Doe, Jörg", "j@x.org")]),
        (b'"=?utf-8?b?SsO2cmc=?=" <j@x.org>', [("Jörg", "j@x.org")]),
        (b"Team: a@x.org, B <b@x.org>;", [("", "a@x.org"), ("B", "b@x.org")]),
        (b"undisclosed-recipients:;", []),
        (b'"john doe"@x.org', [("", '"john doe"@x.org')]),
        (b"<@relay.org,@b.org:j@x.org>", [("", "j@x.org")]),
        (b"<[0a1b@microsoft.com]>", [("", "[0a1b@microsoft.com]")]),
        (b"root", [("", "root")]),
        (b"Ana B", [("Ana B", "")]),
        (b"root, cron, a@x.org", [("", "root"), ("", "cron"), ("", "a@x.org")]),
        (b"J\xc3\xb6rg <j@x.org>", [("Jörg", "j@x.org")]),
        (b"mailto:j@x.org", [("", "j@x.org")]),
        (b"Pete(A nice \\) chap) <pete(his)@silly.test>", [("Pete", "pete@silly.test")]),
        (b'"unclosed <j@x.org>', [("unclosed", "j@x.org")]),
        (b"<j@x.org", [("", "j@x.org")]),
        (b"", []),
        (b",,;<>,", []),
    ],
)
def test_that_mailboxes_are_found(value, found):
    assert [(each.name, each.address) for each in parse_addresses([value])] == found


@pytest.mark.parametrize(
    "piece", ["a@b,", '\\"', "(", "()", "<", ":", ",", "a,", "a@b:", '"', "=?a?q?"]
)
def test_that_a_megabyte_of_anything_takes_bounded_time(piece):
    start = time.perf_counter()
    found = parse_addresses([(piece * 1_000_000)[: 1 << 20].encode()])
    assert len(found) <= 10_000
    assert time.perf_counter() - start < 20
