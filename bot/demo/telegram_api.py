"""The methods of the pretend Bot API: each takes parameters, changes the world, and returns the result or is refused.

Beyond what a method is for, it checks what Telegram checks, in the order in which Telegram does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bot.demo.telegram_chats import Message, Toast
from bot.demo.telegram_html import utf16_length
from bot.demo.telegram_rules import (
    CAPTION_LIMIT,
    CHAT_ACTIONS,
    TEXT_LIMIT,
    TOAST_LIMIT,
    TOO_OLD,
    UNMODIFIED,
    Params,
    Refused,
    Upload,
    bad,
    command_list,
    forbidden,
    formatted,
    keyboard,
    language_code,
    message_text,
    scope_key,
)

if TYPE_CHECKING:
    from bot.demo.telegram_chats import Chat, Document
    from bot.demo.telegram_html import Json
    from bot.demo.telegram_world import World

DELETABLE_SECONDS = 48 * 3600
DOWNLOAD_LIMIT = 20 * 1024 * 1024
UPLOAD_LIMIT = 50 * 1024 * 1024
ALLOW_WITHOUT = "allow_sending_without_reply"
TEXT_LENGTHS = {"name": 64, "description": 512, "short_description": 120}
Method = Callable[["World", Params], Any]


def get_me(world: World, params: Params) -> Json:  # noqa: ARG001  # as all methods
    return world.bot_user | {
        "can_join_groups": True,
        "can_read_all_group_messages": world.reads_all_group_messages,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def send_message(world: World, params: Params) -> Message:
    text, entities = message_text(params)
    markup = keyboard(params)
    chat = writable_chat(world, params)
    if utf16_length(text) > TEXT_LIMIT:
        raise bad("message is too long")
    message = Message(
        message_id=0,
        chat=chat,
        by_bot=True,
        sender=None if chat.kind == "channel" else world.bot_user,
        date=int(world.now()),
        text=text,
        entities=entities,
        markup=markup,
        reply_to=replied_message(chat, params),
    )
    return deliver(world, message)


def deliver(world: World, message: Message) -> Message:
    message.message_id = message.chat.next_number()
    message.chat.add(message)
    world.message_changed("new", message)
    return message


def send_document(world: World, params: Params) -> Message:
    document = uploaded_document(world, params)
    caption, entities = formatted(params, "caption", "caption_entities")
    markup = keyboard(params)
    chat = writable_chat(world, params)
    if utf16_length(caption) > CAPTION_LIMIT:
        raise bad("message caption is too long")
    message = Message(
        message_id=0,
        chat=chat,
        by_bot=True,
        sender=None if chat.kind == "channel" else world.bot_user,
        date=int(world.now()),
        caption=caption or None,
        entities=entities,
        markup=markup,
        media={"document": document.as_json()},
        document=document,
        reply_to=replied_message(chat, params),
    )
    return deliver(world, message)


def uploaded_document(world: World, params: Params) -> Document:
    """Return the file of a call: uploaded with it, attached under another name, or kept from before."""
    given = params.get("document")
    if isinstance(given, str) and given.startswith("attach://"):
        given = params.get(given.removeprefix("attach://"))
    if isinstance(given, Upload):
        if not given.content:
            raise bad("file must be non-empty")
        if len(given.content) > UPLOAD_LIMIT:
            raise Refused(413, "Request Entity Too Large")
        return world.keep_file(given.name, given.content, given.mime_type)
    if not given:
        raise bad("there is no document in the request")
    known = world.files.get(str(given))
    if known is None:
        raise bad("wrong file identifier/HTTP URL specified")
    return known


def writable_chat(world: World, params: Params) -> Chat:
    """Return the chat to write to.

    Raises: Refused when there is none (400) or when the bot may not write there (403).
    """
    chat = known_chat(world, params)
    if chat.refusal is not None:
        raise forbidden(chat.refusal)
    person = world.people.get(chat.id)
    if person is not None and not person.has_written:
        raise forbidden("bot can't initiate conversation with a user")
    group = world.groups.get(chat.id)
    if group is not None and not group.bot_is_member:
        raise forbidden(f"bot is not a member of the {group.kind} chat")
    return chat


def known_chat(world: World, params: Params) -> Chat:
    value = params.get("chat_id")
    if value is None or value == "":
        raise bad("chat_id is empty")
    try:
        chat = world.chats.get(int(value))
    except (TypeError, ValueError):
        chat = None
    if chat is None:
        raise bad("chat not found")
    return chat


def replied_message(chat: Chat, params: Params) -> Message | None:
    given = params.structure("reply_parameters", "can't parse reply parameters JSON object")
    reply = given if isinstance(given, dict) else {}
    if isinstance(given, dict) and "message_id" not in given:
        raise bad('can\'t find field "message_id"')
    number = Params(reply).integer("message_id") or params.integer("reply_to_message_id")
    found = chat.messages.get(number)
    if number and found is None and not (reply.get("allow_sending_without_reply") or params.yes(ALLOW_WITHOUT)):
        raise bad("message to be replied not found")
    return found


def edit_message_text(world: World, params: Params) -> Message:
    text, entities = message_text(params)
    message, markup = message_to_edit(world, params)
    if utf16_length(text) > TEXT_LIMIT:
        raise bad("MESSAGE_TOO_LONG")
    if message.text is None:
        raise bad("there is no text in the message to edit")
    if (message.text, message.entities, message.markup) == (text, entities, markup):
        raise bad(UNMODIFIED)
    message.rewritten = message.rewritten or message.text != text or message.entities != entities
    message.text, message.entities = text, entities
    return edited(world, message, markup)


def edit_message_caption(world: World, params: Params) -> Message:
    caption, entities = formatted(params, "caption", "caption_entities")
    message, markup = message_to_edit(world, params)
    if utf16_length(caption) > CAPTION_LIMIT:
        raise bad("message caption is too long")
    if not message.media:
        raise bad("there is no caption in the message to edit")
    if (message.caption or "", message.entities, message.markup) == (caption, entities, markup):
        raise bad(UNMODIFIED)
    message.caption, message.entities, message.rewritten = caption or None, entities, True
    return edited(world, message, markup)


def edit_message_reply_markup(world: World, params: Params) -> Message:
    message, markup = message_to_edit(world, params)
    if message.markup == markup:
        raise bad(UNMODIFIED)
    return edited(world, message, markup)


def message_to_edit(world: World, params: Params) -> tuple[Message, Json | None]:
    markup = keyboard(params)
    if markup is not None and "inline_keyboard" not in markup:
        raise bad("inline keyboard expected")
    if "inline_message_id" in params:
        raise bad("MESSAGE_ID_INVALID")
    number = message_number(params)
    chat = writable_chat(world, params)
    message = chat.messages.get(number)
    if message is None:
        raise bad("message to edit not found")
    if not message.by_bot:
        raise bad("message can't be edited")
    return message, markup


def message_number(params: Params) -> int:
    number = params.integer("message_id")
    if number <= 0:
        raise bad("message identifier is not specified")
    return number


def edited(world: World, message: Message, markup: Json | None) -> Message:
    message.markup = markup
    message.edit_date = int(world.now())
    world.message_changed("edited", message)
    return message


def delete_message(world: World, params: Params) -> bool:
    number = message_number(params)
    chat = known_chat(world, params)
    message = chat.messages.get(number)
    if message is None:
        raise bad("message to delete not found")
    if world.now() - message.date > DELETABLE_SECONDS:
        raise bad("message can't be deleted for everyone")
    if not message.by_bot and chat.kind != "private":
        raise bad("message can't be deleted")
    remove(world, message)
    return True


def delete_messages(world: World, params: Params) -> bool:
    numbers = params.structure("message_ids", "can't parse message identifiers JSON object")
    if not isinstance(numbers, list) or not 1 <= len(numbers) <= 100:
        raise bad("message identifiers are not specified")
    chat = known_chat(world, params)
    found = [message for number, message in chat.messages.items() if number in numbers]
    for message in found:
        if world.now() - message.date <= DELETABLE_SECONDS:
            remove(world, message)
    return True


def remove(world: World, message: Message) -> None:
    del message.chat.messages[message.message_id]
    world.message_changed("deleted", message)


def send_chat_action(world: World, params: Params) -> bool:
    action = params.text("action")
    if action not in CHAT_ACTIONS:
        raise bad("wrong parameter action in request")
    chat = writable_chat(world, params)
    world.tell("typing", chat_id=chat.id, action=action)
    return True


def answer_callback_query(world: World, params: Params) -> bool:
    text = params.text("text")
    press = world.presses.get(params.text("callback_query_id"))
    if press is None or world.now() - press.at > world.press_lifetime:
        raise bad(TOO_OLD)
    if utf16_length(text) > TOAST_LIMIT:
        raise bad("MESSAGE_TOO_LONG")
    del world.presses[press.id]
    press.answered = True
    person = world.people[press.person_id]
    person.presses_made.remove(press)
    alert = params.yes("show_alert")
    if text:
        person.toasts_seen.append(Toast(text, alert, press.id))
    world.tell("toast", person_id=person.id, chat_id=press.chat_id, press_id=press.id, text=text, alert=alert)
    return True


def set_my_commands(world: World, params: Params) -> bool:
    key = commands_key(world, params)
    commands = command_list(params)
    if commands:
        world.command_lists[key] = commands
    else:
        world.command_lists.pop(key, None)
    world.tell("commands", scope=key[0], language_code=key[1])
    return True


def get_my_commands(world: World, params: Params) -> list[Json]:
    return world.command_lists.get(commands_key(world, params), [])


def delete_my_commands(world: World, params: Params) -> bool:
    key = commands_key(world, params)
    world.command_lists.pop(key, None)
    world.tell("commands", scope=key[0], language_code=key[1])
    return True


def commands_key(world: World, params: Params) -> tuple[str, str]:
    scope = scope_key(params)
    kind, _, rest = scope.partition(" ")
    if kind.startswith("chat"):
        chat = known_chat(world, Params(chat_id=rest.split(" ")[0]))
        if chat.kind == "private" and kind != "chat":
            raise bad("can't use specified scope in private chats")
    return scope, language_code(params)


def text_setter(field: str) -> Method:
    """Return the method that sets the bot's name or a description for a language; "" removes it."""

    def set_text(world: World, params: Params) -> bool:
        text = params.text(field).strip()
        language = language_code(params)
        # Telegram publishes the limits, not the words of this refusal.
        if utf16_length(text) > TEXT_LENGTHS[field]:
            raise bad(f"BOT_{field.upper()}_TOO_LONG")
        if text:
            world.descriptions[field, language] = text
        else:
            world.descriptions.pop((field, language), None)
        world.tell("description", field=field, language_code=language, text=text)
        return True

    return set_text


def text_getter(field: str) -> Method:
    def get_text(world: World, params: Params) -> Json:
        return {field: world.description(field, language_code(params))}

    return get_text


def get_chat(world: World, params: Params) -> Json:
    chat = known_chat(world, params)
    person = world.people.get(chat.id)
    if person is not None and not person.has_written:
        raise bad("chat not found")
    group = world.groups.get(chat.id)
    if group is not None and not group.bot_is_member:
        raise forbidden(f"bot is not a member of the {group.kind} chat")
    gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
    return chat.as_json | {
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(gifts, chat.kind == "private"),
    }


def leave_chat(world: World, params: Params) -> bool:
    chat = known_chat(world, params)
    group = world.groups.get(chat.id)
    if group is None:
        raise bad("chat member status can't be changed in private chats")
    if not group.bot_is_member:
        raise forbidden(f"bot is not a member of the {group.kind} chat")
    group.set_member(False, world.bot_user, "left")
    return True


def get_file(world: World, params: Params) -> Json:
    file_id = params.text("file_id")
    if not file_id:
        raise bad("file_id is not specified")
    document = world.files.get(file_id)
    if document is None:
        raise bad("invalid file_id")
    if len(document.content) > DOWNLOAD_LIMIT:
        raise bad("file is too big")
    about = document.as_json()
    return {
        "file_id": document.file_id,
        "file_unique_id": about["file_unique_id"],
        "file_size": about["file_size"],
        "file_path": f"documents/{document.file_id}",
    }


METHODS: dict[str, Method] = {
    "getme": get_me,
    "sendmessage": send_message,
    "senddocument": send_document,
    "editmessagetext": edit_message_text,
    "editmessagecaption": edit_message_caption,
    "editmessagereplymarkup": edit_message_reply_markup,
    "deletemessage": delete_message,
    "deletemessages": delete_messages,
    "sendchataction": send_chat_action,
    "answercallbackquery": answer_callback_query,
    "setmycommands": set_my_commands,
    "getmycommands": get_my_commands,
    "deletemycommands": delete_my_commands,
    "setmyname": text_setter("name"),
    "getmyname": text_getter("name"),
    "setmydescription": text_setter("description"),
    "getmydescription": text_getter("description"),
    "setmyshortdescription": text_setter("short_description"),
    "getmyshortdescription": text_getter("short_description"),
    "getchat": get_chat,
    "leavechat": leave_chat,
    "getfile": get_file,
}
