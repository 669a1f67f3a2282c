"""The examples of docs/testing-with-pytest.md that need a framework do what they say."""

from __future__ import annotations

import re

import pytest

from tests.docs.test_examples import DOCS, all_examples
from tests.test_pytest_plugin import PLUGIN_ARGUMENTS

pytest_plugins = ["pytester"]

EXAMPLES = [example for example in all_examples(DOCS / "testing-with-pytest.md") if example.needs]

_DJANGO_PROJECT = "from django.conf import settings\n\nsettings.configure()\n"


@pytest.mark.parametrize("needs", sorted({example.needs for example in EXAMPLES}))
def test_framework(pytester: pytest.Pytester, needs: str) -> None:
    for name in needs.split():
        pytest.importorskip(name, reason=f"{name} is not installed: pip install '.[frameworks]'")
    if "django" in needs.split():
        pytester.makeconftest(_DJANGO_PROJECT)
    blocks = [example.code for example in EXAMPLES if example.needs == needs]
    for number, code in enumerate(blocks):
        named = re.match(r"\s*# (\w+)\.py\n", code)
        pytester.makepyfile(**{named[1] if named else f"test_{number}": code.lstrip("\n")})
    tests = sum(len(re.findall(r"^\s*def test_", code, re.MULTILINE)) for code in blocks)
    result = pytester.runpytest_subprocess(*PLUGIN_ARGUMENTS, "-p", "no:cacheprovider")
    result.assert_outcomes(passed=tests)
    assert tests > 0
