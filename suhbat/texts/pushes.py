"""Texts of the notifications that are pushed."""

from __future__ import annotations

from .languages import Texts

PUSHES: Texts = {
    "message": {"en": "New message", "uz": "Yangi xabar", "ru": "Новое сообщение"},
    "mention": {"en": "You were mentioned", "uz": "Sizni eslatib oʻtishdi", "ru": "Вас упомянули"},
    "lobby": {"en": "Everyone", "uz": "Hamma", "ru": "Все"},
    "picture": {"en": "Picture", "uz": "Rasm", "ru": "Изображение"},
    "pictures": {"en": "Pictures: {count}", "uz": "Rasmlar: {count}", "ru": "Изображения: {count}"},
    "video": {"en": "Video", "uz": "Video", "ru": "Видео"},
    "voice": {"en": "Voice message", "uz": "Ovozli xabar", "ru": "Голосовое сообщение"},
    "files": {"en": "Files: {count}", "uz": "Fayllar: {count}", "ru": "Файлы: {count}"},
    "trial.title": {
        "en": "Notifications work",
        "uz": "Bildirishnomalar ishlayapti",
        "ru": "Уведомления работают",
    },
    "trial.body": {
        "en": "You are told of new messages on this device.",
        "uz": "Bu qurilmaga yangi xabarlar haqida bildirishnoma keladi.",
        "ru": "На это устройство будут приходить уведомления о новых сообщениях.",
    },
}
