// What stands on the telephones, in the language of each.

export const WORDS = {
  uk: {
    locale: "uk-UA", bot: "бот", menu: "Меню", field: "Повідомлення", send: "Надіслати", attach: "Додати", begin: "РОЗПОЧАТИ", more: "Ще",
    end: "До останнього повідомлення", edited: "змінено", chat: "Розмова", sent: "надіслано", read: "прочитано", you: "Ви", attachment: "Вкладення",
    photo: "Фото", voice: "Голосове повідомлення", sticker: "Наліпка", location: "Місце", document: "Файл", contact: "Контакт", video: "Відео", block: "Заблокувати бота",
    unblock: "Розблокувати бота", about: "Що вміє цей бот?", invitation: "Відкрити запрошення", invited: "Вас запрошено до команди.",
    view_once: "Фото для одного перегляду", call: "Зателефонувати", delivered: "доставлено", actions: "Дії з повідомленням", reply: "Відповісти", edit: "Редагувати",
    remove: "Видалити для всіх", react: "Реакція", takeBack: "Забрати реакцію", deletedMine: "Ви видалили це повідомлення.", deletedTheirs: "Це повідомлення видалено.", readMore: "Читати далі",
    replying: "Відповідь", editing: "Редагування повідомлення", cancel: "Скасувати", typing: "Пише …", offline: "Вимкнути зв’язок", online: "Увімкнути зв’язок", isOffline: "Телефон офлайн",
    timerOn: "Зникаючі повідомлення: 1 день", timerOff: "Не видаляти повідомлення", timer: "Зникають через 1 день", first: "У Signal немає кнопки «Розпочати». Напишіть будь-що, наприклад «Привіт».",
  },
  de: {
    locale: "de-DE", bot: "Bot", menu: "Menü", field: "Nachricht", send: "Senden", attach: "Anhängen", begin: "STARTEN", more: "Mehr",
    end: "Zur neuesten Nachricht", edited: "bearbeitet", chat: "Gespräch", sent: "gesendet", read: "gelesen", you: "Sie", attachment: "Anhang",
    photo: "Foto", voice: "Sprachnachricht", sticker: "Sticker", location: "Standort", document: "Datei", contact: "Kontakt", video: "Video", block: "Bot blockieren",
    unblock: "Bot entsperren", about: "Was kann dieser Bot?", invitation: "Einladung öffnen", invited: "Sie sind ins Team eingeladen.",
    view_once: "Foto zur Einmalansicht", call: "Anrufen", delivered: "zugestellt", actions: "Aktionen zur Nachricht", reply: "Antworten", edit: "Bearbeiten",
    remove: "Für alle löschen", react: "Reagieren", takeBack: "Reaktion zurücknehmen", deletedMine: "Sie haben diese Nachricht gelöscht.", deletedTheirs: "Diese Nachricht wurde gelöscht.", readMore: "Mehr lesen",
    replying: "Antwort", editing: "Nachricht bearbeiten", cancel: "Abbrechen", typing: "Schreibt …", offline: "Offline gehen", online: "Wieder online gehen", isOffline: "Telefon ist offline",
    timerOn: "Verschwindende Nachrichten: 1 Tag", timerOff: "Nachrichten behalten", timer: "Verschwinden nach 1 Tag", first: "Signal hat keinen Startknopf. Schreiben Sie irgendetwas, zum Beispiel „Hallo“.",
  },
  en: {
    locale: "en-GB", bot: "bot", menu: "Menu", field: "Message", send: "Send", attach: "Attach", begin: "START", more: "More",
    end: "To the newest message", edited: "edited", chat: "Chat", sent: "sent", read: "read", you: "You", attachment: "Attachment",
    photo: "Photo", voice: "Voice message", sticker: "Sticker", location: "Location", document: "File", contact: "Contact", video: "Video", block: "Block the bot",
    unblock: "Unblock the bot", about: "What can this bot do?", invitation: "Open the invitation", invited: "You are invited to the team.",
    view_once: "View-once photo", call: "Call", delivered: "delivered", actions: "Message actions", reply: "Reply", edit: "Edit",
    remove: "Delete for everyone", react: "React", takeBack: "Take back reaction", deletedMine: "You deleted this message.", deletedTheirs: "This message was deleted.", readMore: "Read more",
    replying: "Reply", editing: "Edit message", cancel: "Cancel", typing: "Typing …", offline: "Go offline", online: "Go online again", isOffline: "This telephone is offline",
    timerOn: "Disappearing messages: 1 day", timerOff: "Keep messages", timer: "Disappear after 1 day", first: "Signal has no start button. Write anything, such as “Hello”.",
  },
};
export const THINGS = { photo: "🖼️", voice: "🎤", sticker: "🌻", location: "📍", document: "📄", contact: "👤", video: "🎬", view_once: "①" };
