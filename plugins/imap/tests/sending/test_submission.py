"""Sending by SMTP: what leaves, and what is said about it."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from jackfield.content.composing import compose
from jackfield.errors import AuthenticationError
from jackfield.models import Contact, Draft, SendResult
from jackfield_imap import smtp
from jackfield_imap.smtp import Submission
from tests.faults.letters import ACCOUNT, draft, settings
from tests.faults.post_office import PostOffice
from tests.faults.proxy import Fault, Proxy
from tests.peers.certificates import write_certificates

if TYPE_CHECKING:
    from pathlib import Path

    from jackfield.content.composing import Outgoing

SOON = 10.0
# The last bytes of what the server says before it waits for the mail, and of the mail itself.
GO_ON = b"354 End data with <CR><LF>.<CR><LF>\r\n"
FINAL_DOT = b"\r\n.\r\n"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    write_certificates(folder)
    return folder


@pytest.fixture(scope="module")
def tls(certificates: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates / "server.pem", certificates / "server.key")
    return context


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONNECT_SECONDS", "COMMAND_SECONDS", "ANSWER_SECONDS", "QUIT_SECONDS"):
        monkeypatch.setattr(smtp, name, 0.3)


def composed(one: Draft) -> Outgoing:
    return compose(one, ["me@example.org"])


async def send(port: int, one: Draft | None = None, **more: Any) -> SendResult:
    async with asyncio.timeout(SOON):
        sending = Submission(ACCOUNT, settings(port, **more))
        return await sending.send(composed(one or draft()))


async def send_through(office: PostOffice, *faults: Fault, text: str = "Hello") -> SendResult:
    """Send through a proxy; when this returns, the server has looked at all that came."""
    async with Proxy(office.host, office.port, faults) as proxy:
        result = await send(proxy.port, draft(text=text))
    await office.all_gone()
    return result


async def test_an_accepted_mail_arrives_as_it_was_composed() -> None:
    one = draft("ana@example.com", bcc=(Contact.mail("secret@example.net"),))
    async with PostOffice() as office:
        result = await send(office.port, one)
    assert (result.state, result.provider_id) == ("accepted", composed(one).message_id)
    (delivery,) = office.deliveries
    assert delivery.content == composed(one).for_receivers
    assert delivery.sender == "me@example.org"
    assert delivery.receivers == ("ana@example.com", "secret@example.net")


@pytest.mark.parametrize("text", [".", "..\n.\n", "a\n.\nMAIL FROM:<x@y.z>", ".leading"])
async def test_lines_that_begin_with_a_dot_arrive_as_they_were_written(text: str) -> None:
    async with PostOffice() as office:
        await send(office.port, draft(text=text))
    (delivery,) = office.deliveries
    assert delivery.content == composed(draft(text=text)).for_receivers


async def test_a_large_mail_arrives_whole() -> None:
    one = draft(text="0123456789 \n" * 300_000)
    async with PostOffice() as office:
        assert (await send(office.port, one)).state == "accepted"
    assert office.deliveries[0].content == composed(one).for_receivers


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_a_mail_goes_over_tls(security: str, tls: ssl.SSLContext, certificates: Path) -> None:
    office = PostOffice(password="pass", **{security: tls})  # type: ignore[arg-type]
    async with office:
        ca_file = str(certificates / "ca.pem")
        result = await send(office.port, security=security, ca_file=ca_file)
    assert result.state == "accepted", result
    assert len(office.deliveries) == 1


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_a_server_whose_certificate_nobody_vouches_for_gets_nothing(
    security: str, tls: ssl.SSLContext
) -> None:
    office = PostOffice(password="pass", **{security: tls})  # type: ignore[arg-type]
    async with office:
        result = await send(office.port, security=security)
    assert (result.state, result.retryable) == ("rejected", False)
    assert "certificate that cannot be trusted" in result.reason
    assert "EMAIL_IMAP_CA_FILE" in result.reason
    assert (office.attempts, office.deliveries) == (0, [])


async def test_without_starttls_at_the_server_neither_password_nor_mail_leaves() -> None:
    async with PostOffice(password="pass") as office:
        result = await send(office.port, security="starttls")
    assert (result.state, result.retryable) == ("rejected", False)
    assert (office.attempts, office.deliveries) == (0, [])


async def test_a_wrong_password_is_shown_once_and_named_to_nobody() -> None:
    async with PostOffice(password="right") as office:
        with pytest.raises(AuthenticationError) as caught:
            await send(office.port, password=SecretStr("m4rker-s3cret"))
    assert (office.attempts, office.deliveries) == (1, [])
    assert "EMAIL_SMTP_PASSWORD" in caught.value.fix
    assert "m4rker" not in f"{caught.value}{caught.value.fix}"


async def test_the_password_for_sending_may_be_another() -> None:
    async with PostOffice(password="other") as office:
        result = await send(office.port, smtp_password=SecretStr("other"))
    assert result.state == "accepted"


async def test_elsewhere_a_server_without_sign_in_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(smtp, "is_loopback", lambda host: False)
    async with PostOffice() as office:
        result = await send(office.port)
    assert result.state == "rejected"
    assert "no way to sign in" in result.reason
    assert office.deliveries == []


async def test_a_mail_that_is_too_large_is_refused_before_it_leaves() -> None:
    async with PostOffice(size=10_000) as office:
        result = await send(office.port, draft(text="x" * 20_000))
    assert (result.state, result.retryable) == ("rejected", False)
    assert "the server takes 10,000" in result.reason


async def test_if_one_receiver_is_refused_nobody_gets_the_mail() -> None:
    async with PostOffice(refuse={("RCPT", "bo@example.com"): "550 no such user"}) as office:
        result = await send(office.port, draft("ana@example.com", "bo@example.com"))
    assert (result.state, result.retryable) == ("rejected", False)
    assert "bo@example.com: 550 no such user" in result.reason
    assert "ana@example.com" not in result.reason
    assert office.deliveries == []


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(("answer", "retryable"), [("451 later", True), ("554 never", False)])
async def test_what_the_server_refuses_is_rejected(
    command: str, answer: str, retryable: bool
) -> None:
    whose = "me@example.org" if command == "MAIL" else "ana@example.com"
    async with PostOffice(refuse={(command, whose): answer}) as office:
        result = await send(office.port)
    assert (result.state, result.retryable) == ("rejected", retryable)
    assert answer in result.reason
    assert office.deliveries == []


async def test_a_receiver_whose_name_is_not_ascii_needs_a_server_that_knows_such() -> None:
    one = draft("jürgen@example.com")
    async with PostOffice(utf8=False) as office:
        result = await send(office.port, one)
    assert (result.state, result.retryable) == ("rejected", False)
    assert "SMTPUTF8" in result.reason
    async with PostOffice(utf8=True) as office:
        result = await send(office.port, one)
    assert result.state == "accepted"
    assert office.deliveries[0].receivers == ("jürgen@example.com",)


async def test_nobody_listening_is_rejected_and_may_be_tried_again() -> None:
    async with PostOffice() as office:
        port = office.port
    result = await send(port)
    assert (result.state, result.retryable) == ("rejected", True)
    assert f"nothing listens at 127.0.0.1:{port}" in result.reason


@pytest.mark.parametrize("kind", ["reset", "truncate"])
@pytest.mark.parametrize(
    ("way", "at"),
    [
        ("to_client", 0),
        ("to_client", b"220 "),
        ("to_server", b"MAIL FROM"),
        ("to_server", b"RCPT TO"),
        ("to_server", b"DATA\r\n"),
        ("to_client", b"354 "),
    ],
)
async def test_a_line_that_breaks_before_the_mail_leaves_is_rejected(
    kind: Any, way: Any, at: int | bytes
) -> None:
    async with PostOffice() as office:
        result = await send_through(office, Fault(kind, way, at))
    assert (result.state, result.retryable) == ("rejected", True)
    assert office.deliveries == []


@pytest.mark.parametrize("kind", ["reset", "truncate"])
async def test_a_line_that_breaks_within_a_large_mail_is_rejected(kind: Any) -> None:
    async with PostOffice() as office:
        fault = Fault(kind, "to_server", 100_000)
        result = await send_through(office, fault, text="0123456789 \n" * 2_000_000)
    assert (result.state, result.retryable) == ("rejected", True)
    assert office.deliveries == []


@pytest.mark.parametrize("kind", ["reset", "truncate"])
async def test_a_line_that_breaks_after_the_final_dot_is_unknown(kind: Any) -> None:
    async with PostOffice() as office:
        result = await send_through(office, Fault(kind, "to_client", b"250 taken"))
    assert (result.state, result.retryable) == ("unknown", False)
    assert "may have left" in result.reason
    assert len(office.deliveries) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault("stall", "to_client"),
        Fault("stall", "to_server", b"EHLO"),
        Fault("stall", "to_server", b"RCPT TO"),
    ],
)
async def test_a_server_that_falls_silent_before_the_mail_leaves_is_rejected(
    fault: Fault, impatient: None
) -> None:
    async with PostOffice() as office:
        result = await send_through(office, fault)
    assert (result.state, result.retryable) == ("rejected", True)
    assert "did not answer in time" in result.reason
    assert office.deliveries == []


async def test_a_server_that_takes_only_a_part_of_a_mail_is_rejected(impatient: None) -> None:
    async with PostOffice() as office:
        fault = Fault("stall", "to_server", 100_000)
        result = await send_through(office, fault, text="0123456789 \n" * 2_000_000)
    assert (result.state, result.retryable) == ("rejected", True)
    assert office.deliveries == []


async def test_a_server_that_falls_silent_after_the_final_dot_is_unknown(impatient: None) -> None:
    async with PostOffice() as office:
        result = await send_through(office, Fault("stall", "to_client", GO_ON))
    assert (result.state, result.retryable) == ("unknown", False)
    assert len(office.deliveries) == 1


async def test_an_answer_nobody_understands_is_unknown() -> None:
    async with PostOffice(refuse={("DATA", "ana@example.com"): "hello there"}) as office:
        result = await send(office.port)
    assert result.state == "unknown"


async def test_a_server_that_hangs_up_instead_of_saying_goodbye_has_taken_the_mail() -> None:
    async with PostOffice() as office:
        result = await send_through(office, Fault("reset", "to_server", b"QUIT"))
    assert result.state == "accepted"
    assert len(office.deliveries) == 1


async def cancelled_at(office: PostOffice, fault: Fault) -> Submission:
    """Cancel a send once its fault has come; the server then hears that the line is closed."""
    reached = asyncio.Event()

    async def sleep(seconds: float) -> None:
        reached.set()
        await asyncio.Event().wait()

    async with Proxy(office.host, office.port, [fault], sleep=sleep) as proxy:
        sending = Submission(ACCOUNT, settings(proxy.port))
        task = asyncio.create_task(sending.send(composed(draft())))
        async with asyncio.timeout(SOON):
            await reached.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
    async with asyncio.timeout(SOON):
        await office.all_gone()
    return sending


async def test_a_send_that_is_cancelled_before_the_mail_leaves_knows_that_nothing_left() -> None:
    async with PostOffice() as office:
        sending = await cancelled_at(office, Fault("delay", "to_client", b"354"))
    assert not sending.may_have_left
    assert office.deliveries == []


async def test_a_send_that_is_cancelled_later_knows_that_the_mail_may_have_left() -> None:
    async with PostOffice() as office:
        sending = await cancelled_at(office, Fault("delay", "to_client", b"250 taken"))
    assert sending.may_have_left
    assert len(office.deliveries) == 1
