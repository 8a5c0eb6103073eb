"""Claims about sending that the pretend signal-cli keeps: what arrives, what is refused, and the other methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bot.demo import signal_faults as faults
from bot.demo.pretend_signal import PretendSignal
from tests.pretend_signal_client import Client

if TYPE_CHECKING:
    from pathlib import Path

    from bot.demo.signal_people import SignalPerson


EMPTY = "Sending empty message is not allowed, either a message, attachment or sticker must be given."
NOBODY = "00000009-aaaa-4aaa-8aaa-aaaaaaaaaaa9"


def types(answer: Any) -> list[str]:
    return sorted(result["type"] for result in answer["results"])


# ---------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("params", "code", "words"),
    [
        ({"message": "x"}, -1, "No recipients given"),
        ({"recipient": [], "message": "x"}, -1, "No recipients given"),
        ({"recipient": NOBODY}, -1, EMPTY),
        ({"recipient": NOBODY, "message": ""}, -1, EMPTY),
        ({"recipient": NOBODY, "message": None}, -1, EMPTY),
        ({"recipient": "hello", "message": "x"}, -1, "Invalid phone number 'hello': "),
        ({"groupId": "hello", "message": "x"}, -1, "Invalid group id: "),
        ({"groupId": "aGVsbG8=", "message": "x"}, -1, "Invalid group id: "),
        ({"groupId": "A" * 43 + "=", "message": "x"}, -1, "Group not found: "),
        ({"recipient": 5, "message": "x"}, -32603, "ClassCastException"),
        ({"recipient": [5], "message": "x"}, -32603, "java.lang.Integer cannot be cast to class java.lang.String"),
        ({"recipient": NOBODY, "message": ["x"]}, -32603, "java.util.ArrayList cannot be cast"),
        ({"recipient": NOBODY, "message": "x", "editTimestamp": "1"}, -32603, "java.lang.Long"),
        ({"recipient": NOBODY, "message": "x", "editTimestamp": True}, -32603, "java.lang.Boolean"),
        ({"recipient": NOBODY, "message": "x", "noUrgent": "yes"}, -32603, "java.lang.Boolean"),
        ({"recipient": NOBODY, "message": "x", "quoteTimestamp": 1}, -32603, "quoteAuthor is null"),
        ({"recipient": NOBODY, "message": "x", "textStyle": "bold"}, -1, "Invalid textStyle syntax (bold)"),
        ({"recipient": NOBODY, "message": "x", "textStyle": ["0:1:LOUD"]}, -1, "Invalid style: LOUD"),
        ({"recipient": NOBODY, "sticker": "x"}, -1, "Invalid sticker syntax (x)"),
        ({"recipient": NOBODY, "attachment": "/no/such/file"}, -32603, "(AttachmentInvalidException)"),
        ({"recipient": NOBODY, "attachment": "data:image/png;base64,!"}, -32603, "(AttachmentInvalidException)"),
        ({"recipient": NOBODY, "attachment": "data:image/png"}, -32603, "data URI is not valid"),
    ],
)
async def test_a_send_is_refused_in_its_words(bot: Client, params: Any, code: int, words: str) -> None:
    refusal = await bot.refused("send", **params)
    assert refusal["code"] == code
    assert words in refusal["message"]
    assert refusal["data"] is None


@pytest.mark.parametrize(
    ("method", "params", "code", "words"),
    [
        ("remoteDelete", {"recipient": NOBODY}, -32603, '"targetTimestamp" is null'),
        ("sendReaction", {"recipient": NOBODY}, -32603, "emoji is null"),
        ("sendReceipt", {"recipient": NOBODY, "targetTimestamp": ["1"]}, -32603, "java.lang.Long"),
        ("sendReceipt", {"recipient": NOBODY, "targetTimestamp": 1, "type": "x"}, -1, "Unknown receipt type: x"),
        ("sendPollCreate", {"recipient": NOBODY, "question": "?", "option": ["A"]}, -1, "between 2 and 10"),
        ("quitGroup", {"groupId": "A" * 43 + "="}, -1, "Group not found: "),
        ("updateAccount", {"username": "x"}, -1, "Invalid username: x"),
        ("updateContact", {"recipient": NOBODY}, -1, "is not registered."),
    ],
)
async def test_other_methods_are_refused_in_their_words(
    bot: Client, method: str, params: Any, code: int, words: str
) -> None:
    refusal = await bot.refused(method, **params)
    assert refusal["code"] == code
    assert words in refusal["message"]


# ---------------------------------------------------------------------- what arrives


async def test_what_the_bot_sends_arrives_with_its_styles(bot: Client, olena: SignalPerson) -> None:
    sent = await bot.call("send", recipient=olena.id, message="Вітаємо 🌻", textStyle=["0:7:BOLD", "8:2:ITALIC"])
    assert sent["results"] == [
        {"recipientAddress": {"uuid": olena.id, "number": None, "username": None}, "type": "SUCCESS"}
    ]
    shown = olena.last
    assert shown is not None
    assert (shown.text, shown.mine, shown.message_id) == ("Вітаємо 🌻", False, str(sent["timestamp"]))
    assert shown.styles == ((0, 7, "BOLD"), (8, 2, "ITALIC"))
    assert (shown.labels, shown.buttons, shown.date) == ([], [], sent["timestamp"] // 1000)
    assert olena.asked_first
    assert olena.sees("🌻")


async def test_a_style_outside_of_the_text_lets_telephones_drop_the_message(
    signal: PretendSignal, bot: Client, olena: SignalPerson
) -> None:
    await bot.call("send", recipient=olena.id, message="Вітаємо", textStyle=["0:8:BOLD"])
    assert olena.messages == []
    assert signal.violations[0].kind == "style outside of the text"
    sent = await bot.call("send", recipient=olena.id, message="Вітаємо")
    await bot.call("send", recipient=olena.id, message="x", textStyle="1:1:BOLD", editTimestamp=sent["timestamp"])
    assert [shown.text for shown in olena.received] == ["Вітаємо"]
    assert len(signal.violations) == 2


async def test_timestamps_only_grow_even_when_the_clock_stands(
    signal: PretendSignal, bot: Client, olena: SignalPerson
) -> None:
    signal.clock = lambda: 1_795_337_423.0
    sent = [(await bot.call("send", recipient=olena.id, message="x"))["timestamp"] for _ in range(3)]
    assert sent == [1795337423000, 1795337423001, 1795337423002]


async def test_unknown_parameters_are_ignored(bot: Client, olena: SignalPerson) -> None:
    await bot.call("send", recipients=[olena.id], message="x", noUrgent=True, replyMarkup={"x": 1}, textStyles=[])
    assert olena.sees("x")


async def test_sends_that_overlap_lose_their_order_and_are_noted(
    signal: PretendSignal, bot: Client, olena: SignalPerson
) -> None:
    for number in range(20):
        bot.ask("send", recipient=olena.id, message=str(number))
    await signal.changed(lambda: len(olena.received) == 20)
    texts = [shown.text for shown in olena.received]
    assert texts != sorted(texts, key=int)
    assert signal.in_flight_violations
    assert signal.in_flight_violations[0].person_id == olena.id
    signal.in_flight_violations.clear()
    await signal.changed(lambda: not signal.in_flight)
    for number in range(5):
        await bot.call("send", recipient=olena.id, message=str(number))
    assert not signal.in_flight_violations


async def test_files_and_stickers_and_quotes_arrive(bot: Client, olena: SignalPerson, tmp_path: Path) -> None:
    uri = "data:text/csv;filename=report.csv;base64,YTti"
    await bot.call("send", recipient=olena.id, attachment=[uri])
    assert olena.last is not None
    assert olena.last.document == ("report.csv", b"a;b")
    assert olena.last.attachment is not None
    assert olena.last.attachment.content_type == "text/csv"
    (tmp_path / "map.png").write_bytes(b"map")
    await bot.call("send", recipient=olena.id, attachment=str(tmp_path / "map.png"))
    assert olena.last.document == ("map.png", b"map")
    await bot.call("send", recipient=olena.id, attachment="data:text/plain,a%20b")
    assert olena.last.document == ("", b"a b")
    await bot.call("send", recipient=olena.id, sticker="9acc9e8a:3")
    assert olena.last.kind == "sticker"
    own = await olena.writes("Де це?")
    number = int(own.message_id)
    await bot.call("send", recipient=olena.id, message="Тут", quoteTimestamp=number, quoteAuthor=olena.id)
    assert olena.last.quote == own.message_id


# ---------------------------------------------------------------------- what is changed


async def test_an_edit_changes_what_is_shown_and_nothing_new_comes(
    signal: PretendSignal, bot: Client, olena: SignalPerson
) -> None:
    heard: list[str] = []
    signal.subscribe(lambda event: heard.append(event["event"]))
    first = (await bot.call("send", recipient=olena.id, message="0"))["timestamp"]
    newest = first
    for number in range(1, 11):
        target = first if number % 2 else newest
        newest = (await bot.call("send", recipient=olena.id, message=str(number), editTimestamp=target))["timestamp"]
    assert [(shown.text, shown.edited, shown.message_id) for shown in olena.received] == [("10", True, str(first))]
    assert (heard.count("message"), heard.count("edit")) == (1, 10)
    await bot.call("send", recipient=olena.id, message="11", editTimestamp=first)
    assert olena.sees("10")
    assert [violation.kind for violation in signal.violations] == ["edit for the eleventh time"]


async def test_an_edit_comes_too_late_or_of_nothing(signal: PretendSignal, bot: Client, olena: SignalPerson) -> None:
    own = await olena.writes("x")
    await bot.call("send", recipient=olena.id, message="y", editTimestamp=int(own.message_id))
    sent = await bot.call("send", recipient=olena.id, message="0")
    signal.goes_forward(86401)
    await bot.call("send", recipient=olena.id, message="1", editTimestamp=sent["timestamp"])
    await bot.call("remoteDelete", recipient=olena.id, targetTimestamp=sent["timestamp"])
    assert [shown.text for shown in olena.messages] == ["x", "0"]
    assert [violation.kind for violation in signal.violations] == [
        "edit of a message that is not there",
        "edit after 24 hours",
        "deletion of a message that is not there or too old",
    ]


async def test_a_message_of_the_bot_can_be_deleted(signal: PretendSignal, bot: Client, olena: SignalPerson) -> None:
    sent = await bot.call("send", recipient=olena.id, message="x")
    await bot.call("remoteDelete", recipient=olena.id, targetTimestamp=sent["timestamp"])
    assert olena.last is not None
    assert (olena.last.deleted, olena.last.text) == (True, "")
    await bot.call("send", recipient=olena.id, message="y", editTimestamp=sent["timestamp"])
    assert not olena.sees("y")
    assert len(signal.violations) == 1


async def test_reactions_receipts_and_typing_are_shown(signal: PretendSignal, bot: Client, olena: SignalPerson) -> None:
    own = await olena.writes("x")
    number = int(own.message_id)
    target = {"recipient": olena.id, "emoji": "👍", "targetAuthor": olena.id}
    await bot.call("sendReaction", **target, targetTimestamp=number)
    assert list(olena.messages[0].reactions) == ["👍"]
    await bot.call("sendReaction", **target, targetTimestamp=number, remove=True)
    assert not olena.messages[0].reactions
    await bot.call("sendReaction", **target | {"targetAuthor": signal.account}, targetTimestamp=number)
    await bot.call("sendReceipt", recipient=olena.id, targetTimestamp=[number], type="read")
    assert olena.messages[0].ticks == 3
    await bot.call("sendReceipt", recipient=olena.id, targetTimestamp=1)
    assert len(signal.violations) == 2
    typed = []
    for more in ({}, {"stop": True}):
        await bot.call("sendTyping", recipient=olena.id, **more)
        typed.append(olena.bot_types)
    assert typed == [True, False]
    olena.sealed_sender = False
    refusal = await bot.refused("sendTyping", recipient=olena.id)
    assert refusal["data"]["response"]["results"][0]["type"] == "NETWORK_FAILURE"


async def test_votes_of_the_bot_and_the_end_of_a_poll_are_taken(bot: Client, olena: SignalPerson) -> None:
    await bot.call("sendPollVote", recipient=olena.id, pollTimestamp=1)
    await bot.call("sendPollTerminate", recipient=olena.id, pollTimestamp=1)
    assert olena.messages == []


async def test_old_versions_have_no_polls(tmp_path: Path) -> None:
    async with PretendSignal(tmp_path / "o", version="0.13.19") as signal, Client(signal) as bot:
        assert (await bot.refused("sendPollCreate", recipient=NOBODY))["code"] == -32601


# ---------------------------------------------------------------------- to whom


async def test_a_success_for_one_is_a_success(bot: Client, olena: SignalPerson) -> None:
    sent = await bot.call("send", recipient=[olena.id, NOBODY, olena.id], message="x")
    assert types(sent) == ["SUCCESS", "UNREGISTERED_FAILURE"]
    assert len(olena.received) == 1


async def test_results_are_in_no_order(signal: PretendSignal, bot: Client) -> None:
    people = [signal.person(str(number)).id for number in range(10)]
    sent = await bot.call("send", recipient=people, message="x")
    told = [result["recipientAddress"]["uuid"] for result in sent["results"]]
    assert told != people
    assert sorted(told) == sorted(people)


async def test_a_number_is_looked_up_and_a_failed_look_up_looks_like_nobody(signal: PretendSignal, bot: Client) -> None:
    petro = signal.person("Петро", number="+4915100000002", shares_number=False)
    sent = await bot.call("send", recipient="+4915100000002", message="x")
    assert sent["results"][0]["recipientAddress"] == {"uuid": petro.id, "number": "+4915100000002", "username": None}
    signal.lookup_works = False
    for recipient in ("+4915100000002", "u:name.01"):
        refusal = await bot.refused("send", recipient=recipient, message="x")
        (result,) = refusal["data"]["response"]["results"]
        assert (result["recipientAddress"]["uuid"], result["type"]) == (None, "UNREGISTERED_FAILURE")
    assert (await bot.refused("send", username="name.01", message="x"))["code"] == -1


async def test_the_account_itself_is_somebody_too(signal: PretendSignal, bot: Client) -> None:
    for params in ({"recipient": signal.aci}, {"recipient": signal.account}, {"noteToSelf": True}):
        sent = await bot.call("send", message="x", **params)
        assert sent["results"][0]["recipientAddress"]["uuid"] == signal.aci


async def test_a_group_gets_what_is_sent_once_for_each_member(
    signal: PretendSignal, bot: Client, olena: SignalPerson
) -> None:
    petro = signal.person("Петро")
    group = await olena.adds_bot_to_group()
    signal.groups[group].members.append(petro.id)
    sent = await bot.call("send", groupId=group, message="x")
    assert {result["groupId"] for result in sent["results"]} == {group}
    assert types(sent) == ["SUCCESS", "SUCCESS"]
    await bot.call("send", groupId=group, message="y", editTimestamp=sent["timestamp"])
    (message,) = signal.groups[group].messages.values()
    assert (message.text, len(message.versions)) == ("y", 2)
    await petro.reacts(message.shown(), "👍")
    assert list(message.shown().reactions) == ["👍"]
    assert (await bot.call("listGroups"))[0]["isMember"]
    await bot.call("quitGroup", groupId=group)
    assert "not a member" in (await bot.refused("send", groupId=group, message="x"))["message"]
    assert await bot.call("quitGroup", groupId=group, delete=True) == {}
    assert await bot.call("listGroups") == []
    assert "Group not found" in (await bot.refused("quitGroup", groupId=group))["message"]
    heard = len(bot.heard)
    await olena.writes_in_group(group, "Хтось є?")
    await olena.writes("x")
    assert len(await bot.hears(heard + 1)) == heard + 1


async def test_the_only_admin_of_a_group_leaves_it_to_somebody_else(
    signal: PretendSignal, bot: Client, olena: SignalPerson
) -> None:
    group = await olena.adds_bot_to_group()
    signal.groups[group].bot_is_only_admin = True
    assert "specify a new admin" in (await bot.refused("quitGroup", groupId=group, admin=[NOBODY]))["message"]
    (found,) = await bot.call("listGroups", groupId=[group])
    assert [admin["uuid"] for admin in found["admins"]] == [signal.aci]
    await bot.call("quitGroup", groupId=group, admin=[olena.id])
    assert not signal.groups[group].bot_is_member


async def test_an_invitation_to_a_group_can_be_declined_and_nothing_be_written_there(
    signal: PretendSignal, bot: Client, olena: SignalPerson
) -> None:
    group = await olena.adds_bot_to_group(invites=True)
    assert "not a member" in (await bot.refused("send", groupId=group, message="x"))["message"]
    await bot.call("quitGroup", groupId=group)
    assert not signal.groups[group].bot_is_invited


# ---------------------------------------------------------------------- what fails


@pytest.mark.parametrize(
    ("fault", "code", "words", "result"),
    [
        (faults.network_failure(), -1, "Failed to send message", {"type": "NETWORK_FAILURE"}),
        (faults.unregistered(), -1, "Failed to send message", {"type": "UNREGISTERED_FAILURE"}),
        (faults.invalid_pre_key(), -1, "Failed to send message", {"type": "INVALID_PRE_KEY_FAILURE"}),
        (
            faults.untrusted(),
            -4,
            "Failed to send message due to untrusted identities",
            {"type": "IDENTITY_FAILURE"},
        ),
        (
            faults.rate_limited(),
            -5,
            "Failed to send message due to rate limiting",
            {"type": "RATE_LIMIT_FAILURE"},
        ),
        (
            faults.rate_limited(30),
            -5,
            "Failed to send message due to rate limiting",
            {"type": "RATE_LIMIT_FAILURE", "retryAfterSeconds": 30},
        ),
        (
            faults.captcha("a token", 86400),
            -5,
            "Failed to send message due to rate limiting",
            {"type": "RATE_LIMIT_FAILURE", "token": "a token", "retryAfterSeconds": 86400},
        ),
    ],
)
async def test_a_failure_says_of_everybody_what_became_of_it(
    signal: PretendSignal, bot: Client, olena: SignalPerson, fault: faults.Fault, code: int, words: str, result: Any
) -> None:
    signal.fail("send", fault)
    refusal = await bot.refused("send", recipient=olena.id, message="x")
    assert (refusal["code"], refusal["message"]) == (code, words)
    response = refusal["data"]["response"]
    assert response["timestamp"]
    (told,) = response["results"]
    assert told.pop("recipientAddress")["uuid"] == olena.id
    assert told == result
    assert olena.messages == []
    await bot.call("send", recipient=olena.id, message="x")


async def test_what_failed_may_have_arrived(signal: PretendSignal, bot: Client, olena: SignalPerson) -> None:
    signal.fail("send", faults.network_failure(delivered=True))
    await bot.refused("send", recipient=olena.id, message="x")
    assert olena.sees("x")


async def test_failures_of_different_kinds_are_a_plain_failure(
    signal: PretendSignal, bot: Client, olena: SignalPerson
) -> None:
    signal.fail("send", faults.partial(faults.rate_limited()))
    refusal = await bot.refused("send", recipient=[NOBODY, olena.id], message="x")
    assert (refusal["code"], types(refusal["data"]["response"])) == (-1, ["RATE_LIMIT_FAILURE", "UNREGISTERED_FAILURE"])
    signal.fail("send", faults.partial(faults.network_failure()))
    petro = signal.person("Петро")
    assert types(await bot.call("send", recipient=[petro.id, olena.id], message="y")) == ["NETWORK_FAILURE", "SUCCESS"]
    assert petro.sees("y")
    assert not olena.sees("y")


async def test_old_versions_do_not_say_how_long_a_plain_limit_lasts(tmp_path: Path) -> None:
    async with PretendSignal(tmp_path / "o", version="0.13.19") as signal, Client(signal) as bot:
        signal.fail("send", faults.rate_limited(30))
        refusal = await bot.refused("send", recipient=signal.person("Олена").id, message="x")
        assert "retryAfterSeconds" not in refusal["data"]["response"]["results"][0]
        assert (await bot.refused("submitRateLimitChallenge", challenge="x", captcha="y"))["code"] == -1


async def test_an_upload_that_is_limited_is_told_only_in_words(
    signal: PretendSignal, bot: Client, olena: SignalPerson
) -> None:
    signal.fail("send", faults.upload_limited(4))
    refusal = await bot.refused("send", recipient=olena.id, attachment="data:text/plain,x")
    assert refusal["code"] == -32603
    assert "Retry after 4 seconds" in refusal["message"]


async def test_who_is_gone_is_unregistered_until_they_come_back(bot: Client, olena: SignalPerson) -> None:
    await bot.call("send", recipient=olena.id, message="x")
    await olena.unregisters()
    refusal = await bot.refused("send", recipient=olena.id, message="x")
    assert types(refusal["data"]["response"]) == ["UNREGISTERED_FAILURE"]
    await olena.reinstalls()
    assert (await bot.refused("send", recipient=olena.id, message="x"))["code"] == -4


async def test_a_captcha_holds_up_every_send_until_it_is_solved(
    signal: PretendSignal, bot: Client, olena: SignalPerson
) -> None:
    token = signal.wants_captcha(3600)
    for _ in range(2):
        refusal = await bot.refused("send", recipient=olena.id, message="x")
        (result,) = refusal["data"]["response"]["results"]
        assert (result["token"], result["retryAfterSeconds"]) == (token, 3600)
    for challenge, captcha in ((token, "signalcaptcha://wrong"), ("other", "signalcaptcha://right")):
        refusal = await bot.refused("submitRateLimitChallenge", challenge=challenge, captcha=captcha)
        assert refusal["code"] == -6
        assert "Captcha rejected" in refusal["message"]
    await bot.call("submitRateLimitChallenge", challenge=token, captcha="signalcaptcha://right.solved")
    await bot.call("send", recipient=olena.id, message="x")


async def test_too_many_messages_are_refused_until_it_is_time(
    signal: PretendSignal, bot: Client, olena: SignalPerson
) -> None:
    signal.clock = lambda: 1_795_337_423.0
    signal.limit(burst=2, every=10)
    for _ in range(2):
        await bot.call("send", recipient=olena.id, message="x")
        await bot.call("sendTyping", recipient=olena.id)
    for _ in range(2):
        refusal = await bot.refused("send", recipient=olena.id, message="x")
        assert refusal["code"] == -5
        assert refusal["data"]["response"]["results"][0]["retryAfterSeconds"] == 10
    assert len(signal.impatience) == 1
    signal.goes_forward(10)
    await bot.call("send", recipient=olena.id, message="x")
    assert len(signal.impatience) == 1


# ---------------------------------------------------------------------- the account


async def test_an_account_is_registered_with_captcha_code_and_pin(tmp_path: Path) -> None:
    async with PretendSignal(tmp_path / "r", single_account=False) as signal, Client(signal) as bot:
        await bot.call("setPin", pin="4711")
        await signal.account_vanishes()
        account = {"account": signal.account}
        assert "Captcha required for verification" in (await bot.refused("register", **account))["message"]
        assert "Invalid captcha" in (await bot.refused("register", **account, captcha="x"))["message"]
        solved = {"captcha": "signalcaptcha://right"} | account
        assert "request SMS" in (await bot.refused("register", **solved, voice=True))["message"]
        assert await bot.call("register", **solved) == {}
        assert (await bot.refused("verify", **account, verificationCode="1"))["code"] == -3
        assert "locked with a pin" in (await bot.refused("verify", **account, verificationCode="123-456"))["message"]
        code = {"verificationCode": "123-456"} | account
        assert "Invalid pin" in (await bot.refused("verify", **code, pin="1"))["message"]
        assert await bot.call("verify", **code, pin="4711") == {}
        assert await bot.call("listAccounts") == [{"number": signal.account}]
        await bot.call("removePin")
        signal.network_gone = True
        assert "UnknownHostException" in (await bot.refused("register", **account))["message"]
        assert (await bot.refused("startLink"))["message"] == "Link request error: Connection closed!"


async def test_an_account_is_linked(tmp_path: Path) -> None:
    async with PretendSignal(tmp_path / "r", single_account=False) as signal, Client(signal) as bot:
        await signal.account_vanishes()
        uri = (await bot.call("startLink"))["deviceLinkUri"]
        assert uri.startswith("sgnl://linkdevice?uuid=")
        assert (await bot.refused("finishLink", deviceLinkUri="x"))["code"] == -1
        assert await bot.call("finishLink", deviceLinkUri=uri, deviceName="Bot") == {"number": signal.account}
        assert signal.registered


async def test_a_profile_and_a_username_are_set(signal: PretendSignal, bot: Client) -> None:
    await bot.call("updateProfile", givenName="Brücke", about="Hallo", avatar="/tmp/a.png")  # noqa: S108  # not read
    await bot.call("updateProfile", removeAvatar=True)
    assert signal.profile == {"givenName": "Brücke", "about": "Hallo"}
    found = await bot.call("updateAccount", username="stadtbot", discoverableByNumber=True)
    assert found["username"] == "stadtbot.01"
    assert found["usernameLink"].startswith("https://signal.me/#eu/")
    assert await bot.call("updateAccount", deleteUsername=True) == {}
    assert signal.username is None
    await bot.call("updateConfiguration", readReceipts=False)
    assert signal.settings == {"discoverableByNumber": True, "readReceipts": False}


async def test_contacts_are_those_who_wrote_or_were_written_to(
    signal: PretendSignal, bot: Client, olena: SignalPerson
) -> None:
    signal.person("Петро")
    assert await bot.call("listContacts") == []
    await olena.writes("x")
    await signal.all_taken()
    (contact,) = await bot.call("listContacts")
    assert (contact["uuid"], contact["name"], contact["profileSharing"]) == (olena.id, "Олена К.", True)
    await bot.call("updateContact", recipient=olena.id, expiration=60)
    assert olena.timer == 60
    await bot.call("removeContact", recipient=olena.id)
    assert signal.known_identities
    await bot.call("removeContact", recipient=olena.id, forget=True)
    await bot.call("removeContact", recipient=NOBODY)
    assert await bot.call("listContacts") == []
    assert not signal.known_identities


async def test_the_devices_are_known_to_the_server_only(signal: PretendSignal, bot: Client) -> None:
    assert [device["id"] for device in await bot.call("listDevices")] == [1]
    signal.network_gone = True
    assert (await bot.refused("listDevices"))["code"] == -3


async def test_numbers_are_looked_up(signal: PretendSignal, bot: Client) -> None:
    petro = signal.person("Петро", number="+4915100000002")
    found = await bot.call("getUserStatus", recipient=["+4915100000002", "+4915100000003"], username="x.01")
    assert [(entry["uuid"], entry["isRegistered"]) for entry in found] == [
        (petro.id, True),
        (None, False),
        (None, False),
    ]
    signal.lookup_works = False
    assert (await bot.refused("getUserStatus", recipient="+4915100000002"))["code"] == -3
