"""What the peers know of the town of `benchmarks.crowd`: what they answer, what they send to everybody, and to whom."""

from benchmarks.bots import form

ANNOUNCEMENT = "Am Samstag ist Sprechstunde im Rathaus, von 10 bis 12 Uhr, Zimmer 14. Bitte bringen Sie Papiere mit."
"""The text of a copy; in the real bot, too."""
START = "/broadcast"
"""What the office writes to have it sent."""
DONE = "Done"
"""What the office is told at the end."""

MENU, EMERGENCY = "/menu", "/emergency"
QUESTIONS, QUESTION = "go:questions", "go:questions:partnership"

Buttons = list[list[tuple[str, str]]]
ANSWERS: dict[str, tuple[str, Buttons]] = {
    MENU: (
        "Was möchten Sie tun?",
        [
            [("Ich komme aus der Region Schytomyr", "go:register")],
            [("Ich möchte helfen", "go:my-offer")],
            [("Fragen und Antworten", QUESTIONS)],
            [("Mit einem Menschen sprechen", "go:person")],
            [("Meine Daten", "go:data"), ("Hilfe im Notfall", "go:emergency")],
        ],
    ),
    QUESTIONS: (
        "Fragen und Antworten. Was möchten Sie wissen?",
        [
            [("Was ist die Partnerschaft?", QUESTION)],
            [("Wo ist das Büro?", "go:questions:office")],
            [("Wie kann ich spenden?", "go:questions:donations")],
            [("Menü", "go:menu")],
        ],
    ),
    QUESTION: (
        "Was ist die Partnerschaft?\n\nDortmund und Schytomyr arbeiten seit 2023 zusammen. Seit 2025 sind sie Partner.",
        [[("Fragen und Antworten", QUESTIONS), ("Menü", "go:menu")]],
    ),
    EMERGENCY: (
        "Bitte rufen Sie im Notfall in Deutschland an.\n\n112: Feuerwehr, Rettungsdienst\n110: Polizei\n116 117: Arzt",
        [[("Menü", "go:menu")]],
    ),
}
"""By the command that is written or the data that is pressed."""


def recipients() -> list[int]:
    """Return the chats of everybody who gets the announcement."""
    return [int(line) for line in (form.folder() / "recipients").read_text(encoding="utf-8").split()]
