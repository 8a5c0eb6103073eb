-- Everything about a person hangs on `people` and goes with it: forgetting somebody is one DELETE.
-- Times are UTC in whole seconds.

CREATE TABLE people (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    language          TEXT,              -- NULL until chosen
    preferred         TEXT,              -- the messenger for news, of somebody with several; NULL: any
    seen_at           INTEGER NOT NULL,
    news_stopped_at   INTEGER,           -- STOP; START clears it
    told_at           INTEGER,           -- when a notice about pictures and the like was given, so that a flood gets one
    told_of           TEXT               -- which one it was
) STRICT;

CREATE TABLE addresses (
    messenger         TEXT NOT NULL,
    address           TEXT NOT NULL,
    person            INTEGER NOT NULL REFERENCES people ON DELETE CASCADE,
    unreachable_since INTEGER,           -- refused for good; writing to us clears it, and the next too
    doubted_at        INTEGER,           -- when the messenger said so first, if it may be mistaken
    PRIMARY KEY (messenger, address)
) STRICT, WITHOUT ROWID;
CREATE INDEX addresses_person ON addresses (person);

-- Codes with which somebody connects a second messenger: shown in the one, typed in the other.
CREATE TABLE connections (
    person     INTEGER PRIMARY KEY REFERENCES people ON DELETE CASCADE,
    code_hash  TEXT NOT NULL UNIQUE,     -- SHA-256; the code itself is nowhere
    expires_at INTEGER NOT NULL,
    claimed_by INTEGER                   -- who typed the code of a member of staff, until that member says yes
) STRICT;

-- Wrong codes by chat; they leak away. SHA-256 of the address, also of somebody who deleted everything to try again.
CREATE TABLE wrong_codes (
    address_hash TEXT PRIMARY KEY,
    n            INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE consents (
    person   INTEGER NOT NULL REFERENCES people ON DELETE CASCADE,
    purpose  TEXT NOT NULL,
    version  TEXT NOT NULL,              -- of the text that was shown
    language TEXT NOT NULL,
    given_at INTEGER NOT NULL,
    PRIMARY KEY (person, purpose)
) STRICT, WITHOUT ROWID;

CREATE TABLE interests (
    person    INTEGER PRIMARY KEY REFERENCES people ON DELETE CASCADE,
    place     TEXT,
    raion     TEXT,
    age_bands TEXT NOT NULL,             -- JSON list
    frequency TEXT NOT NULL,
    saved_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE interest_topics (
    person INTEGER NOT NULL REFERENCES people ON DELETE CASCADE,
    topic  TEXT NOT NULL,
    PRIMARY KEY (person, topic)
) STRICT, WITHOUT ROWID;
CREATE INDEX interest_topics_topic ON interest_topics (topic);

CREATE TABLE offers (
    person       INTEGER PRIMARY KEY REFERENCES people ON DELETE CASCADE,
    reference    TEXT NOT NULL UNIQUE,
    roles        TEXT NOT NULL,          -- JSON lists
    spoken       TEXT NOT NULL,
    times        TEXT NOT NULL,
    district     TEXT,
    name         TEXT NOT NULL,
    contact      TEXT NOT NULL,          -- telephone, e-mail or 'chat'
    organisation TEXT,
    paused_at    INTEGER,
    saved_at     INTEGER NOT NULL
) STRICT;

CREATE TABLE staff (
    person INTEGER PRIMARY KEY REFERENCES people ON DELETE CASCADE,
    role   TEXT NOT NULL,
    since  INTEGER NOT NULL
) STRICT;

CREATE TABLE invitations (
    code_hash  TEXT PRIMARY KEY,         -- SHA-256; the code itself is nowhere
    role       TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE conversations (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,   -- in every button, so that an old one is known as old
    person     INTEGER NOT NULL REFERENCES people ON DELETE CASCADE,
    name       TEXT NOT NULL,
    argument   TEXT NOT NULL,
    answers    TEXT NOT NULL,            -- JSON object by question
    question   TEXT NOT NULL,            -- the open one
    draft      TEXT NOT NULL,            -- JSON: what is ticked so far, which page
    sources    TEXT NOT NULL DEFAULT '{}',  -- JSON: in which message of theirs each answer was written
    failures   INTEGER NOT NULL,         -- answers in a row that were not understood
    left_at    INTEGER,                  -- set aside for the menu or another conversation
    changed_at INTEGER NOT NULL,
    UNIQUE (person, name)
) STRICT;

CREATE TABLE inbox (
    messenger TEXT NOT NULL,
    id        TEXT NOT NULL,             -- the messenger's own; brought twice, done once
    payload   TEXT,                      -- NULL once handled: nothing of it is kept
    heard_at  INTEGER NOT NULL,
    tries     INTEGER NOT NULL DEFAULT 0,
    parked    INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (messenger, id)
) STRICT;
CREATE INDEX inbox_waiting ON inbox (messenger, heard_at) WHERE payload IS NOT NULL AND parked = 0;
CREATE INDEX inbox_heard_at ON inbox (heard_at);

CREATE TABLE broadcasts (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    author      INTEGER REFERENCES people ON DELETE SET NULL,
    texts       TEXT NOT NULL,           -- JSON object by language, as sent, with header and footer
    audience    TEXT NOT NULL,           -- JSON: what was chosen
    previewed   INTEGER NOT NULL,        -- the number that staff saw before sending
    started_at  INTEGER NOT NULL,
    shown       TEXT NOT NULL DEFAULT '',  -- the counts that the progress message shows
    finished_at INTEGER
) STRICT;

CREATE TABLE outbox (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    messenger  TEXT NOT NULL,
    address    TEXT NOT NULL,
    person     INTEGER REFERENCES people,
    about      INTEGER,                  -- another person whom it tells of: it goes when they are forgotten
    urgency    INTEGER NOT NULL,         -- 0 an answer, 1 a notice to staff, 2 a copy of a broadcast, 3 after all others
    payload    TEXT,                     -- JSON of what leaves; NULL for a copy: its text stands in `broadcasts`
    language   TEXT,
    broadcast  INTEGER REFERENCES broadcasts ON DELETE CASCADE,
    moved      INTEGER NOT NULL DEFAULT 0,  -- a copy that goes to the person's other messenger, the first having refused
    state      TEXT NOT NULL DEFAULT 'waiting',
    reason     TEXT,
    message    TEXT,                     -- the messenger's own id of a copy, for its receipts
    tried_at   REAL NOT NULL DEFAULT 0,  -- when it was last tried
    ended_at   REAL,                     -- when a try of unknown outcome was over: a receipt for what left later is not its
    tries      INTEGER NOT NULL DEFAULT 0,
    not_before INTEGER NOT NULL DEFAULT 0,
    written_at INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_waiting ON outbox (messenger, urgency, not_before, id) WHERE state = 'waiting';
CREATE INDEX outbox_address ON outbox (messenger, address, id) WHERE state = 'waiting';
CREATE INDEX outbox_about ON outbox (about) WHERE about IS NOT NULL;
CREATE INDEX outbox_trying ON outbox (messenger) WHERE state = 'trying';
CREATE INDEX outbox_broadcast ON outbox (broadcast, state) WHERE broadcast IS NOT NULL;
CREATE INDEX outbox_person ON outbox (person);
CREATE INDEX outbox_message ON outbox (messenger, address, message) WHERE broadcast IS NOT NULL;

-- Of copies only the counted outcome stays, without person and address, so that reports still add up.
CREATE TRIGGER person_is_forgotten BEFORE DELETE ON people BEGIN
    DELETE FROM outbox WHERE person = old.id AND broadcast IS NULL;
    DELETE FROM outbox WHERE about = old.id;
    UPDATE outbox SET state = iif(state = 'waiting', 'withdrawn', state), person = NULL, address = '',
        message = NULL, tried_at = 0
        WHERE person = old.id;
END;

-- What passes Signal's messages on keeps keys and names by address. It is told to forget them, too, a minute later: by
-- then the receipts of the last words are in, each of which would make it know the person again.
CREATE TRIGGER address_is_forgotten AFTER DELETE ON addresses WHEN old.messenger = 'signal' BEGIN
    DELETE FROM outbox WHERE messenger = old.messenger AND address = old.address AND state = 'waiting' AND urgency = 3;
    INSERT INTO outbox (messenger, address, urgency, payload, not_before, written_at)
        SELECT old.messenger, old.address, 3, '{"act": "forget"}', seconds + 60, seconds
        FROM (SELECT CAST(strftime('%s', 'now') AS INTEGER) AS seconds);
END;

-- Messages on people's telephones that may be changed later, by a name of ours ('broadcast-7').
CREATE TABLE shown (
    messenger TEXT NOT NULL,
    address   TEXT NOT NULL,
    handle    TEXT NOT NULL,
    message   TEXT NOT NULL,             -- the messenger's own id
    person    INTEGER REFERENCES people ON DELETE CASCADE,
    PRIMARY KEY (messenger, address, handle)
) STRICT, WITHOUT ROWID;

-- What the numbers under a message mean, where there are no buttons.
CREATE TABLE menus (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    messenger TEXT NOT NULL,
    address   TEXT NOT NULL,
    message   TEXT NOT NULL,             -- the messenger's own id; '' while it is not known
    outbox    INTEGER NOT NULL,          -- the row that it left with
    buttons   TEXT NOT NULL,             -- JSON
    shown_at  REAL NOT NULL,
    person    INTEGER NOT NULL REFERENCES people ON DELETE CASCADE
) STRICT;
CREATE INDEX menus_address ON menus (messenger, address, id);
CREATE INDEX menus_outbox ON menus (outbox);
CREATE INDEX menus_person ON menus (person);

-- How each messenger account stands, so that a restart changes nothing.
CREATE TABLE accounts (
    messenger     TEXT PRIMARY KEY,
    free_at       REAL NOT NULL DEFAULT 0,   -- when the next copy may leave
    blocked_until REAL NOT NULL DEFAULT 0,   -- nothing leaves
    held_until    REAL NOT NULL DEFAULT 0,   -- no copies leave
    limits        INTEGER NOT NULL DEFAULT 0,  -- refusals in a row that gave no time
    challenge     TEXT NOT NULL DEFAULT '',  -- what somebody has to solve before more is sent
    deaf_told_at  INTEGER NOT NULL DEFAULT 0
) STRICT;

-- What the office has to hear about its messengers, until it was told.
CREATE TABLE alerts (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    messenger TEXT NOT NULL,
    trouble   TEXT NOT NULL,
    detail    TEXT NOT NULL,
    since     INTEGER NOT NULL,
    until     INTEGER NOT NULL
) STRICT;

-- How many turns were taken for somebody in this minute, for messengers that limit them. It outlasts the person by
-- minutes, or whoever deletes everything could begin anew.
CREATE TABLE turns (
    who    TEXT PRIMARY KEY,             -- SHA-256 of messenger and address
    minute INTEGER NOT NULL,             -- when it began
    n      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Groups that were told that we answer in private chats only: SHA-256 of their ids.
CREATE TABLE declined (
    messenger  TEXT NOT NULL,
    group_hash TEXT NOT NULL,
    told_at    INTEGER NOT NULL,
    PRIMARY KEY (messenger, group_hash)
) STRICT, WITHOUT ROWID;
