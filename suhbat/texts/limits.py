"""Texts of errors about limits and rates."""

from __future__ import annotations

from .languages import Texts

LIMITS: Texts = {
    "too_large": {
        "en": "This is too large: the limit is {limit} bytes. Send it in smaller parts.",
        "uz": "Bu juda katta: chegara {limit} bayt. Kichikroq qismlarga boʻlib yuboring.",
        "ru": "Слишком большой размер: предел {limit} байт. Отправьте меньшими частями.",
    },
    "too_many_reactions": {
        "en": "This message already has {limit} different reactions. Choose one of those.",
        "uz": "Bu xabarda allaqachon {limit} xil reaksiya bor. Shulardan birini tanlang.",
        "ru": "Под этим сообщением уже {limit} разных реакций. Выберите одну из них.",
    },
    "too_many_streams": {
        "en": "{limit} of your messages are still growing, which is the limit. Finish some of them first.",
        "uz": "Sizning {limit} ta xabaringiz hali yozilmoqda, chegara shu. Avval baʼzilarini yakunlang.",
        "ru": "{limit} ваших сообщений ещё пишутся, это предел. Сначала завершите некоторые из них.",
    },
    "too_many_streams.conversation": {
        "en": "{limit} messages are still growing here, which is the limit. Try again in a moment.",
        "uz": "Bu yerda {limit} ta xabar hali yozilmoqda, chegara shu. Birozdan keyin qayta urinib koʻring.",
        "ru": "Здесь ещё пишутся {limit} сообщений, это предел. Повторите чуть позже.",
    },
    "too_many_streams.text": {
        "en": "The messages that are growing here have {limit} characters in all, which is the limit. Try again later.",
        "uz": "Bu yerda yozilayotgan xabarlar jami {limit} belgiga yetdi, chegara shu. Keyinroq qayta urinib koʻring.",
        "ru": "Сообщения, которые здесь пишутся, вместе достигли {limit} символов, это предел. Повторите позже.",
    },
    "too_many_saved": {
        "en": "You have saved {limit} messages, which is the limit. Remove some of them first.",
        "uz": "Siz {limit} ta xabarni saqlagansiz, chegara shu. Avval baʼzilarini olib tashlang.",
        "ru": "Вы сохранили {limit} сообщений, это предел. Сначала уберите некоторые из них.",
    },
    "too_many_hooks": {
        "en": "There are {limit} webhooks, which is the limit. Remove those that you no longer need.",
        "uz": "Allaqachon {limit} ta vebhuk bor, chegara shu. Keraksizlarini oʻchiring.",
        "ru": "Вебхуков уже {limit}, это предел. Удалите ненужные.",
    },
    "too_many_invitations": {
        "en": "You have {limit} open invitations, which is the limit. Wait for answers, or withdraw some.",
        "uz": "Sizning {limit} ta taklifingiz javob kutmoqda, chegara shu. Javob kuting yoki baʼzilarini bekor qiling.",
        "ru": "У вас {limit} открытых приглашений, это предел. Подождите ответов или отзовите часть из них.",
    },
    "too_many_invitations.person": {
        "en": "{user_id} already has too many open invitations. Try again when some of them are answered.",
        "uz": "{user_id} nomiga ochiq takliflar juda koʻp. Baʼzilariga javob berilgach, qayta urinib koʻring.",
        "ru": "У {user_id} уже слишком много открытых приглашений. Повторите, когда на часть из них ответят.",
    },
    "too_many_conversations": {
        "en": "You are in {limit} conversations, which is the limit. Leave some that you no longer need.",
        "uz": "Siz {limit} ta suhbatdasiz, chegara shu. Keraksizlaridan chiqing.",
        "ru": "Вы участвуете в {limit} чатах, это предел. Выйдите из ненужных.",
    },
    "too_many_conversations.person": {
        "en": "{user_id} has reached the limit of conversations.",
        "uz": "{user_id} suhbatlar soni chegarasiga yetgan.",
        "ru": "{user_id} уже участвует в предельном числе чатов.",
    },
    "rate_limited": {
        "en": "Too many requests. Wait {seconds} s and slow down.",
        "uz": "Soʻrovlar juda koʻp. {seconds} soniya kuting va sekinroq davom eting.",
        "ru": "Слишком много запросов. Подождите {seconds} с и продолжайте медленнее.",
    },
    "rate_limited.room": {
        "en": "Too many people are writing here at once. Try again in {seconds} s.",
        "uz": "Bu yerda bir vaqtda juda koʻp kishi yozmoqda. {seconds} soniyadan keyin qayta urinib koʻring.",
        "ru": "Здесь одновременно пишут слишком многие. Повторите через {seconds} с.",
    },
    "rate_limited.slow": {
        "en": "This conversation is in slow mode. You can write again in {seconds} s.",
        "uz": "Bu suhbatda sekin rejim yoqilgan. {seconds} soniyadan keyin yana yoza olasiz.",
        "ru": "В этом чате включён медленный режим. Снова написать можно через {seconds} с.",
    },
    "rate_limited.mentions": {
        "en": "You have mentioned many people in a short time. Wait {seconds} s, or mention fewer.",
        "uz": "Qisqa vaqtda juda koʻp odamni eslatdingiz. {seconds} soniya kuting yoki kamroq odamni eslating.",
        "ru": "Вы упомянули много людей за короткое время. Подождите {seconds} с или упомяните меньше.",
    },
    "rate_limited.reports": {
        "en": "You have sent many reports that are not reviewed yet. Wait until they are.",
        "uz": "Siz yuborgan koʻp shikoyatlar hali koʻrib chiqilmagan. Ular koʻrib chiqilguncha kuting.",
        "ru": "Вы отправили много жалоб, которые ещё не рассмотрены. Подождите, пока их рассмотрят.",
    },
    "rate_limited.guests": {
        "en": "Too many guests came from your address today. Create an account, or wait {seconds} s.",
        "uz": "Bugun manzilingizdan juda koʻp mehmon kirdi. Hisob yarating yoki {seconds} soniya kuting.",
        "ru": "С вашего адреса сегодня пришло слишком много гостей. Создайте аккаунт или подождите {seconds} с.",
    },
    "rate_limited.connections": {
        "en": "Too many connections from your address. Close some, or wait {seconds} s.",
        "uz": "Manzilingizdan ulanishlar juda koʻp. Baʼzilarini yoping yoki {seconds} soniya kuting.",
        "ru": "Слишком много подключений с вашего адреса. Закройте лишние или подождите {seconds} с.",
    },
    "rate_limited.mails": {
        "en": "{limit} mails were sent for this account within a day, which is the limit. Try again in {seconds} s.",
        "uz": "Bu hisob uchun bir kunda {limit} ta xat yuborildi, chegara shu. {seconds} soniyadan keyin urinib koʻring.",
        "ru": "За день для этого аккаунта отправлено {limit} писем, это предел. Повторите через {seconds} с.",
    },
    "rate_limited.resets": {
        "en": "{limit} links were sent for this account within a day, which is the limit. Try again in {seconds} s.",
        "uz": "Bu hisob uchun bir kunda {limit} ta havola yuborildi, chegara shu. {seconds} soniyadan keyin urinib koʻring.",
        "ru": "За день для этого аккаунта отправлено {limit} ссылок, это предел. Повторите через {seconds} с.",
    },
    "rate_limited.mailed_invites": {
        "en": "You have mailed {limit} invitations within a day, which is the limit. Try again in {seconds} s.",
        "uz": "Bir kunda {limit} ta taklif xati yubordingiz, chegara shu. {seconds} soniyadan keyin urinib koʻring.",
        "ru": "За день вы отправили {limit} писем с приглашениями, это предел. Повторите через {seconds} с.",
    },
    "rate_limited.rooms": {
        "en": "You have created {limit} rooms within a day, which is the limit. Create the next one in {seconds} s.",
        "uz": "Bir kunda {limit} ta xona yaratdingiz, chegara shu. Keyingisini {seconds} soniyadan keyin yarating.",
        "ru": "За день вы создали {limit} комнат, это предел. Следующую можно создать через {seconds} с.",
    },
    "rate_limited.directs": {
        "en": "You have opened {limit} new direct conversations within a day, which is the limit. Open the next one in "
        "{seconds} s.",
        "uz": "Bir kunda {limit} ta yangi shaxsiy suhbat ochdingiz, chegara shu. Keyingisini {seconds} soniyadan keyin "
        "oching.",
        "ru": "За день вы открыли {limit} новых личных чатов, это предел. Следующий можно открыть через {seconds} с.",
    },
    "rate_limited.invitations": {
        "en": "You have sent {limit} invitations within a day, which is the limit. Send the next one in {seconds} s.",
        "uz": "Bir kunda {limit} ta taklif yubordingiz, chegara shu. Keyingisini {seconds} soniyadan keyin yuboring.",
        "ru": "За день вы отправили {limit} приглашений, это предел. Следующее можно отправить через {seconds} с.",
    },
    "rate_limited.bots": {
        "en": "You have made {limit} bots within a day, which is the limit. Make the next one in {seconds} s.",
        "uz": "Bir kunda {limit} ta bot yaratdingiz, chegara shu. Keyingisini {seconds} soniyadan keyin yarating.",
        "ru": "За день вы создали {limit} ботов, это предел. Следующего можно создать через {seconds} с.",
    },
    "rate_limited.hooks": {
        "en": "You have made {limit} webhooks within a day, which is the limit. Make the next one in {seconds} s.",
        "uz": "Bir kunda {limit} ta vebhuk yaratdingiz, chegara shu. Keyingisini {seconds} soniyadan keyin yarating.",
        "ru": "За день вы создали {limit} вебхуков, это предел. Следующий можно создать через {seconds} с.",
    },
    "busy": {
        "en": "The server is busy. Nothing was stored; try again in {seconds} s.",
        "uz": "Server band. Hech narsa saqlanmadi; {seconds} soniyadan keyin qayta urinib koʻring.",
        "ru": "Сервер занят. Ничего не сохранено; повторите через {seconds} с.",
    },
}
