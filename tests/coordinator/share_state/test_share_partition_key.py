"""Keys as FindCoordinator has them; what Kafka takes and what it refuses is in the scenario."""

from __future__ import annotations

import pytest

from minikafka.coordinator.share_state.share_partition_key import SharePartitionKey, parse_share_partition_key

TOPIC_ID = bytes(range(16))
TEXT = "AAECAwQFBgcICQoLDA0ODw"


def test_a_key_is_shown_as_it_is_looked_up() -> None:
    assert str(SharePartitionKey("g", TOPIC_ID, 7)) == f"g:{TEXT}:7"
    assert parse_share_partition_key(f"g:{TEXT}:7") == SharePartitionKey("g", TOPIC_ID, 7)


@pytest.mark.parametrize(
    ("text", "same_as"),
    [(f" g\t:{TEXT}:7", f"g:{TEXT}:7"), (f"g:{TEXT}:+07::", f"g:{TEXT}:7"), (f"g:{TEXT}==:-1", f"g:{TEXT}:-1")],
)
def test_what_is_written_otherwise_is_the_same_partition(text: str, same_as: str) -> None:
    assert str(parse_share_partition_key(text)) == same_as


@pytest.mark.parametrize(
    "text", ["", "g", f"g:{TEXT}", f"g:{TEXT}:", f":{TEXT}:7", f"g:{TEXT[:-1]}:7", f"g:{TEXT}:7:8"]
)
def test_what_is_no_partition_of_a_group(text: str) -> None:
    with pytest.raises(ValueError, match="not a "):
        parse_share_partition_key(text)


@pytest.mark.parametrize("partition", ["x", "1.0", "1_0", " 1", "--1", "2147483648", "-2147483649", ""])
def test_what_is_no_number_of_a_partition(partition: str) -> None:
    with pytest.raises(ValueError, match="not a "):
        parse_share_partition_key(f"g:{TEXT}:{partition}")
