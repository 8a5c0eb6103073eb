"""Why signal-cli refuses, in one sentence each that says what to do.

signal-cli's own words are for programmers, and its codes are few: -1 for what the person did, -3 for what the network
or Signal's server did, -5 for too many tries, -6 for a captcha. So the words are looked at as well.
"""

import re

from bot.transports.signal_rpc import Refused

RUN = "python3 run.py signal"

WAIT_A_DAY = (
    "Signal has had too many tries, for this number or from this internet connection. Please wait a day before the next"
    " one: trying earlier only makes it longer."
)
NEW_CAPTCHA = (
    "Signal did not take the captcha: it was too old, used before, or solved over another internet connection.\n"
    "Please solve a new one: {page}\n"
    "Use the city's internet connection (the same as this machine's), or ask the IT."
)
NO_NETWORK = "Signal cannot be reached from this machine (chat.signal.org, port 443). Please look after the network."
SMS_FIRST = (
    f"Signal calls only after it was asked for an SMS. Please run {RUN} register, wait 60 seconds, then run it with"
    " --voice; whether the SMS arrives does not matter."
)
NO_CALL = (
    "Signal does not call this number. It refuses many numbers of internet telephony (VoIP): please take a SIM card, or"
    " the landline of another company."
)
NO_SMS = f"Signal sends no SMS to this number. If it is a landline, wait 60 seconds, then: {RUN} register --voice"
NOT_REACHED = (
    "The telephone companies that Signal works with do not reach this number now. Please try again in some hours, also"
    " with --voice. Numbers of internet telephony (VoIP) are often refused; then only another number helps."
)
TOO_OLD = "Signal takes nothing more from this version of signal-cli. Please install the newest one."
PIN_GONE = (
    "The number is locked with a PIN that Signal itself no longer knows. The lock ends seven days after the last use;"
    " please wait, then register again."
)
WRONG_CODE = f"Signal does not take the code: mistyped, or too old. Please look again, or get a new one: {RUN} register"
TAKEN = "This username is taken. Please choose another one, or leave the digits after the dot to Signal."
NO_USERNAME = "Signal does not take this username. Please choose another one."
KNOWN = "signal-cli has this number already. Please look with: python3 run.py check"
TOO_LATE = "Nobody scanned the code in time. Please run the command again."

REASONS = {
    # The first that fits, in "code words". Words as in signal-cli's commands and the issues of its users.
    r"^-5 |\b(429|413)\b|rate limit|RegistrationRetry": WAIT_A_DAY,
    r"Before requesting voice verification": SMS_FIRST,
    r"Deprecated|\b499\b": TOO_OLD,
    r"\b502\b|ExternalService": NOT_REACHED,
    r"pin data has been deleted": PIN_GONE,
    r"^-3 Verify error: .*(StatusCode|Authorization|TokenNotAccepted|NoSuchSession)": WRONG_CODE,
    r"set username: .*\b409\b": TAKEN,
    r"Invalid username": NO_USERNAME,
    r"already exists": KNOWN,
    r"Link request timed out": TOO_LATE,
}


def reason(refused: Refused, *, voice: bool = False) -> str:
    """Say why signal-cli refused; in its own words only if they are not known. `voice`: a call was asked for."""
    said = f"{refused.code} {refused.message}"
    if expected := re.search(r"Expected normalized: (\+[0-9]+)", said):
        return f"Signal writes this number {expected[1]}. Please set SIGNAL_ACCOUNT to it."
    for pattern, sentence in REASONS.items():
        if re.search(pattern, said, re.IGNORECASE):
            return sentence
    if re.search(r"InvalidTransportMode|StatusCode: 400|Invalid verification method", said):
        return NO_CALL if voice else NO_SMS
    if refused.code == -3 and not re.search(r"StatusCode|Authorization|\[\d{3}\]", said):
        return NO_NETWORK
    return f"signal-cli refuses: {refused.message.partition(chr(10))[0].rstrip('.')} (code {refused.code})."
