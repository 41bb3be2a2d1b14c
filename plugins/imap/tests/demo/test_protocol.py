"""The bare protocol: literals, bounds, and what is not understood."""

from __future__ import annotations

LOGIN = b'a LOGIN me@acme.example "open sesame"\r\n'


async def test_an_unknown_command_is_bad_and_the_connection_goes_on(say) -> None:
    answer = await say(b"a XYZZY\r\nb UID NOOP\r\nc\r\nd LOGIN (\r\n*\r\ne NOOP\r\nf LOGOUT\r\n")
    assert [line.split()[1] for line in answer.splitlines() if line[:1].isalpha()] == [
        *[b"BAD"] * 4,
        *[b"OK"] * 2,
    ]


async def test_a_literal_is_invited_unless_it_does_not_wait(say) -> None:
    waits = await say(b"a LOGIN {15}\r\nme@acme.example {11}\r\nopen sesame\r\nb LOGOUT\r\n")
    assert waits.count(b"\r\n+ ") == 2
    assert b"a OK" in waits
    comes = await say(b"a LOGIN {15+}\r\nme@acme.example {11+}\r\nopen sesame\r\nb LOGOUT\r\n")
    assert b"\r\n+ " not in comes
    assert b"a OK" in comes


async def test_a_literal_from_a_stranger_is_small(say) -> None:
    answer = await say(b"a LOGIN {5000}\r\nb LOGOUT\r\n")
    assert b"a NO [TOOBIG]" in answer
    assert b"b OK" in answer
    assert b"* BYE [TOOBIG]" in await say(b"a LOGIN {5000+}\r\n")


async def test_a_literal_of_more_than_50_megabytes_is_refused(say) -> None:
    answer = await say(LOGIN + b"b APPEND INBOX {52428801}\r\nc LOGOUT\r\n")
    assert b"b NO [TOOBIG]" in answer


async def test_a_line_without_end_ends_the_connection(say) -> None:
    assert b"* BYE Line too long" in await say(b"a " + b"x" * 70_000)


async def test_brackets_without_end_are_bad(say) -> None:
    deep = b"b SEARCH " + b"(" * 200 + b"ALL" + b")" * 200 + b"\r\n"
    nots = b"c SEARCH " + b"NOT " * 2000 + b"ALL\r\n"
    answer = await say(LOGIN + b"s SELECT INBOX\r\n" + deep + nots + b"d LOGOUT\r\n")
    assert b"b BAD" in answer
    assert b"c BAD" in answer


async def test_a_wildcard_in_plenty_takes_no_time(say) -> None:
    answer = await say(LOGIN + b'b LIST "" "' + b"*a" * 5000 + b'"\r\nc LOGOUT\r\n')
    assert b"b BAD" in answer


async def test_a_folder_is_known_by_its_literal_name_too(say) -> None:
    answer = await say(LOGIN + b"b STATUS {5}\r\ninbox (MESSAGES)\r\nc LOGOUT\r\n")
    assert b'* STATUS "INBOX" (MESSAGES ' in answer


async def test_no_client_can_name_what_is_not_there(say) -> None:
    answer = await say(
        LOGIN
        + b"b SELECT Nowhere\r\nc FETCH 1 FLAGS\r\nd SELECT INBOX\r\ne FETCH 9999 FLAGS\r\n"
        + b"f UID FETCH 9999 FLAGS\r\ng FETCH 1 RFC822.NOTHING\r\nh SEARCH WHATEVER\r\ni LOGOUT\r\n"
    )
    status = [line.split()[1] for line in answer.splitlines() if line[1:2] == b" " and line[0] > 96]
    assert status == [b"OK", b"NO", b"BAD", b"OK", b"BAD", b"OK", b"BAD", b"BAD", b"OK"]


async def test_numbers_without_measure_are_bad_and_nothing_more(say) -> None:
    nine = b"9" * 5000
    commands = (
        b"FETCH 1 BODY[" + nine + b"]",
        b"FETCH 1 BODY[0]",
        b"FETCH " + nine + b" FLAGS",
        b"FETCH 1 FLAGS (CHANGEDSINCE " + nine + b")",
        b"SEARCH LARGER " + nine,
        b"SEARCH ON 1-Jan-" + nine,
        b"SEARCH ON 1-Jan-" + nine[:50],
        b"SEARCH " + (b"(" + b"NOT " * 40) * 30 + b"ALL" + b")" * 30,
    )
    lines = b"".join(b"x " + command + b"\r\n" for command in commands)
    answer = await say(LOGIN + b"s SELECT INBOX\r\n" + lines + b"z LOGOUT\r\n")
    assert answer.count(b"\r\nx BAD") == len(commands)
    assert b"z OK" in answer
