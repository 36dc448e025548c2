"""The texts of mails, by kind. `{server}` is the host of the server, `{name}` the name of an account."""

from __future__ import annotations

from .cyrillic import cyrillic
from .languages import Language, Texts

MAIL: Texts = {
    "confirm.subject": {
        "en": "Confirm your address for {server}",
        "uz": "{server} uchun manzilingizni tasdiqlang",
        "ru": "Подтвердите свой адрес для {server}",
    },
    "confirm.lead": {
        "en": "The account {name} on {server} wants to use this address. If that is your account, confirm the "
        "address within a day.",
        "uz": "{server} serveridagi {name} hisobi shu manzildan foydalanmoqchi. Agar bu sizning hisobingiz boʻlsa, "
        "manzilni bir kun ichida tasdiqlang.",
        "ru": "Аккаунт {name} на {server} хочет использовать этот адрес. Если это ваш аккаунт, подтвердите адрес в "
        "течение суток.",
    },
    "confirm.button": {
        "en": "Confirm the address",
        "uz": "Manzilni tasdiqlash",
        "ru": "Подтвердить адрес",
    },
    "confirm.foot": {
        "en": "If you do not know this account, ignore this mail. Without your confirmation the address is not used.",
        "uz": "Agar bu hisob sizga notanish boʻlsa, bu xatga eʼtibor bermang. Tasdiqlamasangiz, manzildan "
        "foydalanilmaydi.",
        "ru": "Если этот аккаунт вам незнаком, не обращайте внимания на письмо. Без подтверждения адрес "
        "использоваться не будет.",
    },
    "reset.subject": {
        "en": "Choose a new password for {server}",
        "uz": "{server} uchun yangi parol tanlang",
        "ru": "Выберите новый пароль для {server}",
    },
    "reset.lead": {
        "en": "Somebody, probably you, asked for a new password for the account {name} on {server}. The link works "
        "once, for {minutes} minutes.",
        "uz": "Kimdir, ehtimol oʻzingiz, {server} serveridagi {name} hisobi uchun yangi parol soʻradi. Havola bir "
        "marta va {minutes} daqiqa ishlaydi.",
        "ru": "Кто-то, вероятно вы, запросил новый пароль для аккаунта {name} на {server}. Ссылка действует один "
        "раз, {minutes} минут.",
    },
    "reset.button": {
        "en": "Choose a new password",
        "uz": "Yangi parol tanlash",
        "ru": "Выбрать новый пароль",
    },
    "reset.foot": {
        "en": "If it was not you, you need not do anything: your password stays as it is.",
        "uz": "Agar bu siz boʻlmasangiz, hech narsa qilish shart emas: parolingiz oʻzgarmaydi.",
        "ru": "Если это были не вы, ничего делать не нужно: пароль останется прежним.",
    },
    "changed.subject": {
        "en": "Your address for {server} was changed",
        "uz": "{server} serveridagi manzilingiz oʻzgartirildi",
        "ru": "Ваш адрес для {server} изменён",
    },
    "changed.lead": {
        "en": "The account {name} on {server} now uses {address}. Mails of this account no longer go to you.",
        "uz": "{server} serveridagi {name} hisobi endi {address} manzilidan foydalanadi. Bu hisobning xatlari endi "
        "sizga kelmaydi.",
        "ru": "Аккаунт {name} на {server} теперь использует {address}. Письма этого аккаунта больше не будут "
        "приходить вам.",
    },
    "changed.removed": {
        "en": "The account {name} on {server} no longer uses this address. Its mails no longer go to you.",
        "uz": "{server} serveridagi {name} hisobi bu manzildan boshqa foydalanmaydi. Uning xatlari endi sizga "
        "kelmaydi.",
        "ru": "Аккаунт {name} на {server} больше не использует этот адрес. Его письма больше не будут приходить вам.",
    },
    "changed.foot": {
        "en": "If it was not you, somebody else may know your password. Change it at once, and tell the people who "
        "run the server.",
        "uz": "Agar buni siz qilmagan boʻlsangiz, parolingizni boshqa birov bilishi mumkin. Uni darhol oʻzgartiring"
        " va server maʼmurlariga xabar bering.",
        "ru": "Если это сделали не вы, ваш пароль может быть известен кому-то ещё. Сразу смените его и сообщите "
        "тем, кто управляет сервером.",
    },
    "password.subject": {
        "en": "Your password for {server} was changed",
        "uz": "{server} serveridagi parolingiz oʻzgartirildi",
        "ru": "Ваш пароль для {server} изменён",
    },
    "password.lead": {
        "en": "The password of the account {name} on {server} was changed just now. Other devices must log in again.",
        "uz": "{server} serveridagi {name} hisobining paroli hozirgina oʻzgartirildi. Boshqa qurilmalarda qaytadan "
        "kirish kerak.",
        "ru": "Пароль аккаунта {name} на {server} только что изменён. На других устройствах нужно войти снова.",
    },
    "password.button": {
        "en": "Open the chat",
        "uz": "Suhbatni ochish",
        "ru": "Открыть чат",
    },
    "password.foot": {
        "en": "If it was not you, choose a new password at once: “Forgot the password?” at the login.",
        "uz": "Agar bu siz boʻlmasangiz, darhol yangi parol tanlang: kirish sahifasida “Parolni unutdingizmi?”.",
        "ru": "Если это были не вы, сразу выберите новый пароль: «Забыли пароль?» на странице входа.",
    },
    "digest.subject": {
        "en": "Unread messages on {server}",
        "uz": "{server} serverida oʻqilmagan xabarlar bor",
        "ru": "Непрочитанные сообщения на {server}",
    },
    "digest.lead": {
        "en": "These messages are waiting for you, {name}:",
        "uz": "{name}, sizni quyidagi xabarlar kutmoqda:",
        "ru": "{name}, вас ждут эти сообщения:",
    },
    "digest.hidden": {
        "en": "A new message",
        "uz": "Yangi xabar",
        "ru": "Новое сообщение",
    },
    "digest.file": {
        "en": "A file",
        "uz": "Fayl",
        "ru": "Файл",
    },
    "digest.more": {
        "en": "and {count} more",
        "uz": "va yana {count} ta",
        "ru": "и ещё {count}",
    },
    "digest.places": {
        "en": "There is more in other conversations ({count}).",
        "uz": "Boshqa suhbatlarda ham xabarlar bor ({count}).",
        "ru": "Есть сообщения и в других чатах ({count}).",
    },
    "digest.button": {
        "en": "Open the chat",
        "uz": "Suhbatni ochish",
        "ru": "Открыть чат",
    },
    "digest.foot": {
        "en": "You get this mail because you were away. It comes once an hour at most.",
        "uz": "Bu xat siz yoʻqligingizda yuborildi. U koʻpi bilan soatiga bir marta keladi.",
        "ru": "Это письмо пришло, потому что вас не было в сети. Оно приходит не чаще раза в час.",
    },
    "digest.unsubscribe": {
        "en": "Stop these mails",
        "uz": "Bu xatlarni toʻxtatish",
        "ru": "Больше не присылать",
    },
    "invite.subject": {
        "en": "{name} invites you to {server}",
        "uz": "{name} sizni {server} serveriga taklif qilmoqda",
        "ru": "{name} приглашает вас на {server}",
    },
    "invite.lead": {
        "en": "{name} invites you to the chat {server}.",
        "uz": "{name} sizni {server} suhbatiga taklif qilmoqda.",
        "ru": "{name} приглашает вас в чат {server}.",
    },
    "invite.room": {
        "en": "{name} invites you to the room “{title}” on {server}.",
        "uz": "{name} sizni {server} serveridagi “{title}” xonasiga taklif qilmoqda.",
        "ru": "{name} приглашает вас в комнату «{title}» на {server}.",
    },
    "invite.until": {
        "en": "The invitation is good until {date}.",
        "uz": "Taklif {date} gacha amal qiladi.",
        "ru": "Приглашение действует до {date}.",
    },
    "invite.button": {
        "en": "Accept the invitation",
        "uz": "Taklifni qabul qilish",
        "ru": "Принять приглашение",
    },
    "invite.foot": {
        "en": "If you do not know {name}, ignore this mail.",
        "uz": "Agar {name} sizga notanish boʻlsa, bu xatga eʼtibor bermang.",
        "ru": "Если вы не знаете {name}, не обращайте внимания на это письмо.",
    },
    "test.subject": {
        "en": "A test mail from {server}",
        "uz": "{server} serveridan sinov xati",
        "ru": "Проверочное письмо с {server}",
    },
    "test.lead": {
        "en": "Mails from {server} arrive here.",
        "uz": "{server} serveridan xatlar shu manzilga yetib keladi.",
        "ru": "Письма с {server} сюда доходят.",
    },
    "link": {
        "en": "If the button does not work, open this address:",
        "uz": "Agar tugma ishlamasa, shu manzilni oching:",
        "ru": "Если кнопка не работает, откройте этот адрес:",
    },
    "unsubscribe.title": {
        "en": "Stop the mails about unread messages?",
        "uz": "Oʻqilmagan xabarlar haqidagi xatlar toʻxtatilsinmi?",
        "ru": "Больше не присылать письма о непрочитанных сообщениях?",
    },
    "unsubscribe.button": {
        "en": "Stop these mails",
        "uz": "Toʻxtatish",
        "ru": "Больше не присылать",
    },
    "unsubscribe.done": {
        "en": "You no longer get these mails. You can switch them on again in the settings.",
        "uz": "Endi bu xatlar kelmaydi. Ularni sozlamalarda qayta yoqish mumkin.",
        "ru": "Эти письма больше не будут приходить. Включить их снова можно в настройках.",
    },
    "unsubscribe.invalid": {
        "en": "This link is not valid. You can switch the mails off in the settings.",
        "uz": "Bu havola yaroqsiz. Xatlarni sozlamalarda oʻchirish mumkin.",
        "ru": "Эта ссылка недействительна. Отключить письма можно в настройках.",
    },
}


def said(key: str, language: Language, **params: object) -> str:
    """A text of a mail with its placeholders filled."""
    texts = MAIL[key]
    return (cyrillic(texts["uz"]) if language == "uz-Cyrl" else texts[language]).format_map(params)
