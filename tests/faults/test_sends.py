"""500 sends through everything that goes wrong: each is delivered once, or not, or is unknown."""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jackfield.content.composing import compose
from jackfield_imap import smtp
from jackfield_imap.connection import Pool
from jackfield_imap.sending import Sender
from tests.faults.letters import ACCOUNT, draft, settings
from tests.faults.post_office import PostOffice
from tests.faults.proxy import Fault, Proxy

if TYPE_CHECKING:
    import pytest

    from jackfield.content.composing import Outgoing
    from jackfield.models import Draft

SEED = 20261123
SENDS = 500
AT_ONCE = 10
DEADLINE = 0.4
HANGS = 60.0

_PLACES: list[tuple[str, int | bytes]] = [
    ("to_client", 0), ("to_client", b"220 "), ("to_client", b"250-"), ("to_client", b"354"),
    ("to_client", b"354 End data with <CR><LF>.<CR><LF>\r\n"), ("to_client", b"250 taken"),
    ("to_client", b"250 taken as number"), ("to_server", b"EHLO"), ("to_server", b"MAIL"),
    ("to_server", b"RCPT"), ("to_server", b"DATA\r\n"), ("to_server", b"Message-ID"),
    ("to_server", b"\r\n."), ("to_server", b"\r\n.\r\n"), ("to_server", b"QUIT"),
]  # fmt: skip
_KINDS = ("reset", "truncate", "stall", "delay")
_REFUSALS = ("421 closing", "450 later", "452 full", "550 nobody", "554 never")


@dataclass(frozen=True)
class Case:
    """One send, and what happens to it."""

    draft: Draft
    faults: tuple[Fault, ...] = ()
    refusal: tuple[tuple[str, str], str] | None = None

    @property
    def mail(self) -> Outgoing:
        return compose(self.draft, ["me@example.org"])


def case(number: int, chance: random.Random) -> Case:
    address = f"case{number}@example.com"
    text = "line of text\n" * chance.choice((1, 40, 4000))
    one = draft(address, key=f"key {number}", text=text)
    what = chance.random()
    if what < 0.2:
        return Case(one)
    if what < 0.4:
        command, answer = chance.choice(("RCPT", "DATA")), chance.choice(_REFUSALS)
        return Case(one, refusal=((command, address), answer))
    way, at = chance.choice(_PLACES)
    if chance.random() < 0.3:
        way, at = "to_server", chance.randrange(100 + len(text))
    kind = chance.choice(_KINDS)
    return Case(one, (Fault(kind, way, at, seconds=0.01),))  # type: ignore[arg-type]


async def outcome(office: PostOffice, one: Case) -> str:
    async with Proxy(office.host, office.port, one.faults) as proxy:
        async with asyncio.timeout(HANGS):
            given = settings(proxy.port)
            result = await Sender(ACCOUNT, given, Pool(ACCOUNT, given)).send(one.draft)
    return result.state


async def outcomes(office: PostOffice, cases: list[Case]) -> list[str]:
    slots = asyncio.Semaphore(AT_ONCE)

    async def within(one: Case) -> str:
        async with slots:
            return await outcome(office, one)

    return await asyncio.gather(*map(within, cases))


def delivered(office: PostOffice) -> Counter[str]:
    found = (re.search(rb"(?m)^Message-ID: (<.*>)\r$", each.content) for each in office.deliveries)
    return Counter(each[1].decode() for each in found if each)


async def test_no_mail_is_sent_twice_and_none_that_was_rejected_has_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("CONNECT_SECONDS", "COMMAND_SECONDS", "ANSWER_SECONDS", "QUIT_SECONDS"):
        monkeypatch.setattr(smtp, name, DEADLINE)
    chance = random.Random(SEED)
    cases = [case(number, chance) for number in range(SENDS)]
    refuse = dict(each.refusal for each in cases if each.refusal)
    async with PostOffice(refuse=refuse) as office:
        states = await outcomes(office, cases)
        await office.all_gone()
    times = delivered(office)
    counts = Counter(
        (state, times[one.mail.message_id]) for one, state in zip(cases, states, strict=True)
    )
    told = f"seed {SEED}; (state, deliveries) -> sends: {dict(counts)}"
    assert counts.keys() <= {("accepted", 1), ("rejected", 0), ("unknown", 0), ("unknown", 1)}, told
    assert min(counts["accepted", 1], counts["rejected", 0]) > SENDS // 10, told
    assert min(counts["unknown", 0], counts["unknown", 1]) > 0, told
    assert set(times) <= {one.mail.message_id for one in cases}, told
