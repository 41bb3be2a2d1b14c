"""What mail programs call the folders of each role, for servers that do not mark them."""

from __future__ import annotations

from typing import Final

_BY_ROLE: Final = {
    "sent": """sent; sent items; sent mail; sent messages; gesendet; gesendete elemente;
        gesendete objekte; envoyés; éléments envoyés; messages envoyés; enviados;
        elementos enviados; itens enviados; inviata; posta inviata; verzonden; verzonden items;
        wysłane; elementy wysłane; skickat; skickade objekt; sendt; sendte elementer;
        отправленные; 送信済み; 送信済みアイテム; 已发送; 已发送邮件; 寄件備份""",
    "drafts": """draft; drafts; entwürfe; brouillons; borradores; rascunhos; bozze; concepten;
        szkice; kopie robocze; wersje robocze; utkast; kladder; черновики; 下書き; 草稿; 草稿箱""",
    "trash": """trash; bin; deleted; deleted items; deleted messages; papierkorb; gelöscht;
        gelöschte elemente; gelöschte objekte; corbeille; éléments supprimés; papelera;
        elementos eliminados; lixeira; lixo; itens excluídos; cestino; posta eliminata;
        prullenbak; verwijderde items; kosz; elementy usunięte; papperskorg; papperskorgen;
        borttagna objekt; papirkurv; slettede elementer; корзина; удаленные; ゴミ箱;
        削除済みアイテム; 已删除; 已删除邮件; 垃圾桶""",
    "spam": """junk; junk e-mail; junk email; junk mail; spam; bulk mail; junk-e-mail;
        unerwünscht; spamverdacht; indésirables; courrier indésirable; pourriel; spams;
        correo no deseado; lixo eletrônico; posta indesiderata; ongewenste e-mail; skräppost;
        uønsket e-mail; спам; 迷惑メール; 垃圾邮件""",
    "archive": """archive; archives; archiv; archivo; arquivo; archivio; archief; archiwum;
        arkiv; архив; アーカイブ; 存档; 封存""",
}
NAMES: Final = {
    " ".join(name.split()): role for role, names in _BY_ROLE.items() for name in names.split(";")
}
"""Names in lower case to roles."""
