"""Drafts to bytes: everything that is written, and nothing that was not meant."""

from __future__ import annotations

import email
from datetime import UTC, datetime, timedelta
from email import policy
from email.header import decode_header, make_header
from email.utils import getaddresses
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackfield.content.composing import Outgoing, compose
from jackfield.content.mime import parse_mail
from jackfield.errors import InvalidRequest
from jackfield.models import Contact, Draft, Upload

if TYPE_CHECKING:
    from email.message import EmailMessage

OWN = ("me@example.org", "also@example.org")
WRITTEN = datetime(2026, 11, 23, 9, 30, 0, 123456, tzinfo=UTC)
ANA = Contact.mail("ana@example.com")

FIELDS = {
    "From", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References",
    "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
}  # fmt: skip


def draft(**more: Any) -> Draft:
    given = {"to": (ANA,), "key": "secret-key", "created_at": WRITTEN, "text": "hello"}
    return Draft(account="imap:work", **(given | more))


def written(one: Draft, name: str = "") -> Outgoing:
    return compose(one, OWN, name)


def read(raw: bytes) -> EmailMessage:
    return email.message_from_bytes(raw, policy=policy.default)


def refused(one: Draft) -> str:
    with pytest.raises(InvalidRequest) as caught:
        written(one)
    return str(caught.value)


def test_the_same_draft_gives_the_same_bytes() -> None:
    file = Upload(name="a.txt", content=b"x")
    first, again = (draft(html="<p>hi</p>", attachments=(file,)) for _ in range(2))
    assert written(first) == written(again)


@pytest.mark.parametrize(
    "other",
    [
        {"key": "another"},
        {"account": "imap:home"},
        {"created_at": WRITTEN + timedelta(microseconds=1)},
    ],
)
def test_another_draft_has_another_message_id(other: dict[str, Any]) -> None:
    assert written(draft().model_copy(update=other)).message_id != written(draft()).message_id


def test_the_key_cannot_be_read_from_the_mail() -> None:
    assert b"secret-key" not in written(draft()).for_sender


def test_a_mail_has_a_date_and_a_message_id_of_its_sender_s_domain() -> None:
    mail = read(written(draft()).for_receivers)
    assert mail["Date"].datetime == WRITTEN.replace(microsecond=0)
    assert mail["Message-ID"] == written(draft()).message_id
    assert mail["Message-ID"].endswith("@example.org>")


def test_it_comes_from_the_main_address_under_the_owner_s_name() -> None:
    assert read(written(draft(), "My Name").for_receivers)["From"] == "My Name <me@example.org>"


def test_it_may_come_from_another_address_of_the_account() -> None:
    mail = written(draft(sender=Contact.mail("Also@example.org")))
    assert mail.sender == "Also@example.org"


def test_it_never_comes_from_somebody_else() -> None:
    said = refused(draft(sender=Contact.mail("boss@example.com")))
    assert "boss@example.com" in said
    assert "me@example.org" in said


def test_an_account_without_an_address_cannot_write() -> None:
    with pytest.raises(InvalidRequest) as caught:
        compose(draft(), [])
    assert "EMAIL_ADDRESS" in caught.value.fix


def test_an_answer_names_what_it_answers_and_the_conversation() -> None:
    mail = read(written(draft(references=("<a@x>", "<b@x>"))).for_receivers)
    assert mail["In-Reply-To"] == "<b@x>"
    assert mail["References"] == "<a@x> <b@x>"


def test_a_long_conversation_keeps_its_beginning_and_its_end() -> None:
    ids = tuple(f"<{number}.{'x' * 90}@example.com>" for number in range(500))
    mail = read(written(draft(references=ids)).for_receivers)
    kept = mail["References"].split()
    assert (kept[0], kept[-1]) == (ids[0], ids[-1])
    assert len(kept) == 31
    assert set(kept) <= set(ids)


@pytest.mark.parametrize("id", ["<a b@x>", "no-brackets@x", "<a@x>\r\nBcc: e@x", "<ä@x>", "<>"])
def test_a_stranger_s_broken_message_id_is_left_out(id: str) -> None:
    mail = read(written(draft(references=("<good@x>", id))).for_receivers)
    assert mail["References"] == mail["In-Reply-To"] == "<good@x>"


def test_blind_copies_get_the_mail_and_are_seen_by_its_sender_alone() -> None:
    mail = written(draft(bcc=(Contact.mail("hidden@example.net", "Hidden One"),)))
    assert mail.receivers == ("ana@example.com", "hidden@example.net")
    assert b"idden" not in mail.for_receivers
    assert read(mail.for_sender)["Bcc"] == "Hidden One <hidden@example.net>"
    assert read(mail.for_receivers)["Bcc"] is None


def test_who_is_named_twice_gets_the_mail_once() -> None:
    again = Contact.mail("ANA@Example.com", "Ana")
    mail = written(draft(to=(ANA, again), cc=(again,), bcc=(again, Contact.mail("b@x.org"))))
    assert mail.receivers == ("ana@example.com", "b@x.org")
    assert read(mail.for_receivers)["To"] == "ana@example.com"
    assert read(mail.for_sender)["Bcc"] == "b@x.org"


def test_a_mail_needs_a_receiver() -> None:
    assert "no receiver" in refused(draft(to=()))


def test_a_mail_may_have_blind_copies_alone() -> None:
    mail = written(draft(to=(), bcc=(ANA,)))
    assert mail.receivers == ("ana@example.com",)
    assert b"ana@" not in mail.for_receivers


@pytest.mark.parametrize(
    "address",
    [
        "", "ana", "@example.com", "ana@", "a b@example.com", "ana@exa mple.com", "<ana@x.com>",
        "ana@example.com>", "ana@x..com", "ana@-x.com", "a@b@c.com", "ana@x.com,bo@x.com",
        ".ana@x.com", "ana.@x.com", "ana(x)@x.com", '"a b"@x.com', f"{'a' * 65}@x.com",
        f"ana@{'x' * 64}.com", f"ana@{'x.' * 130}com", "ana@[127.0.0.1]", "ana@x.com ",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_by_name(address: str) -> None:
    assert repr(address) in refused(draft(to=(ANA, Contact.mail(address))))


def test_a_contact_without_a_mail_address_is_refused_by_name() -> None:
    assert "Bo" in refused(draft(to=(Contact(name="Bo"),)))


@pytest.mark.parametrize("bad", ["\n", "\r", "\r\n", "\0", "\x1b", "\x7f", "\x85", "\u2028"])
def test_control_characters_are_refused_in_every_header(bad: str) -> None:
    for one in (
        draft(subject=f"a{bad}Bcc: e@x.com"),
        draft(to=(Contact.mail("ana@x.com", f"A{bad}B"),)),
        draft(cc=(Contact.mail(f"ana@x.com{bad}RCPT TO:<e@x.com>"),)),
        draft(bcc=(Contact.mail(f"an{bad}a@x.com"),)),
        draft(sender=Contact.mail("me@example.org", f"A{bad}B")),
        draft(attachments=(Upload(name=f"a{bad}b", content=b""),)),
    ):
        assert "control character U+" in refused(one)


@pytest.mark.parametrize("media_type", ["", "text", "text/", "a/b\r\nX: y", 'a/b; name="x"', "ä/b"])
def test_what_is_no_media_type_is_refused(media_type: str) -> None:
    file = Upload(name="a", media_type=media_type, content=b"")
    assert "no media type" in refused(draft(attachments=(file,)))


def test_too_much_is_refused() -> None:
    many = tuple(Contact.mail(f"a{number}@x.com") for number in range(1001))
    assert "1,001 receivers" in refused(draft(to=many))
    assert "subject is longer" in refused(draft(subject="x" * 2001))
    assert "larger than" in refused(draft(text="x" * 100_000_001))
    assert "longer than" in refused(draft(to=(Contact.mail("a@x.com", "x" * 501),)))


def test_an_international_domain_is_written_in_ascii() -> None:
    mail = written(draft(to=(Contact.mail("ana@bücher.example"),)))
    assert mail.receivers == ("ana@xn--bcher-kva.example",)
    assert not mail.utf8
    assert mail.for_receivers.isascii()


def test_a_local_part_that_is_not_ascii_needs_a_server_that_takes_it() -> None:
    mail = written(draft(to=(Contact.mail("jürgen@example.com", "Jürgen"),)))
    assert mail.utf8
    (to,) = parse_mail(mail.for_receivers).to
    assert (to.name, to.address) == ("Jürgen", "jürgen@example.com")


def test_text_and_html_are_alternatives_beside_the_files() -> None:
    file = Upload(name="Müller, «a».pdf", media_type="application/pdf", content=b"%PDF\x00")
    mail = read(written(draft(html="<p>hé</p>", attachments=(file,))).for_receivers)
    assert mail.get_content_type() == "multipart/mixed"
    alternative, attachment = mail.iter_parts()
    assert [part.get_content_type() for part in alternative.iter_parts()] == [
        "text/plain",
        "text/html",
    ]
    assert mail.get_body(("html",)).get_content().splitlines() == ["<p>hé</p>"]
    assert attachment.get_filename() == "Müller, «a».pdf"
    assert attachment.get_content() == b"%PDF\x00"


def test_a_mail_as_a_file_is_sent_as_bytes() -> None:
    file = Upload(name="old.eml", media_type="message/rfc822", content=b"Bcc: x@y.z\r\n\r\nold")
    (attachment,) = read(written(draft(attachments=(file,))).for_receivers).iter_attachments()
    assert attachment.get_content_type() == "application/octet-stream"
    assert attachment.get_content() == file.content


# Properties. Text that headers may hold; whatever else is in it must be refused.

ANY = st.text(max_size=120)
ADDRESSES = st.one_of(
    ANY,
    st.from_regex(r"[a-z0-9.!#'+=-]{1,20}@[a-z0-9.-]{1,20}", fullmatch=True),
    st.builds("{}@{}.example".format, st.text("abcä.+_", min_size=1, max_size=8), st.just("x")),
)
CONTACTS = st.builds(Contact.mail, ADDRESSES, ANY)
GOOD = st.builds(
    "{}@x{}.example".format, st.from_regex(r"[a-z]{1,12}", fullmatch=True), st.just("")
)


def lines_are_right(raw: bytes) -> bool:
    lines = raw.split(b"\r\n")
    return all(len(line) <= 998 and b"\r" not in line and b"\n" not in line for line in lines)


def people_in(raw: bytes) -> list[tuple[str, str]]:
    """Read To and Cc by the standard library's older parser; the newer parts long names."""
    mail = email.message_from_string(raw.decode())
    found = getaddresses([*mail.get_all("To", ()), *mail.get_all("Cc", ())])
    return [(address, str(make_header(decode_header(name)))) for name, address in found]


@given(st.lists(CONTACTS, max_size=4), st.lists(CONTACTS, max_size=3), ANY, ANY)
def test_whoever_is_named_is_refused_or_read_back_exactly(
    to: list[Contact], cc: list[Contact], subject: str, name: str
) -> None:
    one = draft(to=tuple(to), cc=tuple(cc), subject=subject)
    try:
        mail = written(one, name)
    except InvalidRequest:
        return
    assert parse_mail(mail.for_receivers).subject == " ".join(subject.split())
    assert tuple(address for address, _ in people_in(mail.for_receivers)) == mail.receivers
    assert set(read(mail.for_receivers).keys()) <= FIELDS
    assert lines_are_right(mail.for_sender)


@given(st.lists(st.tuples(GOOD, ANY), min_size=1, max_size=5, unique_by=lambda one: one[0]), ANY)
def test_names_and_subject_are_read_back_exactly(
    people: list[tuple[str, str]], subject: str
) -> None:
    one = draft(to=tuple(Contact.mail(*each) for each in people), subject=subject)
    try:
        raw = written(one).for_receivers
    except InvalidRequest:
        return
    mail = read(raw)
    assert mail["Subject"] == subject
    assert not mail["To"].defects
    assert people_in(raw) == [(address, name.strip(" ")) for address, name in people]
    assert sorted(mail.keys()) == sorted(set(mail.keys())), "a field stands there twice"


@given(ANY, ANY, st.text(min_size=1, max_size=200), st.binary(max_size=300))
def test_text_html_and_files_are_read_back_exactly(
    text: str, html: str, name: str, content: bytes
) -> None:
    one = draft(text=text, html=html, attachments=(Upload(name=name, content=content),))
    try:
        raw = written(one).for_receivers
    except InvalidRequest:
        return
    mail = read(raw)
    (file,) = mail.iter_attachments()
    assert file.get_content() == content
    assert file["Content-Disposition"].params["filename"] == name
    for kind, given_text in (("plain", text), ("html", html)):
        part = mail.get_body((kind,))
        found = part.get_payload(decode=True).decode().replace("\r\n", "\n")
        wanted = given_text.replace("\r\n", "\n").replace("\r", "\n")
        assert found.removesuffix("\n") == wanted.removesuffix("\n")
    assert lines_are_right(raw)
    assert raw.isascii()


@given(st.lists(GOOD, min_size=1, max_size=5), ANY, ANY)
def test_no_blind_copy_is_in_what_others_get(hidden: list[str], subject: str, name: str) -> None:
    blind = tuple(Contact.mail(f"hidden.{each}", name) for each in hidden)
    try:
        mail = written(draft(bcc=blind, subject=subject.replace("hidden", "")))
    except InvalidRequest:
        return
    assert not any(one.address.encode() in mail.for_receivers for one in blind)
    assert b"bcc" not in mail.for_receivers.lower().partition(b"\r\n\r\n")[0]
    assert {one.address for one in blind} <= set(mail.receivers)


@given(st.text(st.characters(codec="ascii"), max_size=3000))
def test_lines_of_any_length_are_cut(text: str) -> None:
    raw = written(draft(text=text, html=text)).for_receivers
    assert lines_are_right(raw)
    assert max(map(len, raw.split(b"\r\n"))) <= 78
