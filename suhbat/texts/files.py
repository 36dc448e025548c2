"""Texts of errors about files."""

from __future__ import annotations

from .languages import Texts

FILES: Texts = {
    "not_found.file": {
        "en": "There is no such file, or it is not yours to use.",
        "uz": "Bunday fayl yoʻq yoki undan foydalana olmaysiz.",
        "ru": "Такого файла нет, или он вам не принадлежит.",
    },
    "file_too_large": {
        "en": "The file is too large: the limit is {limit} bytes.",
        "uz": "Fayl juda katta: chegara {limit} bayt.",
        "ru": "Файл слишком большой: предел {limit} байт.",
    },
    "file_in_use": {
        "en": "This file is already in a message or in use as a picture. Upload it again.",
        "uz": "Bu fayl allaqachon xabarda bor yoki rasm sifatida ishlatilgan. Uni qayta yuklang.",
        "ru": "Этот файл уже есть в сообщении или служит картинкой. Загрузите его ещё раз.",
    },
    "file_not_ready": {
        "en": "The file is not ready yet. Try again in {seconds} s.",
        "uz": "Fayl hali tayyor emas. {seconds} soniyadan keyin qayta urinib koʻring.",
        "ru": "Файл ещё не готов. Повторите через {seconds} с.",
    },
    "wrong_offset": {
        "en": "The upload continues at another place. Ask for its offset (HEAD) and go on from there.",
        "uz": "Yuklash boshqa joydan davom etadi. Uning oʻrnini soʻrang (HEAD) va oʻsha yerdan davom eting.",
        "ru": "Загрузка продолжается с другого места. Запросите смещение (HEAD) и продолжайте с него.",
    },
    "request_timeout": {
        "en": "The rest of the request did not come. Send it again.",
        "uz": "Soʻrovning qolgan qismi kelmadi. Uni qayta yuboring.",
        "ru": "Остаток запроса не пришёл. Отправьте его ещё раз.",
    },
    "unsupported_type": {
        "en": "The body has another type here. Send `Content-Type: {type}`.",
        "uz": "Bu yerda soʻrov turi boshqacha. `Content-Type: {type}` yuboring.",
        "ru": "Здесь нужен другой тип тела. Пришлите `Content-Type: {type}`.",
    },
    "unknown_version": {
        "en": "This server speaks tus 1.0.0. Send `Tus-Resumable: 1.0.0`, or a form.",
        "uz": "Bu server tus 1.0.0 bilan ishlaydi. `Tus-Resumable: 1.0.0` yuboring yoki shakldan foydalaning.",
        "ru": "Этот сервер понимает tus 1.0.0. Пришлите `Tus-Resumable: 1.0.0` или форму.",
    },
    "precondition_failed": {
        "en": "The file is not the one that you have. Load it again without the condition.",
        "uz": "Bu sizdagi fayl emas. Uni shartsiz qayta yuklab oling.",
        "ru": "Это не тот файл, что у вас есть. Загрузите его снова без условия.",
    },
    "out_of_range": {
        "en": "The file does not have these bytes. `Content-Range` has its size.",
        "uz": "Faylda bunday baytlar yoʻq. Uning hajmi `Content-Range` da.",
        "ru": "В файле нет этих байтов. Его размер указан в `Content-Range`.",
    },
    "quota_exceeded": {
        "en": "Your files would take more than {limit} bytes; {left} are left. Delete some of them.",
        "uz": "Fayllaringiz {limit} baytdan oshib ketadi; {left} bayt qoldi. Baʼzilarini oʻchiring.",
        "ru": "Ваши файлы займут больше {limit} байт; осталось {left}. Удалите часть из них.",
    },
    "quota_exceeded.loose": {
        "en": "You have {limit} files that no message shows yet. Send them, or delete some.",
        "uz": "Hali xabarga qoʻshilmagan {limit} ta faylingiz bor. Ularni yuboring yoki baʼzilarini oʻchiring.",
        "ru": "У вас {limit} файлов, которых ещё нет ни в одном сообщении. Отправьте их или удалите часть.",
    },
    "quota_exceeded.files": {
        "en": "You have {limit} files, which is the limit. Delete messages with files.",
        "uz": "Sizda {limit} ta fayl bor, chegara shu. Fayli bor xabarlarni oʻchiring.",
        "ru": "У вас {limit} файлов, это предел. Удалите сообщения с файлами.",
    },
    "quota_exceeded.address": {
        "en": "The guests at your address have uploaded {limit} bytes today, which is the limit. Create an account, or wait.",
        "uz": "Manzilingizdagi mehmonlar bugun {limit} bayt yukladi, chegara shu. Hisob yarating yoki kuting.",
        "ru": "Гости с вашего адреса загрузили сегодня {limit} байт, это предел. Создайте аккаунт или подождите.",
    },
    "checksum_mismatch": {
        "en": "The bytes do not have the checksum that came with them. Send them again.",
        "uz": "Maʼlumotlar nazorat yigʻindisiga mos kelmadi. Ularni qayta yuboring.",
        "ru": "Данные не совпали с контрольной суммой. Отправьте их ещё раз.",
    },
    "storage_full": {
        "en": "The server has no room for files. Messages without files can be sent; try again in {seconds} s.",
        "uz": "Serverda fayllar uchun joy qolmadi. Faylsiz xabar yuborish mumkin; {seconds} soniyadan keyin urinib koʻring.",
        "ru": "На сервере нет места для файлов. Сообщения без файлов отправлять можно; повторите через {seconds} с.",
    },
    "forbidden.guest_files": {
        "en": "On this server guests cannot upload files. Create an account.",
        "uz": "Bu serverda mehmonlar fayl yuklay olmaydi. Hisob yarating.",
        "ru": "На этом сервере гости не могут загружать файлы. Создайте аккаунт.",
    },
}
