"""Every library that the bot runs with is listed with the licence it states, and each goes together with the EUPL."""

import re
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8").partition("| --- |")[2]
LISTED = dict(re.findall(r"^\| ([a-z0-9-]+) \| ([^|]+) \|", PAGE, re.MULTILINE))
LOCKED = re.findall(r"^([a-zA-Z0-9._-]+)==", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE)
GOES_WITH_EUPL = {"MIT", "BSD-3-Clause", "Apache-2.0", "PSF-2.0", "MPL-2.0", "LGPL-3.0-only"}


def stated(library: str) -> str:
    """Return all that a library says of its licence, as it stands in its metadata."""
    said = metadata(library)
    classifiers = [each for each in said.get_all("Classifier") or [] if each.startswith("License ::")]
    return " ".join([*(said.get_all("License-Expression") or []), *(said.get_all("License") or []), *classifiers])


def words(licence: str) -> list[str]:
    """Return what each part of an expression is recognised by, however it is written."""
    return [part.partition("-")[0] for part in licence.split(" AND ")]


def test_the_list_holds_the_libraries_of_the_lock_and_no_others() -> None:
    assert sorted(LISTED) == sorted(LOCKED)


@pytest.mark.parametrize("library", sorted(LISTED))
def test_a_library_goes_with_the_eupl(library: str) -> None:
    assert {*LISTED[library].split(" AND ")} <= GOES_WITH_EUPL


@pytest.mark.parametrize("library", sorted(LISTED))
def test_a_library_states_the_licence_that_is_listed(library: str) -> None:
    try:
        said = stated(library)
    except PackageNotFoundError:
        pytest.skip(f"{library} is not installed on this kind of machine")
    assert all(word in said for word in words(LISTED[library])), said
