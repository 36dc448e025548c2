"""Parts of sentences that give the reason of an error. `say` translates a parameter whose value is one of these keys."""

from __future__ import annotations

from .languages import Texts

REASONS: Texts = {
    "hook_url": {
        "en": "the address is not an https address that this server may reach; the setting outgoing_allow permits others",
        "uz": "manzil bu server murojaat qila oladigan https manzil emas; "
        "boshqalariga outgoing_allow sozlamasi ruxsat beradi",
        "ru": "адрес — не адрес https, к которому может обращаться этот сервер; другие разрешает настройка outgoing_allow",
    },
    "hook_name": {
        "en": "the name of a webhook has 1 to 40 characters",
        "uz": "vebhuk nomi 1 dan 40 tagacha belgidan iborat",
        "ru": "имя вебхука — от 1 до 40 символов",
    },
    "push.endpoint": {
        "en": "the endpoint is not an https address that this server may reach; the setting outgoing_allow permits others",
        "uz": "endpoint bu server murojaat qila oladigan https manzil emas; "
        "boshqalariga outgoing_allow sozlamasi ruxsat beradi",
        "ru": "endpoint — не адрес https, к которому может обращаться этот сервер; другие разрешает настройка outgoing_allow",
    },
    "push.keys": {
        "en": "the keys are not those of a subscription: `p256dh` has 65 bytes and `auth` 16, in `base64url`",
        "uz": "kalitlar obunaniki emas: `p256dh` 65 bayt, `auth` 16 bayt, `base64url` koʻrinishida",
        "ru": "ключи не от подписки: `p256dh` — 65 байт, `auth` — 16 байт, в `base64url`",
    },
    "email.invalid": {
        "en": "the e-mail address is not one such as ali@example.org",
        "uz": "elektron pochta manzili ali@example.org kabi emas",
        "ru": "адрес электронной почты не похож на ali@example.org",
    },
    "typographic_quotes": {
        "en": 'it is not JSON: it has typographic quotes instead of "',
        "uz": 'bu JSON emas: " oʻrniga boshqa qoʻshtirnoq ishlatilgan',
        "ru": 'это не JSON: вместо " использованы типографские кавычки',
    },
    "not_json": {"en": "it is not JSON", "uz": "bu JSON emas", "ru": "это не JSON"},
    "body_lost": {
        "en": "the body was not read, because the request offers another protocol (`Upgrade: h2c`); "
        "send it without that offer (`curl --http1.1`)",
        "uz": "soʻrov boshqa protokolni taklif qilgani uchun (`Upgrade: h2c`) uning tanasi oʻqilmadi; "
        "bu taklifsiz yuboring (`curl --http1.1`)",
        "ru": "тело не прочитано, потому что запрос предлагает другой протокол (`Upgrade: h2c`); "
        "отправьте его без этого предложения (`curl --http1.1`)",
    },
    "command_id": {
        "en": "an id is a string of up to 128 characters or an integer of up to 64 bits",
        "uz": "id — 128 tagacha belgili matn yoki 64 bitgacha butun son",
        "ru": "id — строка до 128 знаков или целое число до 64 бит",
    },
    "not_object": {
        "en": "it is not a JSON object",
        "uz": "bu JSON obyekti emas",
        "ru": "это не объект JSON",
    },
    "message_missing": {
        "en": '"message" is missing',
        "uz": '"message" yoʻq',
        "ru": 'нет поля "message"',
    },
    "empty_text": {"en": "the text is empty", "uz": "matn boʻsh", "ru": "текст пуст"},
    "long_text": {
        "en": "the text is longer than 4,000 characters",
        "uz": "matn 4000 belgidan uzun",
        "ru": "текст длиннее 4000 символов",
    },
    "bad_character": {
        "en": "the text contains a character that cannot be stored (NUL or half of a surrogate pair)",
        "uz": "matnda saqlab boʻlmaydigan belgi bor (NUL yoki surrogat juftning yarmi)",
        "ru": "в тексте есть символ, который нельзя сохранить (NUL или половина суррогатной пары)",
    },
    "title.empty": {
        "en": "the room needs a name that can be seen",
        "uz": "xonaga koʻrinadigan nom kerak",
        "ru": "комнате нужно видимое название",
    },
    "title.hidden": {
        "en": "the name of the room contains a line break or an invisible control character, which is often copied along "
        "with a text; type the name by hand",
        "uz": "xona nomida qator uzilishi yoki koʻrinmas boshqaruv belgisi bor, u koʻpincha matn bilan birga nusxalanadi; "
        "nomni qoʻlda yozing",
        "ru": "в названии комнаты есть перенос строки или невидимый управляющий символ, который часто копируется вместе "
        "с текстом; введите название вручную",
    },
    "picture.kind": {
        "en": "the file is no picture that the server can show; choose a JPEG, PNG, GIF, WebP or AVIF",
        "uz": "bu fayl server koʻrsata oladigan rasm emas; JPEG, PNG, GIF, WebP yoki AVIF tanlang",
        "ru": "сервер не может показать этот файл как картинку; выберите JPEG, PNG, GIF, WebP или AVIF",
    },
    "many_cursors": {
        "en": "there are more than 5,000 cursors; send those that matter, the state of the other conversations is sent anew",
        "uz": "5000 tadan koʻp kursor berilgan; keraklilarini yuboring, qolgan suhbatlarning holati qaytadan yuboriladi",
        "ru": "больше 5000 курсоров; отправьте нужные, состояние остальных чатов придёт заново",
    },
    "not_string": {
        "en": "{field} is not a string",
        "uz": "{field} satr emas",
        "ru": "{field} не строка",
    },
    "thread.direct": {
        "en": "a conversation of two has no threads",
        "uz": "ikki kishilik suhbatda tarmoqlar boʻlmaydi",
        "ru": "в личном чате двоих нет веток",
    },
    "thread.nested": {
        "en": "this message is itself a reply in a thread; give the message to which that thread belongs",
        "uz": "bu xabarning oʻzi tarmoqdagi javob; tarmoq tegishli boʻlgan xabarni koʻrsating",
        "ru": "это сообщение само — ответ в ветке; укажите сообщение, к которому относится ветка",
    },
    "thread.ahead": {
        "en": "the thread has fewer replies than that",
        "uz": "tarmoqda buncha javob yoʻq",
        "ru": "в ветке меньше ответов",
    },
    "bots.many": {
        "en": "an account has at most 20 bots; erase one",
        "uz": "bitta hisobda koʻpi bilan 20 ta bot boʻladi; birini oʻchiring",
        "ru": "у аккаунта не больше 20 ботов; удалите одного",
    },
    "command.name": {
        "en": "the name of a command has up to 32 letters a–z, digits and `_`",
        "uz": "buyruq nomi koʻpi bilan 32 ta a–z harfi, raqam va `_` dan iborat",
        "ru": "имя команды – до 32 букв a–z, цифр и `_`",
    },
    "button.effect": {
        "en": "a button has either an `id` or a `url`",
        "uz": "tugmada yo `id`, yo `url` boʻladi",
        "ru": "у кнопки есть либо `id`, либо `url`",
    },
    "button.twice": {
        "en": "two buttons have the same `id`",
        "uz": "ikki tugmaning `id` si bir xil",
        "ru": "у двух кнопок один `id`",
    },
    "button.url": {
        "en": "the `url` of a button begins with https:// or http://, and has no name or password before its host",
        "uz": "tugmaning `url` manzili https:// yoki http:// bilan boshlanadi, host nomidan oldin ism yoki parol boʻlmaydi",
        "ru": "`url` кнопки начинается с https:// или http://, без имени и пароля перед именем хоста",
    },
    "buttons.many": {
        "en": "a message has at most 100 buttons",
        "uz": "xabarda koʻpi bilan 100 ta tugma boʻladi",
        "ru": "у сообщения не больше 100 кнопок",
    },
    "command.twice": {
        "en": "two commands have the same name",
        "uz": "ikki buyruqning nomi bir xil",
        "ru": "у двух команд одно имя",
    },
    "file.empty": {"en": "the file is empty", "uz": "fayl boʻsh", "ru": "файл пуст"},
    "file.missing": {
        "en": "the form has no part `file`",
        "uz": "shaklda `file` qismi yoʻq",
        "ru": "в форме нет части `file`",
    },
    "search.thread": {
        "en": "a search in a thread needs its conversation, too",
        "uz": "tarmoqda qidirish uchun suhbatini ham koʻrsating",
        "ru": "для поиска в ветке укажите и чат",
    },
    "search.empty": {
        "en": "the query is empty",
        "uz": "soʻrov boʻsh",
        "ru": "запрос пуст",
    },
    "search.costly": {
        "en": "this search takes too long; use rarer words, or from: and in:",
        "uz": "bu qidiruv juda uzoq davom etadi; kamroq uchraydigan soʻzlar, from: va in: bilan qidiring",
        "ru": "этот поиск занимает слишком много времени; ищите более редкие слова или добавьте from: и in:",
    },
    "search.long": {
        "en": "the query is longer than 500 characters",
        "uz": "soʻrov 500 belgidan uzun",
        "ru": "запрос длиннее 500 символов",
    },
    "last_owner": {
        "en": "the server needs an owner: make somebody else the owner first",
        "uz": "serverning egasi boʻlishi kerak: avval boshqa odamni ega qilib tayinlang",
        "ru": "серверу нужен владелец: сначала назначьте другого",
    },
    "bad_time": {
        "en": "a time needs a date, a time of day and an offset, as in `2026-11-23T09:30:00Z`",
        "uz": "vaqt sana, soat va mintaqa farqidan iborat: `2026-11-23T09:30:00Z`",
        "ru": "время – это дата, время суток и сдвиг от UTC: `2026-11-23T09:30:00Z`",
    },
    "not_emoji": {
        "en": "this is not an emoji; a reaction is one emoji of Unicode, such as 👍",
        "uz": "bu emoji emas; reaksiya – Unicode emojilaridan bittasi, masalan 👍",
        "ru": "это не эмодзи; реакция – это один эмодзи из Unicode, например 👍",
    },
    "custom_emoji": {
        "en": "this server has no emoji of its own; a reaction is one emoji of Unicode, such as 👍",
        "uz": "bu serverning oʻz emojilari yoʻq; reaksiya – Unicode emojilaridan bittasi, masalan 👍",
        "ru": "у этого сервера нет своих эмодзи; реакция – это один эмодзи из Unicode, например 👍",
    },
    "unread.far": {
        "en": "only one of the latest 5,000 messages can be the first unread one",
        "uz": "faqat oxirgi 5000 ta xabardan biri birinchi oʻqilmagan xabar boʻla oladi",
        "ru": "первым непрочитанным может быть только одно из последних 5000 сообщений",
    },
    "quiet.clock": {
        "en": "quiet hours begin and end at a time of day such as 22:00",
        "uz": "sokin soatlarning boshi va oxiri 22:00 kabi vaqt boʻlishi kerak",
        "ru": "начало и конец тихих часов – это время суток, например 22:00",
    },
    "quiet.zone": {
        "en": "there is no such time zone; its name is like Asia/Tashkent",
        "uz": "bunday vaqt mintaqasi yoʻq; nomi Asia/Tashkent kabi boʻladi",
        "ru": "такого часового пояса нет; название выглядит как Asia/Tashkent",
    },
    "locale": {
        "en": "the locale is not a language tag such as uz or en-GB",
        "uz": "til belgisi `uz` yoki `en-GB` kabi boʻlishi kerak",
        "ru": "язык указывают как uz или en-GB",
    },
    "display_name": {
        "en": "the display name needs 1 to 64 visible characters",
        "uz": "koʻrsatiladigan ism 1 dan 64 gacha koʻrinadigan belgidan iborat boʻlishi kerak",
        "ru": "отображаемое имя должно состоять из 1-64 видимых символов",
    },
    "display_name.hidden": {
        "en": "the display name contains an invisible control character, which is often copied along with a text; "
        "type the name by hand",
        "uz": "koʻrsatiladigan ismda koʻrinmas boshqaruv belgisi bor, u koʻpincha matn bilan birga nusxalanadi; "
        "ismni qoʻlda yozing",
        "ru": "в отображаемом имени есть невидимый управляющий символ, который часто копируется вместе с текстом; "
        "введите имя вручную",
    },
    "password.short": {
        "en": "the password is shorter than 8 characters",
        "uz": "parol 8 belgidan qisqa",
        "ru": "пароль короче 8 символов",
    },
    "password.long": {
        "en": "the password is longer than 256 characters",
        "uz": "parol 256 belgidan uzun",
        "ru": "пароль длиннее 256 символов",
    },
    "name.empty": {"en": "it is empty", "uz": "u boʻsh", "ru": "оно пустое"},
    "name.long": {
        "en": "it is longer than 32 characters",
        "uz": "u 32 belgidan uzun",
        "ru": "оно длиннее 32 символов",
    },
    "name.characters": {
        "en": "it contains a character that is not allowed in names",
        "uz": "unda ismda ruxsat etilmagan belgi bor",
        "ru": "в нём есть недопустимый символ",
    },
    "name.scripts": {
        "en": "it mixes alphabets",
        "uz": "unda turli alifbolar aralashgan",
        "ru": "в нём смешаны алфавиты",
    },
    "name.reserved": {"en": "it is reserved", "uz": "u band qilingan", "ru": "оно зарезервировано"},
}
