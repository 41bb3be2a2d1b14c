"""Answers go to whom they should, from the address that was written to."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from jackfield.errors import ConfigError, InvalidRequest
from jackfield.models import Contact, SourceType, UnifiedEmail, UnifiedNote
from jackfield.services.drafting import answer, contacts, passing_on

ANA, BO, CARLA = (Contact.mail(f"{n.lower()}@acme.example", n) for n in ("Ana", "Bo", "Carla"))
ME = Contact.mail("me@acme.example", "Me")
ALSO_ME = Contact.mail("Info@Acme.example")
MINE = frozenset({"me@acme.example", "info@acme.example"})


def mail(**fields: object) -> UnifiedEmail:
    given = {"sender": ANA, "recipients": (ME,), "subject": "Budget", "message_id": "<1@acme>"}
    return UnifiedEmail(
        source=SourceType("fake"),
        account="fake:default",
        id="abc123",
        short_id="abc12",
        time=datetime(2026, 11, 20, 9, 41, tzinfo=UTC),
        text="Can you confirm?",
        **{**given, **fields},
    )


def addresses(people: tuple[Contact, ...]) -> list[str]:
    return [one.address for one in people]


def test_an_answer_goes_to_the_sender() -> None:
    draft = answer(mail(cc=(BO,)), "yes", MINE)
    assert (addresses(draft.to), draft.cc, draft.account) == (
        ["ana@acme.example"],
        (),
        "fake:default",
    )
    assert (draft.subject, draft.text, draft.in_reply_to) == ("Re: Budget", "yes", "abc123")


def test_an_answer_goes_where_the_sender_wants_answers() -> None:
    assert addresses(answer(mail(reply_to=(CARLA,)), "yes", MINE).to) == ["carla@acme.example"]


def test_an_answer_to_all_leaves_me_out_and_names_nobody_twice() -> None:
    asked = mail(recipients=(ME, BO, ANA), cc=(CARLA, BO, ALSO_ME))
    draft = answer(asked, "yes", MINE, everyone=True)
    assert addresses(draft.to) == ["ana@acme.example"]
    assert addresses(draft.cc) == ["bo@acme.example", "carla@acme.example"]
    assert draft.bcc == ()


def test_an_answer_to_my_own_mail_goes_to_whom_i_wrote() -> None:
    mine = mail(sender=ME, is_from_me=True, recipients=(ANA,), cc=(BO,))
    assert addresses(answer(mine, "and one more thing", MINE).to) == ["ana@acme.example"]
    everyone = answer(mine, "and", MINE, everyone=True)
    assert (addresses(everyone.to), addresses(everyone.cc)) == (
        ["ana@acme.example"],
        ["bo@acme.example"],
    )


def test_an_answer_comes_from_the_address_that_was_written_to() -> None:
    draft = answer(mail(recipients=(BO,), cc=(ALSO_ME,)), "yes", MINE)
    assert draft.sender is not None
    assert draft.sender.address == "Info@Acme.example"
    assert answer(mail(recipients=(BO,)), "yes", MINE).sender is None


@pytest.mark.parametrize("subject", ["Re: Budget", "RE: Budget", "AW: Budget", "Re[2]: Budget"])
def test_a_subject_that_is_an_answer_already_stays(subject: str) -> None:
    assert answer(mail(subject=subject), "yes", MINE).subject == subject


def test_an_answer_belongs_to_the_conversation() -> None:
    old = mail(references=("<0@acme>", "<00@acme>"))
    assert answer(old, "yes", MINE).references == ("<0@acme>", "<00@acme>", "<1@acme>")
    assert answer(mail(in_reply_to="<0@acme>"), "y", MINE).references == ("<0@acme>", "<1@acme>")
    assert answer(mail(message_id=None), "yes", MINE).references == ()


def test_a_mail_from_nobody_cannot_be_answered() -> None:
    with pytest.raises(InvalidRequest, match="nobody to answer to"):
        answer(mail(sender=Contact()), "yes", MINE)


def test_what_is_no_mail_cannot_be_answered() -> None:
    note = UnifiedNote(source=SourceType("fake"), account="fake:default", time=mail().time)
    with pytest.raises(ConfigError, match="is a note"):
        answer(note, "yes", MINE)


def test_a_mail_is_passed_on_with_what_it_says_and_who_said_it() -> None:
    draft = passing_on(mail(cc=(BO,)), "carla@acme.example", "FYI", MINE)
    assert (addresses(draft.to), draft.subject) == (["carla@acme.example"], "Fwd: Budget")
    assert draft.text.splitlines() == [
        "FYI",
        "",
        "---------- Forwarded message ----------",
        "From: Ana <ana@acme.example>",
        "Date: Fri, 20 Nov 2026 09:41 UTC",
        "Subject: Budget",
        "To: Me <me@acme.example>",
        "Cc: Bo <bo@acme.example>",
        "",
        "Can you confirm?",
    ]
    assert draft.in_reply_to is None


@pytest.mark.parametrize(
    ("written", "name", "address"),
    [
        ("ana@acme.example", "", "ana@acme.example"),
        ("Ana Prieto <ana@acme.example>", "Ana Prieto", "ana@acme.example"),
        ('"Prieto, Ana" <ana@acme.example>', "Prieto, Ana", "ana@acme.example"),
        (" ana@acme.example ", "", "ana@acme.example"),
    ],
)
def test_receivers_are_read_as_people_write_them(written: str, name: str, address: str) -> None:
    (one,) = contacts(written)
    assert (one.name, one.address) == (name, address)
