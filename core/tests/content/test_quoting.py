"""What of a mail's text is the author's own."""

from __future__ import annotations

import time

import pytest

from jackfield.content.html import html_to_text
from jackfield.content.quoting import new_text

OWN = "Yes, Tuesday suits me."
QUOTE = "> Does Tuesday suit you?\n> Ana"
BARE = "Does Tuesday suit you?\nAna"


@pytest.mark.parametrize(
    "line",
    [
        "On Mon, 2 Nov 2026 at 10:00, Ana Bell <ana@example.org> wrote:",
        "On Mon, 2 Nov 2026 at 10:00, Ana Bell\n<ana@example.org> wrote:",
        "On Mon, Nov 2, 2026, Ana Bell via a list with a long name\n<ana@example.org>\nwrote:",
        "On 02/11/2026 10:00, Ana Bell wrote:",
        "Am Mo., 2. Nov. 2026 um 10:00 Uhr schrieb Ana Bell <ana@example.org>:",
        "Am 02.11.26 um 10:00 schrieb Ana Bell:",
        "Le lun. 2 nov. 2026 à 10:00, Ana Bell <ana@example.org> a écrit :",
        "El lun, 2 nov 2026 a las 10:00, Ana Bell (<ana@example.org>) escribió:",
        "Il giorno lun 2 nov 2026 alle ore 10:00 Ana Bell <ana@example.org> ha scritto:",
        "Em seg., 2 de nov. de 2026 às 10:00, Ana Bell <ana@example.org>\nescreveu:",
        "Op ma 2 nov 2026 om 10:00 schreef Ana Bell <ana@example.org>:",
        "Den mån 2 nov. 2026 kl 10:00 skrev Ana Bell <ana@example.org>:",
        "pon., 2 lis 2026 o 10:00 Ana Bell <ana@example.org> napisał(a):",
        "пн, 2 нояб. 2026 г. в 10:00, Ana Bell <ana@example.org>:",
        "2026年11月2日(月) 10:00 Ana Bell <ana@example.org>:",
        "Ana Bell <ana@example.org> 于2026年11月2日周一 10:00写道：",
    ],
)
@pytest.mark.parametrize("quote", [QUOTE, BARE], ids=["marked", "unmarked"])
def test_that_the_line_above_a_quote_goes_with_it(line, quote):
    assert new_text(f"{OWN}\n\n{line}\n\n{quote}\n") == OWN


@pytest.mark.parametrize("line", ["Ana Bell writes:", '>>>>> "Ana" == Ana Bell writes:'])
def test_that_a_short_line_above_a_marked_quote_goes_with_it(line):
    assert new_text(f"{line}\n{QUOTE}\n\n{OWN}") == OWN


@pytest.mark.parametrize(
    "copied",
    [
        "-----Original Message-----\nFrom: Ana",
        "-----Ursprüngliche Nachricht-----\nVon: Ana",
        "-------- Message d'origine --------",
        "________________________________\nFrom: Ana\nSent: Monday\nTo: Ben\nSubject: Tuesday\n",
        "From: Ana Bell <ana@example.org>\nSent: Monday\nTo: Ben\nSubject: Tuesday\n",
        "*From:* Ana Bell\n*Date:* Monday\n*To:* Ben\n",
        "Von: Ana\nGesendet: Montag\nAn: Ben\nBetreff: Dienstag\n",
        "De : Ana\nEnvoyé : lundi\nÀ : Ben\nObjet : mardi\n",
        "De: Ana\nEnviado el: lunes\nPara: Ben\nAsunto: martes\n",
        "发件人: Ana\n发送时间: 2026\n收件人: Ben\n主题: x\n",
        "---------- Forwarded message ---------\nFrom: Ana",
        "Begin forwarded message:\n",
        "-------- Weitergeleitete Nachricht --------",
    ],
)
def test_that_a_copied_mail_goes_with_all_below_it(copied):
    assert new_text(f"{OWN}\n\n{copied}\n\n{BARE}") == OWN


def test_that_answers_between_quotes_stay():
    text = "On Mon, 2 Nov 2026, Ana wrote:\n> One?\n\nFirst.\n\n> Two?\n>> Older\nSecond.\n> Bye"
    assert new_text(text) == "First.\n\nSecond."


def test_that_an_answer_below_the_quote_stays():
    assert new_text(f"Ana <ana@example.org> wrote:\n{QUOTE}\n\n{OWN}\n-- \nBen") == OWN


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nBen\nAcme",
        "--\nBen",
        "Sent from my telephone",
        "Von meinem Telefon gesendet",
        "Get Outlook for Android",
        "-----BEGIN PGP SIGNATURE-----\n\niQ\n-----END PGP SIGNATURE-----",
        "_______________________________________________\nBees mailing list\nbees@example.org",
    ],
)
@pytest.mark.parametrize("after", ["", f"\n\nOn Mon, 2 Nov 2026, Ana wrote:\n{QUOTE}"])
def test_that_a_signature_goes(signature, after):
    assert new_text(f"{OWN}\n\n{signature}{after}\n") == OWN


@pytest.mark.parametrize(
    "text",
    [
        "On the whole I agree with what she wrote: it is late.",
        "On Monday Ana wrote:\n\nThe words of the poem follow here.",
        "My answer to the first point:\nno.",
        "From: here\nto: there we walked.",
        "a -- b\n---\nc",
        ">From here we walked on.",
        "The options are\n\n--\n" + "\n".join(map(str, range(40))),
        "Sent from my heart, this is what I wanted to tell you.\n\nMore of it.",
    ],
)
def test_that_what_only_looks_like_a_quote_stays(text):
    assert new_text(text) == text


def test_that_a_question_above_a_quote_stays():
    assert new_text(f"What do you make of this:\n{QUOTE}") == "What do you make of this:"


@pytest.mark.parametrize("text", [QUOTE, "-----Original Message-----\nx", "-- \nBen"])
def test_that_a_mail_without_words_of_its_own_gives_all_of_them(text):
    assert new_text(f"\n{text}\n") == text.strip()


@pytest.mark.parametrize(
    "html",
    [
        '<div>Yes.</div><div class="gmail_quote"><div>On Mon, 2 Nov 2026 at 10:00, Ana '
        '&lt;<a href="mailto:a@b.c">a@b.c</a>&gt; wrote:<br></div>'
        '<blockquote class="gmail_quote">Old.<div>Older</div></blockquote></div>',
        '<p>Yes.</p><div>Ana wrote:<br></div><blockquote type="cite"><p>Old.</p></blockquote>',
        "<p>Yes.</p><hr><p><b>From:</b> Ana<br><b>Sent:</b> now<br><b>To:</b> Ben</p><p>Old.</p>",
    ],
)
def test_that_the_quotes_of_html_go(html):
    assert new_text(html_to_text(html)) == "Yes."


def test_that_answers_between_the_quotes_of_html_stay():
    cited = '<blockquote type="cite">One?<blockquote type="cite">Old</blockquote></blockquote>'
    text = html_to_text(f"{cited}<p>First.</p>{cited}<p>Second.</p><blockquote>A poem</blockquote>")
    assert text.startswith("> One?\n>\n> > Old\n\nFirst.\n\n> One?")
    assert new_text(text) == "First.\n\nSecond.\n\nA poem"


@pytest.mark.parametrize(
    "piece",
    ["> ", "On ", "--\n", "--\nOn 1 wrote:\n", "From:\n", "On 1 a@b\n", "\n", "_" * 30 + "\n"],
)
def test_that_a_megabyte_of_anything_takes_linear_time(piece):
    start = time.perf_counter()
    new_text((piece * 1_000_000)[: 1 << 20])
    assert time.perf_counter() - start < 20
