from __future__ import annotations

import pytest

from minikafka.config.durations import duration_ms


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("PT1S", 1000),
        ("pt1h", 3_600_000),
        ("P1DT2H3M4.5S", 93_784_500),
        ("-PT1H", -3_600_000),
        ("PT-1H", -3_600_000),
        ("PT0S", 0),
        ("P", None),
        ("P1DT", None),
        ("P1Y", None),
        ("1", None),
        ("", None),
        ("PT", None),
        ("PT1H ", None),
    ],
)
def test_durations_as_java_reads_them(text: str, milliseconds: int | None) -> None:
    assert duration_ms(text) == milliseconds
