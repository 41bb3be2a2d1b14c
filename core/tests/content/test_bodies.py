"""What the body of a mail becomes."""

from __future__ import annotations

import base64
from email.message import EmailMessage

import pytest

from jackfield.content.mime import extract_part, parse_mail

PDF = b"%PDF-1.4 small"


def compose(**more: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Ana <ana@example.org>"
    mail["Subject"] = "Über"
    for name, value in more.items():
        mail[name.replace("_", "-")] = value
    return mail


def test_that_a_plain_mail_is_read_by_the_fast_reader():
    mail = compose()
    mail.set_content("Grüße\n")
    found = parse_mail(bytes(mail))
    assert (found.tier, found.text, found.html, found.problem) == ("fast", "Grüße", None, None)
    assert found.sender is not None
    assert found.sender.address == "ana@example.org"


def test_that_the_plain_alternative_is_the_text_and_the_html_is_sanitised():
    mail = compose()
    mail.set_content("plain")
    mail.add_alternative("<p onclick=x>html</p><script>no</script>", subtype="html")
    found = parse_mail(bytes(mail))
    assert (found.text, found.html) == ("plain", "<p>html</p>")


def test_that_html_alone_becomes_text():
    mail = compose()
    mail.set_content("<p>one</p><p>two</p>", subtype="html")
    assert parse_mail(bytes(mail)).text == "one\n\ntwo"


def test_that_a_list_footer_does_not_displace_the_html_before_it():
    raw = (
        b"Content-Type: multipart/mixed; boundary=b\n\n"
        b"--b\nContent-Type: text/html\n\n<p>news</p>\n"
        b"--b\nContent-Type: text/plain\n\nfooter <us>\n--b--\n"
    )
    found = parse_mail(raw)
    assert found.text == "news\n\nfooter <us>"
    assert found.html is not None
    assert "footer &lt;us&gt;" in found.html


def test_that_attachments_are_described_and_extracted_by_index():
    mail = compose()
    mail.set_content("see file")
    mail.add_attachment(PDF, maintype="application", subtype="pdf", filename="Käse.pdf")
    raw = bytes(mail)
    (part,) = parse_mail(raw).attachments
    assert (part.name, part.media_type, part.size, part.inline) == (
        "Käse.pdf", "application/pdf", len(PDF), False,
    )  # fmt: skip
    assert extract_part(raw, part.index) == PDF
    with pytest.raises(IndexError, match="2 parts"):
        extract_part(raw, 9)


@pytest.mark.parametrize(
    "disposition",
    [
        b"attachment; filename*=utf-8''K%C3%A4se.pdf",
        b"attachment; filename*0*=utf-8''K%C3; filename*1*=%A4se.pdf",
        b'attachment; filename="=?utf-8?q?K=C3=A4se.pdf?="',
        b"attachment; filename==?utf-8?b?S8Okc2UucGRm?=",
        b'attachment; filename="K\xc3\xa4se.pdf"',
        b'attachment; filename="K\xe4se.pdf"',
        b"attachment; filename=K\xc3\xa4se.pdf",
    ],
)
def test_that_a_file_name_is_read_however_it_is_written(disposition):
    mail = (
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: application/pdf\n"
        b"Content-Disposition: " + disposition + b"\n\nx\n--b--\n"
    )
    (part,) = parse_mail(mail).attachments
    assert part.name == "Käse.pdf"


def test_that_an_image_of_the_html_is_inline_and_has_its_content_id():
    mail = (
        b"Content-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n\n"
        b'<img src="cid:i@x">\n--b\nContent-Type: image/png\nContent-ID: <i@x>\n\nx\n--b--\n'
    )
    found = parse_mail(mail)
    (part,) = found.attachments
    assert (part.inline, part.content_id) == (True, "i@x")
    assert found.html is not None
    assert 'src="cid:i@x"' in found.html


@pytest.mark.parametrize("broken", [False, True])
def test_that_an_enclosed_mail_is_one_attachment_with_its_original_bytes(broken):
    inner = b"Subject: =?utf-8?q?Caf=C3=A9?=\r\nDKIM-Signature:  a;\r\n b\r\n\r\nHi\r\n"
    bad = b"\r\n--b\r\nContent-Transfer-Encoding: base64\r\nContent-Type: x/y\r\n\r\nYWJjZ\r\n"
    mail = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822"
        b"\r\n\r\n" + inner + (bad if broken else b"\r\n") + b"--b--\r\n"
    )
    found = parse_mail(mail)
    assert found.tier == ("tolerant" if broken else "fast")
    assert found.attachments[0].name == "Café.eml"
    assert extract_part(mail, 0).rstrip() == inner.rstrip()


def test_that_an_invitation_is_both_calendar_and_attachment():
    mail = compose()
    mail.set_content("come")
    mail.add_alternative("BEGIN:VCALENDAR\n", subtype="calendar")
    found = parse_mail(bytes(mail))
    assert found.calendar is not None
    assert found.calendar.startswith(b"BEGIN:VCALENDAR")
    assert [part.media_type for part in found.attachments] == ["text/calendar"]


@pytest.mark.parametrize("cut", [5, 6, 7, 9])
def test_that_base64_is_decoded_as_far_as_it_goes(cut):
    encoded = base64.b64encode(b"hello world")[:cut]
    mail = b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n" + encoded
    assert b"hello world".startswith(parse_mail(mail).text.encode())
    assert parse_mail(mail).text.startswith("hel")


def test_that_a_footer_behind_base64_costs_nothing_of_it():
    mail = b"Content-Transfer-Encoding: base64\n\naGVsbG8=\n____\nlist footer\n"
    assert parse_mail(mail).text == "hello"


@pytest.mark.parametrize(
    "label", [b"x-unknown", b"unknown-8bit", b"DEFAULT_CHARSET", b"idna", b"'"]
)
def test_that_an_unknown_charset_is_guessed(label):
    head = b"Content-Type: text/plain; charset=" + label + b"\n\n"
    assert parse_mail(head + "naïve".encode()).text == "naïve"
    assert parse_mail(head + "naïve".encode("latin-1")).text == "naïve"


def test_that_raw_bytes_within_quoted_printable_are_kept():
    mail = (
        b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
    )
    assert parse_mail(mail + "naïve =C3=A9 =ZZ".encode()).text == "naïve é =ZZ"


def test_that_a_multipart_without_parts_is_shown_as_text():
    assert parse_mail(b"Content-Type: multipart/mixed\n\nhello\n").text == "hello"


def test_that_a_missing_empty_line_in_a_part_does_not_lose_its_text():
    head = b"Content-Type: multipart/mixed; boundary=b\n\n"
    mail = head + b"--b\nContent-Type: text/plain\nbar\n\n--b--\n"
    assert parse_mail(mail).text == "bar"


def test_that_uuencoded_parts_are_decoded():
    mail = (
        b"Content-Type: application/x; name=x\nContent-Transfer-Encoding: x-uuencode\n\n"
        b"begin 644 x\n#86)C\n`\nend\n"
    )
    assert extract_part(mail, 0) == b"abc"


def test_that_both_readers_agree_on_names_order_and_bytes():
    from jackfield.content.fast import fast_leaves
    from jackfield.content.tolerant import tolerant_leaves

    mail = compose()
    mail.set_content("plain")
    mail.add_alternative("<p>x</p>", subtype="html")
    mail.add_attachment(PDF, maintype="application", subtype="pdf", filename="ä.pdf")
    mail.add_attachment("text", filename="a.txt")
    raw = bytes(mail)
    assert [x.part for x in fast_leaves(raw)] == [x.part for x in tolerant_leaves(raw)]
    assert [x.choice for x in fast_leaves(raw)] == [1, 1, 0, 0]
