"""Texts of errors about invalid requests, missing resources and failures of the server."""

from __future__ import annotations

from .languages import Texts

REQUESTS: Texts = {
    "bad_request": {
        "en": "The request is not valid: {reason}. Correct it and send it again.",
        "uz": "Soʻrov notoʻgʻri: {reason}. Tuzatib, qayta yuboring.",
        "ru": "Неверный запрос: {reason}. Исправьте его и отправьте ещё раз.",
    },
    "bad_request.simple": {
        "en": "The message is not valid: {reason}. Send JSON like this: {example}",
        "uz": "Xabar notoʻgʻri: {reason}. JSONni shunday yuboring: {example}",
        "ru": "Неверное сообщение: {reason}. Отправьте JSON в таком виде: {example}",
    },
    "unknown_command": {
        "en": "This bot has no command /{name}. Type / to see its commands, or // to send a text that begins with a slash.",
        "uz": "Bu botda /{name} buyrugʻi yoʻq. Buyruqlarini koʻrish uchun / yozing; matn / bilan boshlansa, // deb yozing.",
        "ru": "У этого бота нет команды /{name}. Введите /, чтобы увидеть команды, или //, если текст начинается с черты.",
    },
    "not_found.bot": {
        "en": "The bot that sent this message is not here any more.",
        "uz": "Bu xabarni yuborgan bot endi bu yerda yoʻq.",
        "ru": "Бота, который отправил это сообщение, здесь больше нет.",
    },
    "not_found.key": {
        "en": "This key is unknown or has expired, or was used often enough. A key is good for 30 minutes and 5 answers.",
        "uz": "Bu kalit nomaʼlum, muddati oʻtgan yoki yetarlicha ishlatilgan. Kalit 30 daqiqa va 5 javobga yaraydi.",
        "ru": "Этот ключ неизвестен, истёк или использован достаточно раз. Ключ действует 30 минут и для 5 ответов.",
    },
    "invalid_payload": {
        "en": 'This cannot be shown as a message. Send an object that has a "text", or a text as text/plain, of at most 1 MiB.',
        "uz": 'Buni xabar sifatida koʻrsatib boʻlmaydi. "text" maydoni bor obyekt yoki text/plain turidagi matn yuboring, '
        "koʻpi bilan 1 MiB.",
        "ru": 'Это нельзя показать как сообщение. Отправьте объект с полем "text" или текст как text/plain, не больше 1 МиБ.',
    },
    "no_service": {
        "en": "There is no webhook at this address, or it was removed. Make a new one in the conversation.",
        "uz": "Bu manzilda vebhuk yoʻq yoki u oʻchirilgan. Suhbatda yangisini yarating.",
        "ru": "По этому адресу нет вебхука, или он удалён. Создайте новый в чате.",
    },
    "not_found": {
        "en": "It does not exist, or you have no access to it. Check the address or the id.",
        "uz": "U mavjud emas yoki sizda unga kirish huquqi yoʻq. Manzil yoki idni tekshiring.",
        "ru": "Этого нет, или у вас нет доступа. Проверьте адрес или id.",
    },
    "not_found.message": {
        "en": "There is no such message here, or it was deleted.",
        "uz": "Bu yerda bunday xabar yoʻq yoki u oʻchirilgan.",
        "ru": "Такого сообщения здесь нет, или оно удалено.",
    },
    "not_found.button": {
        "en": "The message has no such button, or not any more. Load the message again.",
        "uz": "Xabarda bunday tugma yoʻq yoki endi yoʻq. Xabarni qayta yuklang.",
        "ru": "У сообщения нет такой кнопки или уже нет. Загрузите сообщение снова.",
    },
    "wrong_offset.text": {
        "en": "The text of this message has {offset} characters so far. Continue there.",
        "uz": "Bu xabar matnida hozircha {offset} ta belgi bor. Shu yerdan davom eting.",
        "ru": "В тексте этого сообщения пока {offset} символов. Продолжайте с этого места.",
    },
    "finished": {
        "en": "This message does not grow any more: it is finished, or somebody stopped it.",
        "uz": "Bu xabar endi davom etmaydi: u yakunlangan yoki kimdir uni toʻxtatgan.",
        "ru": "Это сообщение больше не растёт: оно завершено, или его остановили.",
    },
    "still_growing": {
        "en": "This message is still being written. Finish it before you edit it.",
        "uz": "Bu xabar hali yozilmoqda. Tahrirlashdan oldin uni yakunlang.",
        "ru": "Это сообщение ещё пишется. Завершите его, прежде чем редактировать.",
    },
    "not_found.socket": {
        "en": "There is no WebSocket at this address. Open /ws/ and your name, such as /ws/user1, or /api/v1/ws.",
        "uz": "Bu manzilda WebSocket yoʻq. /ws/ va ismingizni, masalan /ws/user1 ni, yoki /api/v1/ws ni oching.",
        "ru": "По этому адресу нет WebSocket. Откройте /ws/ и своё имя, например /ws/user1, или /api/v1/ws.",
    },
    "not_found.method": {
        "en": "This address does not accept {method}. See /docs for what it accepts.",
        "uz": "Bu manzil {method} soʻrovini qabul qilmaydi. Qaysilarini qabul qilishini /docs da koʻring.",
        "ru": "Этот адрес не принимает {method}. Что он принимает, описано в /docs.",
    },
    "user_not_found": {
        "en": "{user_id} is not here and has no account. Check the name.",
        "uz": "{user_id} bu yerda yoʻq va hisobi ham yoʻq. Ismni tekshiring.",
        "ru": "{user_id} сейчас не здесь и не имеет аккаунта. Проверьте имя.",
    },
    "user_not_found.simple": {
        "en": "{user_id} is not here and has no account. Check the name, or leave to_user empty to write to everyone.",
        "uz": "{user_id} bu yerda yoʻq va hisobi ham yoʻq. Ismni tekshiring yoki hammaga yozish uchun "
        "to_user ni boʻsh qoldiring.",
        "ru": "{user_id} сейчас не здесь и не имеет аккаунта. Проверьте имя или оставьте to_user пустым, "
        "чтобы написать всем.",
    },
    "user_not_found.guest": {
        "en": "{user_id} is here only while connected, and cannot be a member.",
        "uz": "{user_id} faqat ulanib turganida shu yerda boʻladi va aʼzo boʻla olmaydi.",
        "ru": "{user_id} здесь только на время подключения и не может быть участником.",
    },
    "invalid_name": {
        "en": "This name cannot be used: {reason}. Use 1-32 letters of one alphabet, digits, or _ - .",
        "uz": "Bu ismdan foydalanib boʻlmaydi: {reason}. Bitta alifboning 1-32 harfi, raqam yoki _ - . dan foydalaning.",
        "ru": "Это имя нельзя использовать: {reason}. Используйте 1-32 буквы одного алфавита, цифры или _ - .",
    },
    "name_in_use": {
        "en": "Somebody is connected under the name {user_id}. Choose another name, or try again later.",
        "uz": "{user_id} nomi bilan kimdir ulangan. Boshqa ism tanlang yoki keyinroq urinib koʻring.",
        "ru": "Под именем {user_id} уже кто-то подключён. Выберите другое имя или попробуйте позже.",
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
    "storage_unavailable": {
        "en": "The server's storage is full or unavailable. Try again in {seconds} s.",
        "uz": "Server xotirasi toʻlgan yoki ishlamayapti. {seconds} soniyadan keyin qayta urinib koʻring.",
        "ru": "Хранилище сервера переполнено или недоступно. Повторите через {seconds} с.",
    },
    "internal": {
        "en": "Something went wrong on the server. It was logged; try again.",
        "uz": "Serverda xatolik yuz berdi. U qayd etildi; qayta urinib koʻring.",
        "ru": "На сервере произошла ошибка. Она записана в журнал; попробуйте ещё раз.",
    },
}
