"""The phrases by which mail programs announce what somebody else wrote.

The words are those that Gmail, Outlook, Apple Mail and Thunderbird put into mails in the languages
named beside them. Every pattern is matched against one short line or three, never a whole text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_LONGEST_LINE: Final = 300
_MOST_LINES: Final = 3
_HEADER_LINES: Final = 8

_VERBS = (
    r"\b(?:wrote|writes|said|schrieb|schrieben|a écrit|écrit|escribió|escribio|escreveu|ha scritto"
    r"|scrisse|schreef|skrev|kirjoitti|napisał|napisała|napsal|napsala|írta|yazdı|a scris)\b"
    r"|napisał\(a\)|написал|написала|пишет|пише|написав|έγραψε|写道|寫道|作成|작성|のメール|書きました"
)
_VERB = re.compile(_VERBS, re.IGNORECASE)
_OPENER = re.compile(
    r"(?:On|In|At|Am|Le|El|Em|Il|Op|Den|Dne|Dnia|W dniu|Pe|Tarihinde|Στις|Le|Quoting|Zitat von)\b",
)
_ENDS = re.compile(r"[:：]\s*$")
_PERSON = re.compile(r"[<\[(](?:mailto:)?[^\s<>@]{1,100}@[^\s<>@]{1,100}[>\])]")
_CLOCK = re.compile(r"\d{1,2}\s?[:.h時时시]\s?\d{2}")

_RULED = re.compile(
    r"[-_=*\s]{0,60}(?:original (?:message|mail|appointment)|ursprüngliche (?:nachricht|mail)"
    r"|originalnachricht|message (?:d['’]origine|original)|mensaje original|mensagem original"
    r"|messaggio originale|oorspronkelijk bericht|ursprungligt meddelande|originalmeddelande"
    r"|oprindelig meddelelse|opprinnelig melding|alkuperäinen viesti|wiadomość oryginalna"
    r"|původní zpráva|исходное сообщение|оригинальное сообщение|原始邮件|原始郵件|邮件原件"
    r"|元のメッセージ|원본 메시지|forwarded (?:message|mail)|forwarded by .{1,100}"
    r"|weitergeleitete nachricht|message transféré|mensaje reenviado|mensagem encaminhada"
    r"|messaggio inoltrato|doorgestuurd bericht|vidarebefordrat meddelande|пересылаемое сообщение"
    r"|转发的邮件|轉寄的郵件|転送されたメッセージ)[-_=*:\s]{0,60}",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    r"(?:begin forwarded message|anfang der weitergeleiteten nachricht"
    r"|début du message (?:transféré|réexpédié)|inicio del mensaje reenviado"
    r"|inizio messaggio inoltrato"
    r"|begin doorgestuurd bericht)\s?:\s*",
    re.IGNORECASE,
)
_HEADER = r"[*_\s]{{0,3}}(?:{names})\s?[*_]{{0,2}}\s?[:：]"
_FROM = re.compile(
    _HEADER.format(
        names="from|von|de|da|van|från|fra|lähettäjä|od|от|від|发件人|寄件者|差出人|보낸 사람"
    ),
    re.IGNORECASE,
)
_OTHER = re.compile(
    _HEADER.format(
        names="sent|date|to|cc|subject|gesendet|datum|an|betreff|envoyé|à|objet|enviado(?: el)?"
        "|fecha|para|asunto|inviato|data|a|oggetto|enviada em|assunto|verzonden|aan|onderwerp"
        "|skickat|till|ämne|sendt|til|emne|lähetetty|vastaanottaja|aihe|wysłano|do|temat|odesláno"
        "|komu|předmět|отправлено|дата|кому|тема|发送时间|收件人|主题|主旨|日期|收件者|送信日時|宛先"
        "|件名|보낸 날짜|받는 사람|제목"
    ),
    re.IGNORECASE,
)
_DEVICE = re.compile(
    r"(?:sent (?:from|via) (?:my|mail for|yahoo|outlook|proton|samsung|gmail|the all)"
    r"|get outlook for|von meinem .{1,40} gesendet|gesendet (?:von|mit|über) "
    r"|outlook für .{1,20} beziehen"
    r"|diese nachricht wurde von meinem|envoyé (?:de|depuis) |télécharger outlook|enviado "
    r"(?:desde|do|a partir) |obtener outlook|inviato da(?:l mio)? |scarica outlook"
    r"|verzonden (?:vanaf|met) |verstuurd vanaf|skickat från |sendt fra |wysłane z "
    r"|отправлено (?:с|из) |iphone から送信|从我的|發自我的|发自我的)",
    re.IGNORECASE,
)


def attribution(lines: Sequence[str], at: int) -> int:
    """Recognise "On ... wrote:", on one line or wrapped over up to three.

    Args:
        lines: The text.
        at: The line to look at.

    Returns:
        How many lines it takes; 0 where there is none.
    """
    joined = ""
    for count, line in enumerate(lines[at : at + _MOST_LINES], 1):
        joined = f"{joined} {line.strip()}".lstrip()
        if not line.strip() or len(joined) > _LONGEST_LINE:
            return 0
        if count == 1 and not (_OPENER.match(joined) or _has_date_or_address(joined)):
            return 0
        if _ENDS.search(joined):
            return count if _is_attribution(joined) else 0
    return 0


def _has_date_or_address(line: str) -> bool:
    return "@" in line or any(c.isdigit() for c in line)


def _is_attribution(joined: str) -> bool:
    if _VERB.search(joined):
        dated = any(c.isdigit() for c in joined)
        return bool(_OPENER.match(joined) and dated) or _PERSON.search(joined) is not None
    return _PERSON.search(joined) is not None and _CLOCK.search(joined) is not None


def introduces_quote(line: str) -> bool:
    """Recognise the shorter phrases that only a quote right below gives away.

    Args:
        line: The line right above a quote, such as ``Ana writes:``.

    Returns:
        True where it is the mail program's line and no sentence of the author's.
    """
    if len(line) > _LONGEST_LINE or not _ENDS.search(line):
        return False
    return _VERB.search(line) is not None or _PERSON.search(line) is not None


def begins_copy(lines: Sequence[str], at: int) -> bool:
    """Recognise where an answered or forwarded mail is copied in without marks.

    Args:
        lines: The text.
        at: The line to look at.

    Returns:
        True for a line such as ``-----Original Message-----``, or for the first of a block of
        From, Sent, To and Subject, in any of the languages known here.
    """
    line = lines[at]
    if len(line) > _LONGEST_LINE:
        return False
    if _FORWARDED.fullmatch(line.strip()):
        return True
    if line[:1] in "-_=* " and _RULED.fullmatch(line) and line.strip()[:2].strip("-_=*") == "":
        return True
    return _FROM.match(line) is not None and _others_below(lines, at + 1) >= 2


def _others_below(lines: Sequence[str], start: int) -> int:
    found = 0
    for line in lines[start : start + _HEADER_LINES]:
        if not line.strip():
            break
        found += _OTHER.match(line[:_LONGEST_LINE]) is not None
    return found


def names_device(line: str) -> bool:
    """Recognise the line that a telephone adds.

    Args:
        line: A line, such as ``Sent from my phone``.

    Returns:
        True for such a line.
    """
    return len(line) <= 100 and _DEVICE.match(line.strip()) is not None
