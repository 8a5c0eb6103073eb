"""How a message becomes those that are sent: split where it is too long, with numbers where there are no buttons."""

from dataclasses import replace
from functools import partial

from bot import markup
from bot.messages import LayOut, Outgoing

FOLDED = 800
"""Characters from which on telephones fold a message: what stands last, the menu, would be behind "Read more"."""
_SIGNS = "←☰ "
"""What stands before the label of a button, and says nothing where there are no buttons."""


def with_buttons(longest: int) -> LayOut:
    """Return a layout of texts of at most so many UTF-16 units, with buttons under the last."""
    return partial(_in_parts, longest=longest, encoding="utf-16-le")


def with_numbers(longest: int) -> LayOut:
    """Return a layout of texts of at most so many bytes of UTF-8, with numbered lines for the buttons.

    Together with the text if they fit, else the menu is a message of its own, the last. The buttons stay with each
    part: they say what a number means, whichever of them is quoted.
    """
    return partial(_numbered, longest=longest)


def _numbered(outgoing: Outgoing, longest: int) -> list[Outgoing]:
    if not outgoing.buttons:
        return _in_parts(outgoing, longest, "utf-8")
    counted = [button.label for button in outgoing.buttons if not button.key]
    keyed = [(button.key, button.label.lstrip(_SIGNS)) for button in outgoing.buttons if button.key]
    lines = [f"{number} – {label}" for number, label in enumerate(counted, 1)]
    menu = markup.escape("\n".join([*lines, *(f"{key} – {label}" for key, label in keyed)]))
    together = f"{outgoing.text}\n\n{menu}"
    shown = markup.plain(together)
    if len(shown) <= FOLDED and markup.size(shown) <= longest and not outgoing.file_name:
        return [replace(outgoing, text=together, typed=True)]
    text = _in_parts(replace(outgoing, buttons=(), handle=""), longest, "utf-8")
    parts = [*text, *_in_parts(Outgoing(text=menu, handle=outgoing.handle), longest, "utf-8")]
    return [replace(part, buttons=outgoing.buttons, typed=True) for part in parts]


def _in_parts(outgoing: Outgoing, longest: int, encoding: str) -> list[Outgoing]:
    """Split what is too long: the first part takes the place of the old message, the last one carries the buttons."""
    texts = markup.split(outgoing.text, longest, encoding)
    if len(texts) <= 1 or outgoing.file_name:
        return [outgoing]
    first = Outgoing(text=texts[0], replaces=outgoing.replaces, replaces_handle=outgoing.replaces_handle)
    last = replace(outgoing, text=texts[-1], replaces="", replaces_handle="")
    return [first, *(Outgoing(text=text) for text in texts[1:-1]), last]
