"""Claims about Telegram that the pretend one keeps: messages, buttons, edits, commands, people and groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
import telegram as ptb
from yarl import URL

from bot.demo.pretend_telegram import PretendTelegram
from bot.demo.telegram_people import CannotDo
from tests.pretend_telegram_client import Client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.demo.telegram_people import Person

BOLD = {"type": "bold", "offset": 0, "length": 1}
MARKUP = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}, {"text": "No", "callback_data": "n"}]]}


@pytest.fixture
async def telegram() -> AsyncIterator[PretendTelegram]:
    async with PretendTelegram() as telegram:
        yield telegram


@pytest.fixture
async def bot(telegram: PretendTelegram) -> AsyncIterator[Client]:
    async with Client(telegram) as bot:
        yield bot


@pytest.fixture
async def oksana(telegram: PretendTelegram) -> Person:
    oksana = telegram.person("Oksana", language_code="uk", username="oksana", last_name="K")
    await oksana.writes("/start")
    return oksana


async def send(bot: Client, person: Person, text: str = "Hello", **more: Any) -> int:
    message = await bot.call("sendMessage", chat_id=person.id, text=text, **more)
    return int(message["message_id"])


# messages


async def test_a_message_arrives_on_the_telephone(bot: Client, oksana: Person) -> None:
    message = await bot.call("sendMessage", chat_id=oksana.id, text="<b>Ласкаво</b> &amp; просимо", parse_mode="HTML")
    assert message["text"] == "Ласкаво & просимо"
    assert message["entities"] == [{"type": "bold", "offset": 0, "length": 7}]
    assert message["chat"] == {
        "id": oksana.id,
        "first_name": "Oksana",
        "last_name": "K",
        "username": "oksana",
        "type": "private",
    }
    assert message["from"]["is_bot"]
    shown = oksana.messages[-1]
    assert (shown.mine, shown.text, shown.html) == (False, "Ласкаво & просимо", "<b>Ласкаво</b> &amp; просимо")
    assert oksana.messages[0].mine
    assert oksana.sees("Ласкаво")


async def test_message_numbers_grow_in_each_chat(telegram: PretendTelegram, bot: Client, oksana: Person) -> None:
    first, second = await send(bot, oksana), await send(bot, oksana)
    petro = telegram.person("Petro")
    await petro.writes("hi")
    assert (first, second) == (2, 3)
    assert await send(bot, petro) == 2


@pytest.mark.parametrize("how", ["json", "urlencoded", "multipart", "query"])
async def test_parameters_are_taken_in_every_way(bot: Client, oksana: Person, how: str) -> None:
    fields = {
        "chat_id": str(oksana.id),
        "text": "Слово",
        "reply_markup": '{"inline_keyboard":[[{"text":"Так","callback_data":"t"}]]}',
    }
    if how == "json":
        status, body = await bot.raw("sendMessage", json=fields)
    elif how == "urlencoded":
        status, body = await bot.raw("sendMessage", data=fields)
    elif how == "query":
        status, body = await bot.raw("sendMessage", params=fields)
    else:
        with aiohttp.MultipartWriter("form-data") as form:
            for name, value in fields.items():
                form.append(value).set_content_disposition("form-data", name=name)
            status, body = await bot.raw("sendMessage", data=form)
    assert status == 200
    assert body["result"]["text"] == "Слово"
    assert oksana.messages[-1].buttons == [[("Так", "t")]]


@pytest.mark.parametrize("body", ["{", "[]", "5"])
async def test_a_body_that_is_no_json_object_is_refused(bot: Client, body: str) -> None:
    status, answer = await bot.raw("getMe", data=body, headers={"Content-Type": "application/json"})
    assert (status, answer["description"]) == (400, "Bad Request: can't parse JSON object")


async def test_a_method_may_be_written_in_any_case(bot: Client) -> None:
    assert (await bot.call("GETME"))["username"] == "bruecke_mist_bot"


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"text": ""}, "message text is empty"),
        ({}, "message text is empty"),
        ({"text": None}, "message text is empty"),
        ({"text": " \n "}, "text must be non-empty"),
        ({"text": "\x00"}, "text must be non-empty"),
        ({"text": "x" * 4097}, "message is too long"),
        ({"text": "🌻" * 2049}, "message is too long"),
        ({"text": "x", "chat_id": ""}, "chat_id is empty"),
        ({"text": "x", "chat_id": 5}, "chat not found"),
        ({"text": "x", "chat_id": "@nobody"}, "chat not found"),
        ({"text": "x", "parse_mode": "XML"}, "unsupported parse_mode"),
        (
            {"text": "<b>x", "parse_mode": "HTML"},
            "can't parse entities: Can't find end tag corresponding to start tag \"b\"",
        ),
        ({"text": "a < b", "parse_mode": "HTML"}, 'can\'t parse entities: Unsupported start tag "" at byte offset 2'),
        ({"text": "x", "entities": "["}, "can't parse entities JSON object"),
        ({"text": "x", "entities": {}, "reply_markup": "["}, "can't parse reply keyboard markup JSON object"),
        ({"text": "x", "entities": {"a": 1}}, "expected an Array of MessageEntity"),
        ({"text": "x", "entities": [1]}, "can't parse MessageEntity: expected an Object"),
        (
            {"text": "x", "entities": [{"type": "b", "offset": 0}]},
            "can't parse MessageEntity: Can't find field \"length\"",
        ),
        ({"text": "x", "entities": [BOLD | {"type": "loud"}]}, "can't parse MessageEntity: Unsupported type specified"),
        ({"text": "x", "entities": [BOLD | {"offset": -1}]}, "receive an entity with incorrect offset -1"),
        (
            {"text": "x", "entities": [BOLD | {"offset": 9}]},
            "entity begins after the end of the text at UTF-16 offset 9",
        ),
        (
            {"text": "x", "entities": [BOLD | {"length": 9}]},
            "entity beginning at UTF-16 offset 0 ends after the end of the text at UTF-16 offset 9",
        ),
        (
            {"text": "x", "entities": [BOLD | {"offset": "0"}]},
            'can\'t parse MessageEntity: Field "offset" must be of type Number',
        ),
        (
            {"text": "x", "entities": [BOLD | {"type": "text_link"}]},
            "can't parse MessageEntity: Can't find field \"url\"",
        ),
        (
            {"text": "x", "entities": [BOLD | {"type": "text_link", "url": "javascript:alert(1)"}]},
            "entity URL 'javascript:alert(1)' is invalid: Wrong HTTP URL",
        ),
        (
            {"text": "x", "entities": [BOLD | {"type": "text_link", "url": ""}]},
            "entity URL '' is invalid: URL host is empty",
        ),
        (
            {"text": "x", "reply_parameters": {"message_id": []}, "reply_to_message_id": 9},
            "message to be replied not found",
        ),
        ({"text": "x", "reply_parameters": {"quote": "y"}}, 'can\'t find field "message_id"'),
        ({"text": "x", "reply_parameters": {"message_id": 999}}, "message to be replied not found"),
    ],
)
async def test_a_faulty_message_is_refused(bot: Client, oksana: Person, params: dict[str, Any], words: str) -> None:
    before = len(oksana.messages)
    assert await bot.refusal("sendMessage", **{"chat_id": oksana.id} | params) == f"Bad Request: {words}"
    assert len(oksana.messages) == before


async def test_a_message_without_chat_is_refused(bot: Client) -> None:
    assert await bot.refusal("sendMessage", text="x") == "Bad Request: chat_id is empty"


async def test_a_lone_surrogate_is_refused(bot: Client, oksana: Person) -> None:
    words = await bot.refusal("sendMessage", chat_id=oksana.id, text="\ud800")
    assert words == "Bad Request: text must be encoded in UTF-8"


async def test_the_longest_text_counts_after_the_tags_are_taken_away(bot: Client, oksana: Person) -> None:
    await send(bot, oksana, f"<b>{'x' * 4096}</b>", parse_mode="HTML")
    assert len(oksana.messages[-1].text) == 4096


async def test_a_text_is_kept_without_what_is_empty_at_its_ends(bot: Client, oksana: Person) -> None:
    message = await bot.call("sendMessage", chat_id=oksana.id, text="  <b> x</b> \n", parse_mode="HTML")
    assert message["text"] == "x"
    assert message["entities"] == [{"type": "bold", "offset": 0, "length": 1}]


async def test_entities_may_be_given_instead_of_tags(bot: Client, oksana: Person) -> None:
    entities = [{"type": "italic", "offset": 2, "length": 2}]
    message = await bot.call("sendMessage", chat_id=oksana.id, text="🌻ab", entities=entities)
    assert message["entities"] == entities
    assert oksana.messages[-1].html == "🌻<i>ab</i>"


async def test_an_answer_shows_what_it_answers(bot: Client, oksana: Person) -> None:
    message = await bot.call("sendMessage", chat_id=oksana.id, text="x", reply_parameters={"message_id": 1})
    assert message["reply_to_message"]["text"] == "/start"
    assert oksana.messages[-1].reply_to == 1
    optional = {"message_id": 99, "allow_sending_without_reply": True}
    assert "reply_to_message" not in await bot.call(
        "sendMessage", chat_id=oksana.id, text="x", reply_parameters=optional
    )
    assert await bot.call("sendMessage", chat_id=oksana.id, text="x", reply_to_message_id="1")


# people who cannot be written to


async def test_who_never_wrote_cannot_be_written_to(telegram: PretendTelegram, bot: Client) -> None:
    stranger = telegram.person("Stranger")
    words = await bot.refusal("sendMessage", chat_id=stranger.id, text="x")
    assert words == "Forbidden: bot can't initiate conversation with a user"
    assert await bot.refusal("getChat", chat_id=stranger.id) == "Bad Request: chat not found"


async def test_who_blocked_the_bot_gets_nothing(bot: Client, oksana: Person) -> None:
    await oksana.blocks_bot()
    await oksana.blocks_bot()
    for method in ("sendMessage", "sendChatAction"):
        words = await bot.refusal(method, chat_id=oksana.id, text="x", action="typing")
        assert words == "Forbidden: bot was blocked by the user"
    with pytest.raises(CannotDo, match="has blocked the bot"):
        await oksana.writes("hello")
    await oksana.unblocks_bot()
    await send(bot, oksana)
    kinds = [update["my_chat_member"]["new_chat_member"]["status"] for update in (await bot.poll())[1:]]
    assert kinds == ["kicked", "member"]


async def test_a_deleted_account_gets_nothing(bot: Client, oksana: Person) -> None:
    oksana.deactivates()
    assert await bot.refusal("sendMessage", chat_id=oksana.id, text="x") == "Forbidden: user is deactivated"
    with pytest.raises(CannotDo, match="deleted the account"):
        await oksana.writes("hello")


# keyboards


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        (None, "object expected as reply markup"),
        ([], "object expected as reply markup"),
        ({"inline_keyboard": "x"}, 'field "inline_keyboard" must be of type Array'),
        ({"inline_keyboard": ["x"]}, 'field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays'),
        ({"inline_keyboard": [["x"]]}, "can't parse inline keyboard button: InlineKeyboardButton must be an Object"),
        (
            {"inline_keyboard": [[{"callback_data": "x"}]]},
            "can't parse inline keyboard button: Can't find field \"text\"",
        ),
        (
            {"inline_keyboard": [[{"text": 5, "callback_data": "x"}]]},
            'can\'t parse inline keyboard button: Field "text" must be of type String',
        ),
        (
            {"inline_keyboard": [[{"text": "x", "callback_data": ""}]]},
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        (
            {"inline_keyboard": [[{"text": "x", "callback_data": 7}]]},
            'can\'t parse inline keyboard button: Field "callback_data" must be of type String',
        ),
        ({"inline_keyboard": [[{"text": " ", "callback_data": "x"}]]}, "inline keyboard button text must be non-empty"),
        ({"inline_keyboard": [[{"text": "x", "callback_data": "x" * 65}]]}, "BUTTON_DATA_INVALID"),
        ({"inline_keyboard": [[{"text": "x", "callback_data": "ї" * 33}]]}, "BUTTON_DATA_INVALID"),
        (
            {"inline_keyboard": [[{"text": "x", "url": "not-a-url"}]]},
            "inline keyboard button URL 'not-a-url' is invalid: Wrong HTTP URL",
        ),
        (
            {"inline_keyboard": [[{"text": "x", "url": "ftp://example.com"}]]},
            "inline keyboard button URL 'ftp://example.com' is invalid: Unsupported URL protocol",
        ),
        (
            {"inline_keyboard": [[{"text": "x", "url": ""}]]},
            "inline keyboard button URL '' is invalid: URL host is empty",
        ),
        (
            {"inline_keyboard": [[{"text": "x", "web_app": {"url": "http://example.com"}}]]},
            "inline keyboard button Web App URL 'http://example.com' is invalid: Only HTTPS links are allowed",
        ),
        ({"inline_keyboard": [[{"text": "x", "copy_text": {"text": ""}}]]}, "BUTTON_COPY_TEXT_INVALID"),
        (
            {"inline_keyboard": [[{"text": "x", "copy_text": "112"}]]},
            'can\'t parse inline keyboard button: Field "copy_text" must be of type Object',
        ),
        ({"inline_keyboard": [[{"text": "x", "callback_data": "x"}] * 9]}, "reply markup is too long"),
        ({"inline_keyboard": [[{"text": "x", "callback_data": "x"}]] * 101}, "reply markup is too long"),
        ({"keyboard": [[{"label": "x"}]]}, "can't parse keyboard button: Can't find field \"text\""),
        ({"remove_keyboard": "yes"}, 'field "remove_keyboard" must be of type Boolean'),
    ],
)
async def test_a_faulty_keyboard_is_refused(bot: Client, oksana: Person, markup: Any, words: str) -> None:
    refusal = await bot.refusal("sendMessage", chat_id=oksana.id, text="x", reply_markup=markup)
    assert refusal == f"Bad Request: {words}"


async def test_the_largest_keyboard_is_shown(bot: Client, oksana: Person) -> None:
    row = [{"text": "x", "callback_data": "x" * 64}] * 8
    await send(bot, oksana, reply_markup={"inline_keyboard": [row] * 12})
    assert len(oksana.messages[-1].labels) == 96


async def test_buttons_may_open_a_page_or_copy_a_text(bot: Client, oksana: Person) -> None:
    row = [{"text": "Page", "url": "https://example.org"}, {"text": "Number", "copy_text": {"text": "112"}}]
    await send(bot, oksana, reply_markup={"inline_keyboard": [row]})
    assert oksana.messages[-1].buttons == [[("Page", "https://example.org"), ("Number", "112")]]
    with pytest.raises(CannotDo, match="tells the bot nothing"):
        await oksana.presses(None, "Page")


async def test_a_keyboard_in_place_of_the_letters_is_shown(bot: Client, oksana: Person) -> None:
    await send(bot, oksana, reply_markup={"keyboard": [["Так", {"text": "Ні"}]]})
    assert oksana.messages[-1].keyboard == [["Так", "Ні"]]
    await send(bot, oksana, reply_markup={"remove_keyboard": True})
    assert oksana.messages[-1].keyboard == []


# presses


async def test_a_press_is_brought_and_its_spinner_turns_until_it_is_answered(bot: Client, oksana: Person) -> None:
    number = await send(bot, oksana, reply_markup=MARKUP)
    press = await oksana.presses(None, "Yes")
    query = (await bot.poll())[-1]["callback_query"]
    assert (query["id"], query["data"], query["message"]["message_id"]) == (press, "y", number)
    assert query["from"]["language_code"] == "uk"
    assert oksana.waiting == [press]
    assert await bot.call("answerCallbackQuery", callback_query_id=press, text="Добре", show_alert=True)
    assert (oksana.waiting, oksana.toasts) == ([], ["Добре"])
    assert oksana.toasts_seen[0].alert


async def test_a_button_is_found_by_its_data_and_on_a_given_message(bot: Client, oksana: Person) -> None:
    first = await send(bot, oksana, reply_markup=MARKUP)
    await send(bot, oksana, reply_markup=MARKUP)
    await oksana.presses(first, "n")
    assert (await bot.poll())[-1]["callback_query"]["message"]["message_id"] == first


async def test_a_second_answer_to_a_press_is_refused(bot: Client, oksana: Person) -> None:
    await send(bot, oksana, reply_markup=MARKUP)
    press = await oksana.presses(None, "Yes")
    await bot.call("answerCallbackQuery", callback_query_id=press)
    assert oksana.toasts == []
    words = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    assert await bot.refusal("answerCallbackQuery", callback_query_id=press) == words
    assert await bot.refusal("answerCallbackQuery", callback_query_id="1") == words
    assert await bot.refusal("answerCallbackQuery") == words


async def test_a_late_answer_to_a_press_is_refused(telegram: PretendTelegram, bot: Client, oksana: Person) -> None:
    await send(bot, oksana, reply_markup=MARKUP)
    press = await oksana.presses(None, "Yes")
    telegram.goes_forward(3600)
    assert "query is too old" in await bot.refusal("answerCallbackQuery", callback_query_id=press)


async def test_a_long_toast_is_refused(bot: Client, oksana: Person) -> None:
    await send(bot, oksana, reply_markup=MARKUP)
    press = await oksana.presses(None, "Yes")
    words = await bot.refusal("answerCallbackQuery", callback_query_id=press, text="x" * 201)
    assert words == "Bad Request: MESSAGE_TOO_LONG"
    assert oksana.waiting == [press]


async def test_a_forged_press_is_brought_as_it_is(bot: Client, oksana: Person) -> None:
    number = await send(bot, oksana)
    await oksana.presses_data(None, "forged")
    await bot.call("deleteMessage", chat_id=oksana.id, message_id=number)
    await oksana.presses_data(number, "stale")
    forged, stale = [update["callback_query"] for update in (await bot.poll())[-2:]]
    assert (forged["data"], forged["message"]["text"]) == ("forged", "Hello")
    assert (stale["data"], stale["message"]["date"]) == ("stale", 0)


async def test_what_is_not_on_the_telephone_cannot_be_pressed(bot: Client, oksana: Person) -> None:
    with pytest.raises(CannotDo, match="sees no button 'Yes'"):
        await oksana.presses(None, "Yes")
    await send(bot, oksana, reply_markup=MARKUP)
    with pytest.raises(CannotDo, match=r"the newest buttons: \['Yes', 'No'\]"):
        await oksana.presses(None, "Maybe")
    with pytest.raises(CannotDo, match="no longer on the telephone"):
        await oksana.presses(99, "Yes")


# edits and deletions


async def test_an_edit_changes_the_message_in_its_place(bot: Client, oksana: Person) -> None:
    number = await send(bot, oksana, reply_markup=MARKUP)
    await send(bot, oksana, "Another")
    message = await bot.call("editMessageText", chat_id=oksana.id, message_id=number, text="Hello ✓ Yes")
    assert "edit_date" in message
    shown = oksana.messages[1]
    assert (shown.text, shown.buttons, shown.edited) == ("Hello ✓ Yes", [], True)


async def test_an_edit_of_the_buttons_alone_does_not_show_as_edited(bot: Client, oksana: Person) -> None:
    number = await send(bot, oksana)
    await bot.call("editMessageReplyMarkup", chat_id=oksana.id, message_id=number, reply_markup=MARKUP)
    assert oksana.messages[-1].labels == ["Yes", "No"]
    assert not oksana.messages[-1].edited


async def test_an_edit_that_changes_nothing_is_refused(bot: Client, oksana: Person) -> None:
    number = await send(bot, oksana, reply_markup=MARKUP)
    words = (
        "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as "
        "a current content and reply markup of the message"
    )
    same = {"chat_id": oksana.id, "message_id": number, "reply_markup": MARKUP}
    assert await bot.refusal("editMessageText", text="Hello ", **same) == words
    assert await bot.refusal("editMessageReplyMarkup", **same) == words


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"message_id": 999}, "message to edit not found"),
        ({"message_id": 1}, "message can't be edited"),
        ({}, "message identifier is not specified"),
        ({"inline_message_id": "x"}, "MESSAGE_ID_INVALID"),
        ({"message_id": 2, "text": "x" * 4097}, "MESSAGE_TOO_LONG"),
        ({"message_id": 2, "reply_markup": {"keyboard": [["x"]]}}, "inline keyboard expected"),
        ({"message_id": 3}, "there is no text in the message to edit"),
    ],
)
async def test_a_faulty_edit_is_refused(bot: Client, oksana: Person, params: dict[str, Any], words: str) -> None:
    await send(bot, oksana)
    await send_file(bot, oksana)
    refusal = await bot.refusal("editMessageText", **{"chat_id": oksana.id, "text": "new"} | params)
    assert refusal == f"Bad Request: {words}"


async def test_a_message_is_deleted(bot: Client, oksana: Person) -> None:
    number = await send(bot, oksana)
    assert await bot.call("deleteMessage", chat_id=oksana.id, message_id=number)
    assert await bot.call("deleteMessage", chat_id=oksana.id, message_id=1)
    assert oksana.messages == []
    again = await bot.refusal("deleteMessage", chat_id=oksana.id, message_id=number)
    assert again == "Bad Request: message to delete not found"


async def test_a_message_older_than_two_days_stays(telegram: PretendTelegram, bot: Client, oksana: Person) -> None:
    number = await send(bot, oksana)
    telegram.goes_forward(49 * 3600)
    words = await bot.refusal("deleteMessage", chat_id=oksana.id, message_id=number)
    assert words == "Bad Request: message can't be deleted for everyone"
    assert await bot.call("deleteMessages", chat_id=oksana.id, message_ids=[number])
    assert oksana.messages[-1].message_id == number


async def test_several_messages_are_deleted_at_once(bot: Client, oksana: Person) -> None:
    numbers = [await send(bot, oksana) for _ in range(3)]
    assert await bot.call("deleteMessages", chat_id=oksana.id, message_ids=[*numbers, 999])
    assert [message.message_id for message in oksana.messages] == [1]
    words = await bot.refusal("deleteMessages", chat_id=oksana.id, message_ids=[])
    assert words == "Bad Request: message identifiers are not specified"


# documents


async def send_file(bot: Client, person: Person, content: bytes = b'{"a": 1}', **fields: str) -> tuple[int, Any]:
    form = aiohttp.FormData({"chat_id": str(person.id), "document": "attach://one"} | fields, quote_fields=False)
    form.add_field("one", content, filename="Meine Daten.json", content_type="application/json")
    return await bot.raw("sendDocument", data=form)


async def test_a_document_arrives_with_its_content(telegram: PretendTelegram, bot: Client, oksana: Person) -> None:
    _, body = await send_file(bot, oksana, caption="<i>Daten</i>", parse_mode="HTML")
    shown = oksana.messages[-1]
    assert shown.document == ("Meine Daten.json", b'{"a": 1}')
    assert (shown.kind, shown.text, shown.html) == ("document", "Daten", "<i>Daten</i>")
    assert body["result"]["caption_entities"][0]["type"] == "italic"
    file_id = body["result"]["document"]["file_id"]
    again = await bot.call("sendDocument", chat_id=oksana.id, document=file_id)
    assert again["document"]["file_name"] == "Meine Daten.json"
    path = (await bot.call("getFile", file_id=file_id))["file_path"]
    async with bot.session.get(f"{telegram.url}/file/bot{telegram.token}/{path}") as response:
        assert await response.read() == b'{"a": 1}'
    async with bot.session.get(f"{telegram.url}/file/bot{telegram.token}/documents/none") as response:
        assert response.status == 404


async def test_a_faulty_document_is_refused(bot: Client, oksana: Person) -> None:
    assert (await send_file(bot, oksana, b""))[1]["description"] == "Bad Request: file must be non-empty"
    too_long = await send_file(bot, oksana, caption="x" * 1025)
    assert too_long[1]["description"] == "Bad Request: message caption is too long"
    assert await bot.refusal("sendDocument", chat_id=1) == "Bad Request: there is no document in the request"
    unknown = await bot.refusal("sendDocument", chat_id=oksana.id, document="BQ1")
    assert unknown == "Bad Request: wrong file identifier/HTTP URL specified"
    assert await bot.refusal("getFile", file_id="none") == "Bad Request: invalid file_id"
    assert await bot.refusal("getFile") == "Bad Request: file_id is not specified"


async def test_what_is_too_large_is_refused(
    telegram: PretendTelegram, bot: Client, oksana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.demo.telegram_api.UPLOAD_LIMIT", 10)
    monkeypatch.setattr("bot.demo.telegram_api.DOWNLOAD_LIMIT", 10)
    assert (await send_file(bot, oksana, b"12345678901"))[0] == 413
    large = telegram.keep_file("large", b"12345678901", "text/plain")
    assert await bot.refusal("getFile", file_id=large.file_id) == "Bad Request: file is too big"


async def test_a_caption_is_edited(bot: Client, oksana: Person) -> None:
    _, body = await send_file(bot, oksana, caption="Old")
    place = {"chat_id": oksana.id, "message_id": body["result"]["message_id"]}
    assert (await bot.call("editMessageCaption", caption="New", **place))["caption"] == "New"
    assert "message is not modified" in await bot.refusal("editMessageCaption", caption="New", **place)
    assert (
        await bot.refusal("editMessageCaption", caption="x" * 1025, **place)
        == "Bad Request: message caption is too long"
    )
    text = {"chat_id": oksana.id, "message_id": await send(bot, oksana)}
    words = await bot.refusal("editMessageCaption", caption="x", **text)
    assert words == "Bad Request: there is no caption in the message to edit"


# the bot itself


async def test_a_wrong_token_is_unauthorized(bot: Client) -> None:
    status, body = await bot.raw("getMe", token="123456:wrong")
    assert (status, body) == (401, {"ok": False, "error_code": 401, "description": "Unauthorized"})


async def test_an_unknown_method_is_not_found(telegram: PretendTelegram, bot: Client) -> None:
    assert await bot.refusal("sendCheque") == "Not Found"
    async with bot.session.get(f"{telegram.url}/") as response:
        assert response.status == 404


async def test_a_token_may_be_escaped_in_the_path(telegram: PretendTelegram, bot: Client) -> None:
    url = f"{telegram.url}/bot{telegram.token}/getMe".replace("123456:", "123456%3A")
    async with bot.session.get(URL(url, encoded=True)) as response:
        assert response.status == 200


async def test_each_language_has_its_own_commands(telegram: PretendTelegram, bot: Client, oksana: Person) -> None:
    def listed(name: str) -> list[dict[str, str]]:
        return [{"command": name, "description": f"the {name}"}]

    private = {"type": "all_private_chats"}
    petro = telegram.person("Petro")
    assert oksana.commands == []
    await bot.call("setMyCommands", commands=listed("default"))
    assert oksana.commands == listed("default")
    await bot.call("setMyCommands", commands=listed("private"), scope=private)
    await bot.call("setMyCommands", commands=listed("ukrainian"), scope=private, language_code="uk")
    await bot.call("setMyCommands", commands=listed("staff"), scope={"type": "chat", "chat_id": petro.id})
    assert oksana.commands == listed("ukrainian")
    assert petro.commands == listed("staff")
    assert await bot.call("getMyCommands", scope=private, language_code="uk") == listed("ukrainian")
    assert await bot.call("getMyCommands", language_code="uk") == []
    await bot.call("deleteMyCommands", scope={"type": "chat", "chat_id": petro.id})
    assert petro.commands == listed("private")
    await bot.call("setMyCommands", commands=[], scope=private)
    assert petro.commands == listed("default")


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"commands": "{"}, "can't parse commands JSON object"),
        ({"commands": {}}, "expected an Array of BotCommand"),
        ({"commands": ["start"]}, "can't parse BotCommand: expected an Object"),
        ({"commands": [{"command": "start"}]}, "can't parse BotCommand: Can't find field \"description\""),
        ({"commands": [{"command": "/", "description": "x"}]}, "command must be non-empty"),
        ({"commands": [{"command": "x" * 33, "description": "x"}]}, "command length must not exceed 32"),
        ({"commands": [{"command": "x", "description": " "}]}, "command description must be non-empty"),
        ({"commands": [{"command": "x", "description": "x" * 257}]}, "command description length must not exceed 256"),
        ({"commands": [{"command": "Start", "description": "x"}]}, "BOT_COMMAND_INVALID"),
        ({"commands": [{"command": "меню", "description": "x"}]}, "BOT_COMMAND_INVALID"),
        ({"commands": [{"command": "x", "description": "x"}] * 101}, "BOT_COMMANDS_TOO_MUCH"),
        ({"commands": [], "language_code": "ukr"}, "invalid language code specified"),
        ({"commands": [], "scope": "x"}, "can't parse BotCommandScope JSON object"),
        ({"commands": [], "scope": []}, "can't parse BotCommandScope: expected an Object"),
        ({"commands": [], "scope": {"type": "x"}}, "can't parse BotCommandScope: unsupported type specified"),
        ({"commands": [], "scope": {"type": "chat"}}, "can't parse BotCommandScope: chat_id is empty"),
        ({"commands": [], "scope": {"type": "chat", "chat_id": 1}}, "chat not found"),
    ],
)
async def test_faulty_commands_are_refused(bot: Client, params: dict[str, Any], words: str) -> None:
    assert await bot.refusal("setMyCommands", **params) == f"Bad Request: {words}"


async def test_a_private_chat_has_no_administrators(bot: Client, oksana: Person) -> None:
    scope = {"type": "chat_member", "chat_id": oksana.id, "user_id": oksana.id}
    words = await bot.refusal("getMyCommands", scope=scope)
    assert words == "Bad Request: can't use specified scope in private chats"


@pytest.mark.parametrize(("name", "limit"), [("name", 64), ("description", 512), ("short_description", 120)])
async def test_each_language_has_its_own_description(
    telegram: PretendTelegram, bot: Client, name: str, limit: int
) -> None:
    method = "My" + name.title().replace("_", "")
    await bot.call(f"set{method}", **{name: "Brücke"})
    await bot.call(f"set{method}", **{name: "М" * limit}, language_code="uk")
    assert await bot.call(f"get{method}", language_code="uk") == {name: "М" * limit}
    assert await bot.call(f"get{method}", language_code="de") == {name: "Brücke"}
    assert telegram.description(name, "uk") == "М" * limit
    assert "400" not in await bot.refusal(f"set{method}", **{name: "x" * (limit + 1)})
    await bot.call(f"set{method}", language_code="uk")
    assert await bot.call(f"get{method}", language_code="uk") == {name: "Brücke"}


async def test_the_bot_shows_that_it_types(telegram: PretendTelegram, bot: Client, oksana: Person) -> None:
    events: list[dict[str, Any]] = []
    end = telegram.subscribe(events.append)
    assert await bot.call("sendChatAction", chat_id=oksana.id, action="typing")
    end()
    assert [event["event"] for event in events] == ["typing", "call"]
    words = await bot.refusal("sendChatAction", chat_id=oksana.id, action="dancing")
    assert words == "Bad Request: wrong parameter action in request"


# what people send


async def test_people_send_more_than_text(bot: Client, oksana: Person) -> None:
    await oksana.sends_photo("Sunset")
    await oksana.sends_voice()
    await oksana.sends_sticker()
    await oksana.sends_video()
    await oksana.sends_location()
    await oksana.sends_contact()
    await oksana.sends_document("cv.pdf", b"%PDF")
    await oksana.forwards("News", origin="A channel")
    updates = (await bot.poll())[1:]
    kinds = [list(update["message"])[4] for update in updates]
    assert kinds == ["caption", "voice", "sticker", "video", "location", "contact", "document", "text"]
    assert updates[-1]["message"]["forward_origin"]["sender_user_name"] == "A channel"
    assert oksana.messages[-2].document == ("cv.pdf", b"%PDF")
    assert ptb.Update.de_list(updates, None)[0].message.photo  # type: ignore[union-attr]  # it is a message


async def test_people_edit_what_they_wrote(bot: Client, oksana: Person) -> None:
    shown = await oksana.writes("Helo")
    edited = await oksana.edits(shown, "Hello")
    assert edited.edited
    assert (await bot.poll())[-1]["edited_message"]["text"] == "Hello"
    number = await send(bot, oksana)
    with pytest.raises(CannotDo, match="has no own message"):
        await oksana.edits(number, "x")


async def test_a_long_text_is_sent_in_parts(bot: Client, oksana: Person) -> None:
    await oksana.writes("🌻" + "x" * 4999)
    first, second = [update["message"]["text"] for update in (await bot.poll())[1:]]
    assert (len(first), len(second)) == (4095, 905)
    with pytest.raises(CannotDo):
        await oksana.writes("")


async def test_strange_characters_arrive_as_they_are(bot: Client, oksana: Person) -> None:
    for text in ("\ud800", "a\x00b", "\u202eabc", "<b>"):
        await oksana.writes(text)
        assert (await bot.poll())[-1]["message"]["text"] == text


async def test_commands_in_a_text_are_marked(bot: Client, oksana: Person) -> None:
    await oksana.writes("🌻 /menu and /help@bruecke_mist_bot, not a/b")
    entities = (await bot.poll())[-1]["message"]["entities"]
    assert [(entity["offset"], entity["length"]) for entity in entities] == [(3, 5), (13, 22)]


async def test_people_change_their_name_and_language(bot: Client, oksana: Person) -> None:
    oksana.first_name, oksana.language_code = "<b>Oksana</b>", "de"
    await oksana.writes("hi")
    sender = (await bot.poll())[-1]["message"]["from"]
    assert (sender["first_name"], sender["language_code"]) == ("<b>Oksana</b>", "de")
    assert repr(oksana) == f"<<b>Oksana</b> {oksana.id}>"


async def test_people_answer_a_message(bot: Client, oksana: Person) -> None:
    number = await send(bot, oksana, "Question?")
    await oksana.writes("Answer", reply_to=oksana.messages[-1])
    assert (await bot.poll())[-1]["message"]["reply_to_message"]["message_id"] == number
    assert oksana.last is not None
    assert oksana.last.text == "Question?"
    assert [shown.text for shown in oksana.received] == ["Question?"]


# groups and channels


async def test_a_group_tells_the_bot_that_it_was_added(telegram: PretendTelegram, bot: Client, oksana: Person) -> None:
    group = telegram.group("Helpers")
    assert (
        await bot.refusal("sendMessage", chat_id=group.id, text="x")
        == "Forbidden: bot is not a member of the group chat"
    )
    assert "is not a member" in await bot.refusal("getChat", chat_id=group.id)
    assert "is not a member" in await bot.refusal("leaveChat", chat_id=group.id)
    await group.writes(oksana, "before")
    await group.adds_bot(by=oksana)
    added, service = (await bot.poll())[1:]
    assert added["my_chat_member"]["new_chat_member"]["status"] == "member"
    assert service["message"]["new_chat_members"][0]["is_bot"]
    await bot.call("sendMessage", chat_id=group.id, text="I answer in private chats")
    assert group.messages[-1].text == "I answer in private chats"
    assert await bot.call("getChat", chat_id=group.id)
    theirs = group.messages[0].message_id
    words = await bot.refusal("deleteMessage", chat_id=group.id, message_id=theirs)
    assert words == "Bad Request: message can't be deleted"
    await group.removes_bot(by=oksana)
    assert not group.bot_is_member


async def test_in_a_group_a_bot_hears_only_what_concerns_it(
    telegram: PretendTelegram, bot: Client, oksana: Person
) -> None:
    group = telegram.group("Helpers", kind="supergroup")
    await group.adds_bot(by=oksana)
    hello = await bot.call("sendMessage", chat_id=group.id, text="Hello")
    seen = len(await bot.poll())
    await group.writes(oksana, "talk among people")
    assert len(await bot.poll()) == seen
    await group.writes(oksana, "/help")
    await group.writes(oksana, "hey @bruecke_mist_bot")
    await group.writes(oksana, "yes", reply_to=hello["message_id"])
    assert len(await bot.poll()) == seen + 3
    telegram.reads_all_group_messages = True
    await group.writes(oksana, "talk among people")
    assert len(await bot.poll()) == seen + 4


async def test_a_bot_leaves_a_channel(telegram: PretendTelegram, bot: Client, oksana: Person) -> None:
    channel = telegram.group("News", kind="channel")
    await channel.adds_bot(by=oksana)
    await channel.writes(oksana, "post")
    added, post = (await bot.poll())[1:]
    assert ptb.Update.de_json(added, None).my_chat_member is not None
    assert post["channel_post"]["text"] == "post"
    assert channel.messages[-1].sender == "News"
    assert await bot.call("leaveChat", chat_id=channel.id)
    assert not channel.bot_is_member
    words = await bot.refusal("leaveChat", chat_id=oksana.id)
    assert words == "Bad Request: chat member status can't be changed in private chats"


# with the library


async def test_the_library_understands_every_answer(telegram: PretendTelegram, oksana: Person) -> None:
    async with ptb.Bot(telegram.token, base_url=f"{telegram.url}/bot") as library:
        buttons = ptb.InlineKeyboardMarkup.from_button(ptb.InlineKeyboardButton("Ja", callback_data="j"))
        sent = await library.send_message(oksana.id, "<b>Ja?</b>", parse_mode="HTML", reply_markup=buttons)
        await oksana.presses(None, "Ja")
        query = (await library.get_updates())[-1].callback_query
        assert query is not None
        assert await query.answer("Danke")
        assert await query.edit_message_text("Ja? ✓")
        document = await library.send_document(oksana.id, b"x", filename="x.txt")
        assert document.document is not None
        assert sent.chat.id == oksana.id
        assert (await library.get_chat(oksana.id)).first_name == "Oksana"
        assert (await library.get_webhook_info()).url == ""
        assert await library.set_my_commands([("menu", "Menü")], scope=ptb.BotCommandScopeAllPrivateChats())
        assert (await library.get_my_commands(ptb.BotCommandScopeAllPrivateChats()))[0].command == "menu"
        assert (await library.get_my_name()).name == "Brücke – Міст"
    assert (oksana.toasts, oksana.messages[1].text) == (["Danke"], "Ja? ✓")
