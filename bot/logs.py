"""Logs in which nothing personal can stand, at any level and in any traceback.

Our own modules log what they mean to. Of other libraries only name, level and place are written, never their words:
aiosqlite logs parameters, python-telegram-bot whole updates, aiohttp addresses with the token. Of an exception its kind
and its places are written, not its text, which may quote what somebody wrote.
"""

import json
import logging
import sys
import threading
import traceback
from datetime import UTC, datetime

OWN = ("bot", "handlers", "__main__")


class _Formatter(logging.Formatter):
    def __init__(self, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        fields = {"time": time, "level": record.levelname, "logger": record.name, "message": _message(record)}
        if record.exc_info and record.exc_info[1]:
            fields["exception"] = describe(record.exc_info[1])
        if self._as_json:
            return json.dumps(fields, ensure_ascii=False)
        return " ".join(fields.values())


def _message(record: logging.LogRecord) -> str:
    if record.name.split(".")[0] not in OWN:
        return f"(at {record.module}:{record.lineno})"
    return "".join(c if c.isprintable() else " " for c in record.getMessage())


def describe(fault: BaseException) -> str:
    """Return the kind of an exception and where it came from, without its text."""
    places = [
        f"{frame.name} ({frame.filename.rpartition('/')[2]}:{frame.lineno})"
        for frame in traceback.extract_tb(fault.__traceback__)
    ]
    inner = f" [{'; '.join(map(describe, fault.exceptions))}]" if isinstance(fault, BaseExceptionGroup) else ""
    cause = f" because of {describe(fault.__cause__)}" if fault.__cause__ else ""
    return f"{type(fault).__name__} in {' > '.join(places[-6:]) or 'nowhere'}{inner}{cause}"


def set_up(log_format: str) -> None:
    """Send all logs to standard error in this format ('text' or 'json')."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter(log_format == "json"))
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    logging.captureWarnings(True)
    logging.raiseExceptions = False  # of a record that cannot be written, logging would print the values
    logging.getLogger("apscheduler").setLevel(logging.WARNING)  # it tells of every look at the clock
    sys.excepthook = lambda _kind, fault, _trace: _note(fault)
    sys.unraisablehook = lambda unraisable: _note(unraisable.exc_value)
    threading.excepthook = lambda unhandled: _note(unhandled.exc_value)


def _note(fault: BaseException | None) -> None:
    logging.getLogger("bot").critical("ended", exc_info=fault)
