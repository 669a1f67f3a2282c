"""What someone may have meant by a name that is no setting of a broker."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from minikafka.config.synonyms import BROKER_KEY_OF_TOPIC_KEY
from minikafka.config.tables import admin_keys, broker_keys, consumer_keys, group_keys, producer_keys, topic_keys


def hint(name: str) -> str:
    """The end of a sentence about an unknown name."""
    if name in BROKER_KEY_OF_TOPIC_KEY:
        return f"; it is a setting of a topic, and {BROKER_KEY_OF_TOPIC_KEY[name]} is the default of all topics."
    for holder, keys in (
        ("a topic", topic_keys()),
        ("a group", group_keys()),
        ("a consumer", consumer_keys()),
        ("a producer", producer_keys()),
        ("an admin client", admin_keys()),
    ):
        if name in keys:
            return f"; it is a setting of {holder}."
    close = nearest(name)
    return f"; did you mean {close}?" if close else "."


def nearest_of_any(name: str, names: Iterable[str]) -> list[str]:
    """Up to three of ``names`` that ``name`` may be meant for: the most alike, else those it is a part of."""
    plain = name.lower().replace("_", ".").strip()
    known = sorted(names)
    return get_close_matches(plain, known, n=3, cutoff=0.7) or [each for each in known if plain and plain in each][:3]


def nearest(name: str) -> str | None:
    """The broker key whose name is most like ``name``, or None."""
    matches = get_close_matches(name.lower().replace("_", "."), list(broker_keys()), n=1, cutoff=0.75)
    return matches[0] if matches else None
