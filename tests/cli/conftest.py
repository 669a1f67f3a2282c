"""A tutorial's folder with a broker in it, for the tests that only need one; each uses topics of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.tutorial_folder import TutorialFolder


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TutorialFolder]:
    folder = TutorialFolder(tmp_path_factory.mktemp("tutorial"))
    folder.start_broker()
    yield folder
    folder.stop_all()
