"""Texts of errors about authentication and permissions."""

from __future__ import annotations

from .languages import Texts

ACCESS: Texts = {
    "unauthenticated": {
        "en": "Authentication is required. Send a valid token (POST /api/v1/sessions or /api/v1/guests gives one).",
        "uz": "Tizimga kirish kerak. Yaroqli token yuboring (uni POST /api/v1/sessions yoki /api/v1/guests beradi).",
        "ru": "Нужно войти. Пришлите действующий токен (его даёт POST /api/v1/sessions или /api/v1/guests).",
    },
    "unauthenticated.hello": {
        "en": 'The first message must be {{"type": "hello", "token": "..."}}, within {seconds} seconds.',
        "uz": 'Birinchi xabar {seconds} soniya ichida {{"type": "hello", "token": "..."}} boʻlishi kerak.',
        "ru": 'Первым сообщением в течение {seconds} секунд должно быть {{"type": "hello", "token": "..."}}.',
    },
    "unauthenticated.access": {
        "en": "This server does not accept guests. Ask its owner for an account or an invitation.",
        "uz": "Bu server mehmonlarni qabul qilmaydi. Egasidan hisob yoki taklif soʻrang.",
        "ru": "Этот сервер не принимает гостей. Попросите у владельца аккаунт или приглашение.",
    },
    "unauthenticated.name": {
        "en": "The token belongs to a name other than {user_id}. Connect under the name of the token.",
        "uz": "Bu token {user_id} ismiga tegishli emas. Tokenning oʻz ismi bilan ulaning.",
        "ru": "Токен выдан не на имя {user_id}. Подключитесь под именем, на которое выдан токен.",
    },
    "unauthenticated.password": {
        "en": "The name or the password is wrong. Check both.",
        "uz": "Ism yoki parol notoʻgʻri. Ikkalasini ham tekshiring.",
        "ru": "Неверное имя или пароль. Проверьте и то и другое.",
    },
    "unauthenticated.revoked": {
        "en": "This session has ended. Log in again.",
        "uz": "Bu seans tugatilgan. Qaytadan kiring.",
        "ru": "Этот сеанс завершён. Войдите снова.",
    },
    "unauthenticated.account": {
        "en": "The name {user_id} belongs to an account. Log in and connect with its token, or choose another name.",
        "uz": "{user_id} ismi hisobga tegishli. Tizimga kirib, uning tokeni bilan ulaning yoki boshqa ism tanlang.",
        "ru": "Имя {user_id} принадлежит аккаунту. Войдите и подключитесь с его токеном или выберите другое имя.",
    },
    "forbidden": {
        "en": "You are not allowed to do this.",
        "uz": "Buni qilishga ruxsatingiz yoʻq.",
        "ru": "У вас нет на это прав.",
    },
    "forbidden.member": {
        "en": "Only members can do this. Join the room first.",
        "uz": "Buni faqat aʼzolar qila oladi. Avval xonaga qoʻshiling.",
        "ru": "Это доступно только участникам. Сначала вступите в комнату.",
    },
    "forbidden.actions": {
        "en": "Only bots can send buttons.",
        "uz": "Tugmalarni faqat botlar yubora oladi.",
        "ru": "Кнопки могут отправлять только боты.",
    },
    "forbidden.bots": {
        "en": "On this server only its owner or its moderators may make bots. Ask them for one.",
        "uz": "Bu serverda botlarni faqat egasi yoki moderatorlar yarata oladi. Ulardan soʻrang.",
        "ru": "На этом сервере ботов могут создавать только владелец или модераторы. Попросите их.",
    },
    "forbidden.bots.account": {
        "en": "Only a person with an account can do this, not a guest and not a bot.",
        "uz": "Buni faqat hisobi bor odam qila oladi, mehmon yoki bot emas.",
        "ru": "Это может только человек с аккаунтом, не гость и не бот.",
    },
    "forbidden.bots.room": {
        "en": "A bot cannot make rooms. Its owner makes one and adds it.",
        "uz": "Bot xona ocha olmaydi. Egasi ochib, uni qoʻshadi.",
        "ru": "Бот не может создавать комнаты. Её создаёт владелец и добавляет бота.",
    },
    "forbidden.bots.role": {
        "en": "A bot cannot have a higher role than its owner. Give its owner the role first.",
        "uz": "Botning roli egasinikidan yuqori boʻla olmaydi. Avval egasiga shu rolni bering.",
        "ru": "Роль бота не может быть выше роли его владельца. Сначала дайте эту роль владельцу.",
    },
    "forbidden.kind": {
        "en": "This is not possible in a conversation of this kind.",
        "uz": "Bunday turdagi suhbatda buni qilib boʻlmaydi.",
        "ru": "В чате такого вида это невозможно.",
    },
    "forbidden.archived": {
        "en": "This room is archived and read-only. Its owner can open it again.",
        "uz": "Bu xona arxivlangan, uni faqat oʻqish mumkin. Egasi uni qayta ochishi mumkin.",
        "ru": "Эта комната в архиве и доступна только для чтения. Владелец может открыть её снова.",
    },
    "forbidden.muted": {
        "en": "You can read here but not write for now. Ask a moderator.",
        "uz": "Hozircha bu yerda faqat oʻqiy olasiz, yoza olmaysiz. Moderatorga murojaat qiling.",
        "ru": "Пока вы можете здесь только читать. Обратитесь к модератору.",
    },
    "forbidden.files": {
        "en": "You can write here but not send files.",
        "uz": "Bu yerda yoza olasiz, lekin fayl yubora olmaysiz.",
        "ru": "Здесь вы можете писать, но не отправлять файлы.",
    },
    "forbidden.banned": {
        "en": "You are banned here. Ask a moderator if you think that this is a mistake.",
        "uz": "Siz bu yerda bloklangansiz. Bu xato deb oʻylasangiz, moderatorga murojaat qiling.",
        "ru": "Вы здесь заблокированы. Если считаете это ошибкой, обратитесь к модератору.",
    },
    "forbidden.person_banned": {
        "en": "This person is banned here. Lift the ban first.",
        "uz": "Bu foydalanuvchi bu yerda bloklangan. Avval uni blokdan chiqaring.",
        "ru": "Этот пользователь здесь заблокирован. Сначала разблокируйте его.",
    },
    "forbidden.words": {
        "en": "The text contains a word that is not allowed here. Rephrase it.",
        "uz": "Matnda bu yerda taqiqlangan soʻz bor. Boshqacha yozing.",
        "ru": "В тексте есть слово, которое здесь запрещено. Напишите иначе.",
    },
    "forbidden.author": {
        "en": "Only the author of a message can edit it.",
        "uz": "Xabarni faqat uning muallifi tahrirlay oladi.",
        "ru": "Изменить сообщение может только его автор.",
    },
    "forbidden.rank": {
        "en": "You cannot do this to somebody of the same or a higher role.",
        "uz": "Buni roli sizniki bilan teng yoki undan yuqori boʻlgan odamga nisbatan qila olmaysiz.",
        "ru": "Это нельзя сделать с тем, чья роль не ниже вашей.",
    },
    "forbidden.bare": {
        "en": "This needs a name that is kept. Get one with POST /api/v1/guests, or create an account.",
        "uz": "Buning uchun saqlanadigan ism kerak. POST /api/v1/guests bilan ism oling yoki hisob yarating.",
        "ru": "Для этого нужно сохраняемое имя. Получите его через POST /api/v1/guests или создайте аккаунт.",
    },
    "forbidden.origin": {
        "en": "This page may not connect: its origin is not allowed. The owner can add it to the setting `origins`.",
        "uz": "Bu sahifaga ulanish mumkin emas: manzili ruxsat etilmagan. Server egasi uni `origins` ga qoʻsha oladi.",
        "ru": "Этой странице нельзя подключаться: её источник не разрешён. Владелец может добавить его в `origins`.",
    },
    "forbidden.push": {
        "en": "Pushes need an account with a login session. Log in with POST /api/v1/sessions.",
        "uz": "Bildirishnomalar uchun hisob va seans kerak. POST /api/v1/sessions orqali kiring.",
        "ru": "Для уведомлений нужен аккаунт и сеанс входа. Войдите через POST /api/v1/sessions.",
    },
    "forbidden.hook": {
        "en": "Webhooks need an account. Register with POST /api/v1/accounts.",
        "uz": "Vebhuklar uchun hisob kerak. POST /api/v1/accounts orqali roʻyxatdan oʻting.",
        "ru": "Для вебхуков нужен аккаунт. Зарегистрируйтесь через POST /api/v1/accounts.",
    },
    "forbidden.mail": {
        "en": "This server sends no mails. Its owner can set `smtp_url`.",
        "uz": "Bu server xat yubormaydi. Egasi `smtp_url` ni sozlashi mumkin.",
        "ru": "Этот сервер не отправляет писем. Владелец может задать `smtp_url`.",
    },
    "forbidden.mail_code": {
        "en": "This link is wrong, used or expired. Ask for a new one.",
        "uz": "Bu havola notoʻgʻri, ishlatilgan yoki muddati oʻtgan. Yangisini soʻrang.",
        "ru": "Эта ссылка неверна, использована или истекла. Запросите новую.",
    },
    "forbidden.mail_address": {
        "en": "There is no e-mail address yet. Set one first.",
        "uz": "Hali elektron pochta manzili yoʻq. Avval manzil kiriting.",
        "ru": "Адреса электронной почты ещё нет. Сначала укажите его.",
    },
    "endpoint_in_use": {
        "en": "This push endpoint belongs to another account. Unsubscribe in the browser and subscribe again.",
        "uz": "Bu bildirishnoma manzili boshqa hisobga tegishli. Brauzerda obunani bekor qilib, qaytadan obuna boʻling.",
        "ru": "Этот адрес уведомлений принадлежит другому аккаунту. Отпишитесь в браузере и подпишитесь снова.",
    },
    "forbidden.invite": {
        "en": "A valid invitation is needed: this one is unknown, used up or expired. Ask for a new one.",
        "uz": "Yaroqli taklif kerak: bunisi nomaʼlum, ishlatilgan yoki muddati oʻtgan. Yangisini soʻrang.",
        "ru": "Нужно действующее приглашение: это неизвестно, использовано или истекло. Попросите новое.",
    },
    "forbidden.closed": {
        "en": "New accounts cannot be created on this server. Ask its owner.",
        "uz": "Bu serverda yangi hisob yaratib boʻlmaydi. Egasiga murojaat qiling.",
        "ru": "На этом сервере нельзя создавать новые аккаунты. Обратитесь к владельцу.",
    },
    "forbidden.setup": {
        "en": "This setup link is wrong, used or expired. Restart the server to get a new one.",
        "uz": "Bu sozlash havolasi notoʻgʻri, ishlatilgan yoki muddati oʻtgan. Yangisini olish uchun serverni qayta ishga "
        "tushiring.",
        "ru": "Эта ссылка для настройки неверна, использована или истекла. Чтобы получить новую, перезапустите сервер.",
    },
    "forbidden.password": {
        "en": "The current password is wrong. Nothing was changed.",
        "uz": "Joriy parol notoʻgʻri. Hech narsa oʻzgarmadi.",
        "ru": "Текущий пароль неверен. Ничего не изменено.",
    },
    "forbidden.guest": {
        "en": "This needs an account: guests have no profile, no picture and no sessions. Register with POST /api/v1/accounts.",
        "uz": "Buning uchun hisob kerak: mehmonning profili, rasmi va seanslari yoʻq. POST /api/v1/accounts orqali "
        "roʻyxatdan oʻting.",
        "ru": "Для этого нужен аккаунт: у гостя нет профиля, изображения и сеансов. Зарегистрируйтесь через "
        "POST /api/v1/accounts.",
    },
}
