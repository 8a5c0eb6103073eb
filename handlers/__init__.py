"""What this bot is about: the table of contents and the permissions in one.

A conversation with roles does not exist for anybody else. The order is the order of the menu.
"""

from bot.conversations import Conversation
from bot.languages import _
from bot.profile import Profile
from bot.staff import Role
from handlers import desk, everyone, messengers, refugees, staff, volunteers

WRITERS = frozenset({Role.ADMIN, Role.EDITOR, Role.APPROVER})
ALL_STAFF = frozenset(Role)


def conversations(profile: Profile) -> tuple[Conversation, ...]:
    """Return everything that can be done here."""
    return (
        Conversation("menu", everyone.menu, _("☰ Menu"), command="menu"),
        # staff
        Conversation("write-to", desk.write_to_volunteer, _("Write to this person"), roles=frozenset(desk.DESK)),
        Conversation("join", staff.join, _("Join the team"), secret=True, by_link=True),
        Conversation("captcha", staff.solve_captcha, _("Enter the link"), roles=frozenset({Role.ADMIN})),
        Conversation(
            "broadcast", staff.broadcast, _("✉ Write to many"), command="broadcast", roles=WRITERS, listed=True
        ),
        Conversation(
            "numbers", staff.show_numbers, _("Numbers"), command="numbers", roles=ALL_STAFF, listed=True, aside=True
        ),
        # people from the region
        Conversation(
            "register", refugees.register_interest, profile.texts.from_region, command="register", listed=True
        ),
        Conversation("topics", refugees.change_topics, _("Change my topics"), command="topics"),
        # volunteers
        Conversation("my-offer", volunteers.my_offer, _("I want to help"), command="help_others", listed=True),
        Conversation("offer", volunteers.offer_help, _("Change my offer")),
        Conversation("pause-offer", volunteers.pause_offer, _("Pause")),
        Conversation("resume-offer", volunteers.resume_offer, _("Go on helping")),
        Conversation("withdraw-offer", volunteers.withdraw_offer, _("Withdraw my offer")),
        Conversation("housing", volunteers.housing, _("I want to offer housing"), aside=True),
        # everyone
        Conversation("questions", everyone.questions, _("Questions and answers"), command="questions", listed=True),
        Conversation(
            "person",
            everyone.person,
            _("Talk to a person"),
            command="person",
            listed=True,
            aside=True,
            before_language=True,
        ),
        Conversation("data", everyone.show_my_data, _("My data"), command="data", listed=True),
        Conversation("file", everyone.send_my_file, _("Send me all of it as a file"), aside=True),
        Conversation("other-messenger", messengers.show_code, _("Connect the other messenger")),
        Conversation("connect", messengers.connect, _("Connect the other messenger"), secret=True, aside=True),
        Conversation("admit", messengers.admit, _("Yes, that was me"), roles=ALL_STAFF),
        Conversation("prefer", messengers.prefer, _("Where news arrive"), aside=True),
        Conversation("disconnect", messengers.disconnect, _("Disconnect a messenger")),
        Conversation("delete", everyone.delete_my_data, _("Delete everything"), command="delete"),
        Conversation(
            "emergency",
            everyone.emergency,
            _("Help in an emergency"),
            command="emergency",
            listed=True,
            aside=True,
            before_language=True,
        ),
        Conversation(
            "language",
            everyone.choose_language,
            _("Language"),
            command="language",
            listed=True,
            aside=True,
            before_language=True,
        ),
        Conversation("about", everyone.about, _("About us and privacy"), command="about", listed=True),
        Conversation("help", everyone.help, _("Help"), command="help", aside=True, before_language=True),
        Conversation(
            "verify", everyone.verify, _("Is this the real bot?"), command="verify", aside=True, before_language=True
        ),
        Conversation(
            "privacy", everyone.privacy, _("Privacy notice"), command="privacy", aside=True, before_language=True
        ),
        Conversation("imprint", everyone.imprint, _("Imprint"), command="imprint", aside=True, before_language=True),
        Conversation("stop", everyone.stop_news, _("No more news"), command="stop", before_language=True),
        Conversation("resume", everyone.resume_news, _("Get news again"), command="resume", aside=True),
    )
