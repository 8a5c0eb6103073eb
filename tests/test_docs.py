"""The pages say what is true: settings, commands, links, tables and the two commands on top."""

import re
import shutil
import sqlite3
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import unquote

import pytest

from bot import settings
from bot.__main__ import cli
from bot.storage import migrate

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^()\s]+)\)|<(?:img|a)\s[^>]*?(?:src|href)=\"([^\"]+)\"")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def links(page: Path) -> list[str]:
    prose = FENCED.sub("", page.read_text(encoding="utf-8"))
    return [markdown or html for markdown, html in LINK.findall(prose)]


def anchors(page: Path) -> set[str]:
    """Return the names of a page's headings, as GitHub and GitLab make them."""
    headings = HEADING.findall(FENCED.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_the_two_commands_stand_on_top_of_the_readme() -> None:
    top = read("README.md").split("```")[1]

    assert [line.split("#")[0].strip() for line in top.splitlines()[1:]] == ["python3 run.py", "python3 run.py test"]


@every_page
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in links(page):
        if re.match(r"https?://|mailto:", link):
            continue
        name, _hash, anchor = unquote(link).partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.is_relative_to(ROOT), link
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@every_page
def test_no_page_has_russian_letters(page: Path) -> None:
    assert re.findall("(?i)[ыэъё]", page.read_text(encoding="utf-8")) == []


def test_every_picture_is_shown() -> None:
    shown = {(page.parent / link).resolve() for page in PAGES for link in links(page)}

    assert {*(ROOT / "docs" / "pictures").iterdir()} <= shown


@pytest.mark.parametrize("name", settings.documented())
def test_every_setting_is_explained_to_operators(name: str) -> None:
    assert f"\n| `{name}` |" in read("docs/operators.md")


@pytest.mark.parametrize("command", sorted(cli.commands))
def test_every_command_is_explained_to_operators(command: str) -> None:
    assert f"python3 run.py {command}" in read("docs/operators.md")


def test_every_table_has_its_line_in_the_glossary() -> None:
    db = sqlite3.connect(":memory:", isolation_level=None)
    migrate(db)
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    db.close()

    explained = set(re.findall(r"^\|[^|]*`(\w+)` \*table\* \|", read("docs/glossary.md"), re.MULTILINE))

    assert explained == {name for name in tables if not name.startswith("sqlite_")}


def test_every_decision_is_in_the_list_and_has_its_three_parts() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    listed = links(ROOT / "docs" / "decisions" / "README.md")

    assert listed == [page.name for page in pages]
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        parts = re.findall("^## (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert parts == ["Context", "Decision", "Consequences"], page.name


def test_the_changelog_begins_with_this_version() -> None:
    version = tomllib.loads(read("pyproject.toml"))["project"]["version"]

    assert re.findall(r"^## \[(.+?)\]", read("CHANGELOG.md"), re.MULTILINE)[0] == version


def test_every_key_of_a_profile_is_explained() -> None:
    described = set(re.findall(r"^\| `([\w.]+)` \|", read("docs/profile.md"), re.MULTILINE))
    table = tomllib.loads(read(f"profiles/{settings.DEFAULT_PROFILE}.toml"))
    keys = {
        f"{key}.{inner}" if isinstance(value, dict) else key
        for key, value in table.items()
        for inner in (value if isinstance(value, dict) else [""])
    }

    assert described == keys


def test_the_unit_runs_the_bot_from_where_the_page_puts_it() -> None:
    unit, page = read("docs/bruecke-mist.service"), read("docs/operators.md")

    for place in re.findall(r"^(?:WorkingDirectory|User)=(.+)$", unit, re.MULTILINE):
        assert place in page
    state = re.findall(r"^StateDirectory=(.+)$", unit, re.MULTILINE)
    assert f"DATABASE=/var/lib/{state[0]}/" in page


def test_the_way_to_update_the_translations_changes_nothing_that_is_up_to_date(tmp_path: Path) -> None:
    for folder in ("bot", "handlers", "locales"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    section = read("docs/developers.md").partition("## Translations")[2]
    commands = "\n".join(section.split("```")[1].splitlines()[1:-1])  # the last line runs tests
    commands = commands.replace("/tmp/bot.pot", "bot.pot")  # noqa: S108  # not used here
    commands = commands.replace(".venv/bin/pybabel", f"{sys.executable} -m babel.messages.frontend")
    subprocess.run(["sh", "-ec", commands], cwd=tmp_path, check=True, capture_output=True)

    for file in ("locales/de/LC_MESSAGES/bot.po", "locales/uk/LC_MESSAGES/bot.po"):
        assert (tmp_path / file).read_text(encoding="utf-8") == read(file)
