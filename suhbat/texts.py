"""What people read, in their language: English, Uzbek (Latin and Cyrillic), Russian.

Keys are error codes, or a code with a dotted detail. A text says what happened and what to do next. `code`s on the wire never
change; these sentences may.
"""

from __future__ import annotations

from typing import Literal, get_args

from .cyrillic import cyrillic

Written = Literal["en", "uz", "ru"]
Language = Literal["en", "uz", "uz-Cyrl", "ru"]
"""As language tags (RFC 5646); `uz` is Uzbek in Latin letters."""
WRITTEN: tuple[Written, ...] = get_args(Written)
LANGUAGES: tuple[Language, ...] = get_args(Language)

EXAMPLE = '{"message": "Salom hammaga!", "to_user": ""}'

TEXTS: dict[str, dict[Written, str]] = {
    "bad_request": {
        "en": "This could not be understood: {reason}. Correct it and send it again.",
        "uz": "Buni tushunib boʻlmadi: {reason}. Tuzatib, qayta yuboring.",
        "ru": "Это не удалось понять: {reason}. Исправьте и отправьте ещё раз.",
    },
    "bad_request.simple": {
        "en": "This could not be understood: {reason}. Send JSON like this: " + "{example}",
        "uz": "Buni tushunib boʻlmadi: {reason}. JSONni shunday yuboring: " + "{example}",
        "ru": "Это не удалось понять: {reason}. Отправьте JSON в таком виде: " + "{example}",
    },
    "too_large": {
        "en": "This is too large: at most {limit} bytes are taken. Send it in smaller parts.",
        "uz": "Bu juda katta: koʻpi bilan {limit} bayt qabul qilinadi. Kichikroq qismlarga boʻlib yuboring.",
        "ru": "Слишком много данных: принимается не больше {limit} байт. Отправьте меньшими частями.",
    },
    "unauthenticated": {
        "en": "This needs to know who you are. Send a valid token (POST /api/v1/sessions or /api/v1/guests gives one).",
        "uz": "Kimligingizni bilish kerak. Yaroqli token yuboring (uni POST /api/v1/sessions yoki /api/v1/guests beradi).",
        "ru": "Нужно знать, кто вы. Пришлите действующий токен (его даёт POST /api/v1/sessions или /api/v1/guests).",
    },
    "unauthenticated.hello": {
        "en": 'The first message must be {{"type": "hello", "token": "..."}}, within {seconds} seconds.',
        "uz": 'Birinchi xabar {seconds} soniya ichida {{"type": "hello", "token": "..."}} boʻlishi kerak.',
        "ru": 'Первым сообщением в течение {seconds} секунд должно быть {{"type": "hello", "token": "..."}}.',
    },
    "unauthenticated.access": {
        "en": "This server takes no guests. Ask its owner for an account or an invitation.",
        "uz": "Bu server mehmonlarni qabul qilmaydi. Egasidan hisob yoki taklif soʻrang.",
        "ru": "Этот сервер не принимает гостей. Попросите у владельца учётную запись или приглашение.",
    },
    "unauthenticated.name": {
        "en": "The token belongs to another name than {user_id}. Connect under the name of the token.",
        "uz": "Bu token {user_id} ismiga tegishli emas. Tokenning oʻz ismi bilan ulaning.",
        "ru": "Токен выдан не на имя {user_id}. Подключитесь под именем, на которое выдан токен.",
    },
    "unauthenticated.password": {
        "en": "The name or the password is wrong. Check both.",
        "uz": "Ism yoki parol notoʻgʻri. Ikkalasini ham tekshiring.",
        "ru": "Неверное имя или пароль. Проверьте и то и другое.",
    },
    "unauthenticated.revoked": {
        "en": "This session was ended. Log in again.",
        "uz": "Bu seans tugatilgan. Qaytadan kiring.",
        "ru": "Этот сеанс завершён. Войдите снова.",
    },
    "unauthenticated.account": {
        "en": "The name {user_id} belongs to an account. Log in and connect with its token, or take another name.",
        "uz": "{user_id} ismi hisobga tegishli. Tizimga kirib, uning tokeni bilan ulaning yoki boshqa ism tanlang.",
        "ru": "Имя {user_id} принадлежит учётной записи. Войдите и подключитесь с её токеном или возьмите другое имя.",
    },
    "forbidden": {
        "en": "You are not allowed to do this.",
        "uz": "Buni qilishga ruxsatingiz yoʻq.",
        "ru": "Вам это не разрешено.",
    },
    "forbidden.member": {
        "en": "This is for members. Join the room first.",
        "uz": "Bu aʼzolar uchun. Avval xonaga qoʻshiling.",
        "ru": "Это для участников. Сначала войдите в комнату.",
    },
    "forbidden.kind": {
        "en": "In a conversation of this kind nobody can do this.",
        "uz": "Bunday suhbatda buni hech kim qila olmaydi.",
        "ru": "В беседе такого вида этого не может никто.",
    },
    "forbidden.archived": {
        "en": "This room is archived: it can be read, not written to. Its owner can open it again.",
        "uz": "Bu xona arxivlangan: uni oʻqish mumkin, yozish mumkin emas. Egasi uni qayta ochishi mumkin.",
        "ru": "Эта комната в архиве: её можно читать, но не писать в неё. Владелец может открыть её снова.",
    },
    "forbidden.muted": {
        "en": "You may read here but not write for now. Ask those who keep order.",
        "uz": "Hozircha bu yerda oʻqishingiz mumkin, yozishingiz mumkin emas. Tartibni saqlovchilardan soʻrang.",
        "ru": "Пока вам можно здесь читать, но не писать. Спросите тех, кто следит за порядком.",
    },
    "forbidden.banned": {
        "en": "You may not come in here. Ask those who keep order if you think that is a mistake.",
        "uz": "Bu yerga kira olmaysiz. Bu xato deb oʻylasangiz, tartibni saqlovchilardan soʻrang.",
        "ru": "Вам сюда нельзя. Если вы считаете это ошибкой, спросите тех, кто следит за порядком.",
    },
    "forbidden.person_banned": {
        "en": "This person is banned here. Lift the ban first.",
        "uz": "Bu odamga bu yerga kirish taqiqlangan. Avval taqiqni bekor qiling.",
        "ru": "Этому человеку сюда нельзя. Сначала снимите запрет.",
    },
    "forbidden.words": {
        "en": "The text has a word that is not used here. Say it otherwise.",
        "uz": "Matnda bu yerda ishlatilmaydigan soʻz bor. Boshqacha ayting.",
        "ru": "В тексте есть слово, которое здесь не употребляют. Скажите иначе.",
    },
    "forbidden.author": {
        "en": "Only who wrote a message can change its text.",
        "uz": "Xabar matnini faqat uni yozgan odam oʻzgartira oladi.",
        "ru": "Текст сообщения может изменить только тот, кто его написал.",
    },
    "forbidden.rank": {
        "en": "You cannot do this to somebody of the same or a higher rank.",
        "uz": "Buni oʻzingizga teng yoki yuqori mavqedagi odamga qila olmaysiz.",
        "ru": "Этого нельзя сделать с тем, кто равен вам или выше вас.",
    },
    "forbidden.bare": {
        "en": "This needs a name that is kept. Take one with POST /api/v1/guests, or make an account.",
        "uz": "Buning uchun saqlanadigan ism kerak. POST /api/v1/guests bilan ism oling yoki hisob oching.",
        "ru": "Для этого нужно имя, которое сохраняется. Возьмите его через POST /api/v1/guests или создайте учётную запись.",
    },
    "forbidden.origin": {
        "en": "This page may not connect here: its origin is not allowed. The owner can add it to the setting `origins`.",
        "uz": "Bu sahifaga ulanish mumkin emas: manzili ruxsat etilmagan. Server egasi uni `origins` ga qoʻsha oladi.",
        "ru": "Этой странице нельзя подключаться: её источник не разрешён. Владелец может добавить его в `origins`.",
    },
    "forbidden.invite": {
        "en": "This needs an invitation that is valid: this one is unknown, used up or expired. Ask for a new one.",
        "uz": "Buning uchun yaroqli taklif kerak: bu taklif nomaʼlum, ishlatilgan yoki muddati oʻtgan. Yangisini soʻrang.",
        "ru": "Нужно действующее приглашение: это неизвестно, использовано или истекло. Попросите новое.",
    },
    "forbidden.closed": {
        "en": "This server makes no new accounts. Ask its owner.",
        "uz": "Bu server yangi hisob ochmaydi. Egasiga murojaat qiling.",
        "ru": "На этом сервере новые учётные записи не создаются. Обратитесь к владельцу.",
    },
    "forbidden.setup": {
        "en": "This setup link is wrong, was used or has expired. Restart the server: it prints a new one.",
        "uz": "Bu sozlash havolasi notoʻgʻri, ishlatilgan yoki eskirgan. Server qayta ishga tushsa, yangisini chiqaradi.",
        "ru": "Эта ссылка для настройки неверна, использована или истекла. Перезапустите сервер: он напечатает новую.",
    },
    "forbidden.password": {
        "en": "The present password is wrong. Nothing was changed.",
        "uz": "Amaldagi parol notoʻgʻri. Hech narsa oʻzgarmadi.",
        "ru": "Текущий пароль неверен. Ничего не изменено.",
    },
    "forbidden.guest": {
        "en": "This needs an account: a guest has no profile and no sessions. Register with POST /api/v1/accounts.",
        "uz": "Buning uchun hisob kerak: mehmonning profili va seanslari yoʻq. POST /api/v1/accounts orqali roʻyxatdan oʻting.",
        "ru": "Для этого нужна учётная запись: у гостя нет профиля и сеансов. Зарегистрируйтесь через POST /api/v1/accounts.",
    },
    "not_found": {
        "en": "There is nothing here, or it is not for you. Check the address or the id.",
        "uz": "Bu yerda hech narsa yoʻq yoki u siz uchun emas. Manzil yoki idni tekshiring.",
        "ru": "Здесь ничего нет, или это не для вас. Проверьте адрес или id.",
    },
    "not_found.message": {
        "en": "There is no such message here, or it was deleted.",
        "uz": "Bu yerda bunday xabar yoʻq yoki u oʻchirilgan.",
        "ru": "Такого сообщения здесь нет, или оно удалено.",
    },
    "not_found.socket": {
        "en": "There is no WebSocket at this address. Open /ws/ and your name, such as /ws/user1, or /api/v1/ws.",
        "uz": "Bu manzilda WebSocket yoʻq. /ws/ va ismingizni, masalan /ws/user1 ni, yoki /api/v1/ws ni oching.",
        "ru": "По этому адресу нет WebSocket. Откройте /ws/ и своё имя, например /ws/user1, или /api/v1/ws.",
    },
    "not_found.method": {
        "en": "This address does not take {method}. See /docs for what it takes.",
        "uz": "Bu manzil {method} ni qabul qilmaydi. Nima mumkinligini /docs da koʻring.",
        "ru": "Этот адрес не принимает {method}. Что можно, описано в /docs.",
    },
    "user_not_found": {
        "en": "{user_id} is not here and has no account. Check the name.",
        "uz": "{user_id} bu yerda yoʻq va hisobi ham yoʻq. Ismni tekshiring.",
        "ru": "{user_id} сейчас не здесь и не имеет учётной записи. Проверьте имя.",
    },
    "user_not_found.simple": {
        "en": "{user_id} is not here and has no account. Check the name, or leave to_user empty to write to everybody.",
        "uz": "{user_id} bu yerda yoʻq va hisobi ham yoʻq. Ismni tekshiring yoki hammaga yozish uchun to_user ni boʻsh qoldiring.",  # noqa: E501
        "ru": "{user_id} сейчас не здесь и не имеет учётной записи. Проверьте имя или оставьте to_user пустым, чтобы написать всем.",  # noqa: E501
    },
    "user_not_found.guest": {
        "en": "{user_id} is here only as long as the connection lasts, and cannot be a member.",
        "uz": "{user_id} faqat ulanish davomida shu yerda va aʼzo boʻla olmaydi.",
        "ru": "{user_id} здесь только на время подключения и не может быть участником.",
    },
    "name_in_use": {
        "en": "Somebody is here under the name {user_id}. Take another name, or try again in a while.",
        "uz": "{user_id} ismi bilan kimdir ulangan. Boshqa ism tanlang yoki birozdan keyin qayta urinib koʻring.",
        "ru": "Под именем {user_id} уже кто-то есть. Выберите другое имя или попробуйте позже.",
    },
    "name_taken": {
        "en": "The name {user_id} is taken. Choose another one.",
        "uz": "{user_id} ismi band. Boshqa ism tanlang.",
        "ru": "Имя {user_id} занято. Выберите другое.",
    },
    "idempotency_conflict": {
        "en": "This client_id was already used for a different message. Give every new message a new client_id.",
        "uz": "Bu client_id boshqa xabar uchun ishlatilgan. Har bir yangi xabarga yangi client_id bering.",
        "ru": "Этот client_id уже использован для другого сообщения. Каждому новому сообщению нужен новый client_id.",
    },
    "too_many_reactions": {
        "en": "This message already has {limit} different emoji. Choose one of those.",
        "uz": "Bu xabarda allaqachon {limit} xil emoji bor. Shulardan birini tanlang.",
        "ru": "Под этим сообщением уже {limit} разных эмодзи. Выберите один из них.",
    },
    "invalid_name": {
        "en": "This name cannot be used: {reason}. Take 1-32 letters of one alphabet, digits, or _ - .",
        "uz": "Bu ismni ishlatib boʻlmaydi: {reason}. Bitta alifboning 1-32 harfi, raqam yoki _ - . dan foydalaning.",
        "ru": "Это имя нельзя использовать: {reason}. Возьмите 1-32 буквы одного алфавита, цифры или _ - .",
    },
    "rate_limited": {
        "en": "That is too fast. Wait {seconds} s and go on more slowly.",
        "uz": "Juda tez. {seconds} soniya kuting va sekinroq davom eting.",
        "ru": "Слишком быстро. Подождите {seconds} с и продолжайте медленнее.",
    },
    "rate_limited.room": {
        "en": "Too many are writing here at once. Try again in {seconds} s.",
        "uz": "Bu yerda bir vaqtda juda koʻp kishi yozmoqda. {seconds} soniyadan keyin qayta urinib koʻring.",
        "ru": "Здесь пишут слишком многие сразу. Повторите через {seconds} с.",
    },
    "rate_limited.slow": {
        "en": "This conversation is in slow mode. You can write again in {seconds} s.",
        "uz": "Bu suhbatda sekin rejim yoqilgan. {seconds} soniyadan keyin yana yozishingiz mumkin.",
        "ru": "В этой беседе включён медленный режим. Снова написать можно через {seconds} с.",
    },
    "rate_limited.mentions": {
        "en": "You have named many people in a short time. Wait {seconds} s, or name fewer.",
        "uz": "Qisqa vaqtda juda koʻp odamni esladingiz. {seconds} soniya kuting yoki kamroq odamni eslang.",
        "ru": "Вы упомянули много людей за короткое время. Подождите {seconds} с или упомяните меньше.",
    },
    "rate_limited.reports": {
        "en": "You have reported a lot that nobody has looked at yet. Wait until they have.",
        "uz": "Siz hali hech kim koʻrib chiqmagan koʻp xabar bergansiz. Koʻrib chiqilishini kuting.",
        "ru": "Вы сообщили уже о многом, что ещё никто не просмотрел. Подождите.",
    },
    "rate_limited.guests": {
        "en": "Too many guests came from your address today. Make an account, or wait {seconds} s.",
        "uz": "Bugun manzilingizdan juda koʻp mehmon keldi. Hisob oching yoki {seconds} soniya kuting.",
        "ru": "С вашего адреса сегодня пришло слишком много гостей. Заведите учётную запись или подождите {seconds} с.",
    },
    "rate_limited.connections": {
        "en": "Too many connections from your address. Close some, or wait {seconds} s.",
        "uz": "Manzilingizdan ulanishlar juda koʻp. Baʼzilarini yoping yoki {seconds} soniya kuting.",
        "ru": "Слишком много подключений с вашего адреса. Закройте лишние или подождите {seconds} с.",
    },
    "rate_limited.rooms": {
        "en": "You have made {limit} rooms within a day, which is the most. Make the next one in {seconds} s.",
        "uz": "Bir kunda {limit} ta xona ochdingiz, bundan ortigʻi mumkin emas. Keyingisini {seconds} soniyadan keyin oching.",
        "ru": "За день вы создали {limit} комнат, больше нельзя. Следующую можно создать через {seconds} с.",
    },
    "rate_limited.directs": {
        "en": "You have opened {limit} new directs within a day, which is the most. Open the next one in {seconds} s.",
        "uz": "Bir kunda {limit} ta yangi shaxsiy suhbat ochdingiz, bundan ortigʻi mumkin emas. Keyingisini {seconds} "
        "soniyadan keyin oching.",
        "ru": "За день вы открыли {limit} новых личных бесед, больше нельзя. Следующую можно открыть через {seconds} с.",
    },
    "rate_limited.invitations": {
        "en": "You have invited {limit} times within a day, which is the most. Go on in {seconds} s.",
        "uz": "Bir kunda {limit} marta taklif qildingiz, bundan ortigʻi mumkin emas. {seconds} soniyadan keyin davom eting.",
        "ru": "За день вы пригласили {limit} раз, больше нельзя. Продолжить можно через {seconds} с.",
    },
    "too_many_invitations": {
        "en": "You have {limit} invitations open, which is the most. Wait until some are answered, or take some back.",
        "uz": "Sizning {limit} ta taklifingiz javob kutmoqda, bundan ortigʻi mumkin emas. Javob kuting yoki baʼzilarini "
        "qaytarib oling.",
        "ru": "У вас {limit} открытых приглашений, больше нельзя. Подождите ответа или отзовите некоторые.",
    },
    "too_many_invitations.person": {
        "en": "{user_id} has too many open invitations already. Try again when some of them are answered.",
        "uz": "{user_id} nomiga ochiq takliflar juda koʻp. Baʼzilariga javob berilgach, qayta urinib koʻring.",
        "ru": "У {user_id} уже слишком много открытых приглашений. Повторите, когда на некоторые ответят.",
    },
    "too_many_conversations": {
        "en": "You are in {limit} conversations, which is the most. Leave some that you do not need any more.",
        "uz": "Siz {limit} ta suhbatdasiz, bundan ortigʻi mumkin emas. Keraksizlaridan chiqing.",
        "ru": "Вы участвуете в {limit} беседах, больше нельзя. Выйдите из ненужных.",
    },
    "too_many_conversations.person": {
        "en": "{user_id} is in as many conversations as anybody may be in.",
        "uz": "{user_id} boʻlishi mumkin boʻlgan eng koʻp suhbatda bor.",
        "ru": "{user_id} уже участвует в наибольшем возможном числе бесед.",
    },
    "unsupported": {
        "en": "This server does not do {what} yet. A later version will.",
        "uz": "Bu server {what} amalini hozircha bajarmaydi. Keyingi versiyada boʻladi.",
        "ru": "Этот сервер пока не умеет {what}. Это будет в следующей версии.",
    },
    "busy": {
        "en": "The server is busy. Nothing was stored; try again in {seconds} s.",
        "uz": "Server band. Hech narsa saqlanmadi; {seconds} soniyadan keyin qayta urining.",
        "ru": "Сервер занят. Ничего не сохранено; повторите через {seconds} с.",
    },
    "storage_unavailable": {
        "en": "The server's storage is full or gives trouble just now. Try again in {seconds} s.",
        "uz": "Server xotirasi toʻlgan yoki hozir ishlamayapti. {seconds} soniyadan keyin qayta urining.",
        "ru": "Хранилище сервера переполнено или сейчас недоступно. Повторите через {seconds} с.",
    },
    "internal": {
        "en": "Something went wrong on the server. It was logged; try again.",
        "uz": "Serverda xato yuz berdi. U qayd etildi; qayta urinib koʻring.",
        "ru": "На сервере произошла ошибка. Она записана в журнал; попробуйте ещё раз.",
    },
}


def say(key: str, language: Language, **params: object) -> str:
    """The text of `key` in `language`, its placeholders filled; a reason given as a key is translated too."""
    shown = {name: _translated(value, language) for name, value in params.items()}
    return _in(TEXTS[key], language).format_map(_Params(shown))


def _in(texts: dict[Written, str], language: Language) -> str:
    return cyrillic(texts["uz"]) if language == "uz-Cyrl" else texts[language]


def choose(accept_language: str, asked: str | None = None) -> Language:
    """The language to answer in: `asked` (`?lang=`) if known, else the best of `Accept-Language` (RFC 9110 §12.5.4)."""
    if asked and (known := language_of(asked)):
        return known
    best: Language = "en"
    best_weight = 0.0
    for part in accept_language.split(",")[:20]:
        tag, _, weight_text = part.strip().partition(";q=")
        try:
            weight = float(weight_text) if weight_text else 1.0
        except ValueError:
            continue
        language = language_of(tag)
        if language is not None and weight > best_weight:
            best, best_weight = language, weight
    return best


def language_of(tag: str) -> Language | None:
    """The language of a tag such as `ru-RU`, `uz_Cyrl` or `uz-Cyrl-UZ`; None for one that nothing is written in."""
    first, _, rest = tag.strip().lower().replace("_", "-")[:35].partition("-")
    if first[:2] == "uz" and rest.partition("-")[0] == "cyrl":
        return "uz-Cyrl"
    return next((language for language in WRITTEN if first[:2] == language), None)


REASONS: dict[str, dict[Written, str]] = {
    "typographic_quotes": {
        "en": 'it is not JSON: it has typographic quotes where " must stand',
        "uz": 'bu JSON emas: " oʻrniga boshqa qoʻshtirnoq yozilgan',
        "ru": 'это не JSON: вместо " стоят типографские кавычки',
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
        "ru": "текст длиннее 4000 знаков",
    },
    "bad_character": {
        "en": "the text has a character that cannot be stored (NUL or half of a surrogate pair)",
        "uz": "matnda saqlab boʻlmaydigan belgi bor (NUL yoki surrogat juftning yarmi)",
        "ru": "в тексте есть знак, который нельзя сохранить (NUL или половина суррогатной пары)",
    },
    "many_cursors": {
        "en": "there are more than 5,000 cursors; send those that matter, the other conversations are told as they are now",
        "uz": "5000 tadan koʻp kursor berilgan; keraklilarini yuboring, qolgan suhbatlarning hozirgi holati aytiladi",
        "ru": "больше 5000 курсоров; отправьте нужные, об остальных беседах придёт их нынешнее состояние",
    },
    "not_string": {
        "en": "{field} is not a string",
        "uz": "{field} satr emas",
        "ru": "{field} не строка",
    },
    "search.empty": {
        "en": "there is nothing to look for",
        "uz": "qidiriladigan narsa yoʻq",
        "ru": "искать нечего",
    },
    "search.costly": {
        "en": "this search takes too long; use rarer words, or from: and in:",
        "uz": "bu qidiruv juda uzoq davom etadi; kamroq uchraydigan soʻzlar, from: va in: bilan qidiring",
        "ru": "этот поиск занимает слишком много времени; ищите более редкие слова или добавьте from: и in:",
    },
    "search.long": {
        "en": "the query is longer than 500 characters",
        "uz": "soʻrov 500 belgidan uzun",
        "ru": "запрос длиннее 500 знаков",
    },
    "last_owner": {
        "en": "a server needs an owner: make somebody else one first",
        "uz": "serverga ega kerak: avval boshqa odamni ega qiling",
        "ru": "серверу нужен владелец: сначала назначьте другого",
    },
    "bad_time": {
        "en": "a time is a date, a time of day and an offset, as in `2026-11-23T09:30:00Z`",
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
    "locale": {
        "en": "the locale is no language tag such as uz or en-GB",
        "uz": "til belgisi uz yoki en-GB kabi boʻlishi kerak",
        "ru": "язык указывают как uz или en-GB",
    },
    "display_name": {
        "en": "the shown name needs 1 to 64 characters that can be seen",
        "uz": "koʻrsatiladigan ism 1 dan 64 gacha koʻrinadigan belgidan iborat boʻlishi kerak",
        "ru": "показываемое имя должно состоять из 1-64 видимых знаков",
    },
    "password.short": {
        "en": "the password is shorter than 8 characters",
        "uz": "parol 8 belgidan qisqa",
        "ru": "пароль короче 8 знаков",
    },
    "password.long": {
        "en": "the password is longer than 256 characters",
        "uz": "parol 256 belgidan uzun",
        "ru": "пароль длиннее 256 знаков",
    },
    "name.empty": {"en": "it is empty", "uz": "u boʻsh", "ru": "оно пустое"},
    "name.long": {
        "en": "it is longer than 32 characters",
        "uz": "u 32 belgidan uzun",
        "ru": "оно длиннее 32 знаков",
    },
    "name.characters": {
        "en": "it has a character that names may not have",
        "uz": "unda ismda boʻlishi mumkin boʻlmagan belgi bor",
        "ru": "в нём есть недопустимый знак",
    },
    "name.scripts": {
        "en": "it mixes alphabets",
        "uz": "unda turli alifbolar aralashgan",
        "ru": "в нём смешаны алфавиты",
    },
    "name.reserved": {"en": "it is reserved", "uz": "u band qilingan", "ru": "оно зарезервировано"},
}
"""Parts of sentences: why a thing was refused. `say` translates a parameter whose value is one of these keys."""


class _Params(dict[str, object]):
    def __missing__(self, name: str) -> str:
        return "…" if name != "example" else EXAMPLE


def _translated(value: object, language: Language) -> object:
    if isinstance(value, str):
        reason, _, field = value.partition(":")
        if reason in REASONS:
            return _in(REASONS[reason], language).replace("{field}", field)
    return value
