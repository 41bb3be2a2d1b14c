"""An mbox gives back the bytes that were put in, whatever they are."""

from __future__ import annotations

import io
import mailbox
import tempfile
from contextlib import closing
from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from jackfield.content.mbox import mbox_message, read_mbox

WHEN = datetime(2026, 11, 3, 9, tzinfo=UTC)
SENDER = "ana@acme.example"
PIECES = [b"From ", b">", b">From ", b"\n", b"\r", b"\r\n", b"\n\n", b"a", b"\0", b"\xff", b""]
MAILS = st.lists(
    st.one_of(st.binary(), st.lists(st.sampled_from(PIECES), max_size=9).map(b"".join)), max_size=5
)


def written(mails, sender=SENDER):
    return b"".join(mbox_message(mail, sender, WHEN) for mail in mails)


def ends_in_a_bare_cr(mail):
    return mail.endswith(b"\r")


@given(MAILS.filter(lambda mails: not any(map(ends_in_a_bare_cr, mails))))
@example([b"", b"\n", b"\r\n", b"\r\n\n", b"\n\r\n"])
@example([b"From me\r\n>From you\r\n>>From them"])
def test_any_mails_come_back_byte_for_byte(mails):
    assert list(read_mbox(io.BytesIO(written(mails)))) == mails


def test_a_mail_that_ends_in_a_bare_cr_comes_back():
    assert written([b"a\r"]) != written([b"a\r\n"])
    assert list(read_mbox(io.BytesIO(written([b"a\r"])))) == [b"a\r"]


@given(MAILS)
def test_the_standard_library_counts_as_many_mails(mails):
    with tempfile.NamedTemporaryFile() as file:
        file.write(written(mails))
        file.flush()
        with closing(mailbox.mbox(file.name, create=False)) as box:
            assert len(box) == len(mails)


@given(st.text())
def test_no_name_of_a_sender_breaks_the_line_that_begins_a_mail(sender):
    first, *rest = written([b"Subject: a\r\n\r\nb\r\n"], sender).split(b"\n")
    assert first.startswith(b"From ")
    assert len(first.split(b" ", 2)[1]) > 0
    assert rest == [b"Subject: a\r", b"\r", b"b\r", b"", b""]


def test_a_mail_looks_as_in_any_mbox():
    assert written([b"Subject: a\r\n\r\nFrom here\r\n"]) == (
        b"From ana@acme.example Tue Nov  3 09:00:00 2026\nSubject: a\r\n\r\n>From here\r\n\n"
    )
