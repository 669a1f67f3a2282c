"""Keys, values and metadata records as they lie in a log. Golden forms are in ``test_golden_messages``."""

from __future__ import annotations

import pytest

from minikafka.errors import ProtocolError
from minikafka.protocol import messages, stored
from minikafka.protocol.messages import (
    ConsumerGroupMemberMetadataValue,
    ConsumerProtocolSubscription,
    FeatureLevelRecord,
    GroupMetadataKey,
    GroupMetadataValue,
    OffsetCommitKey,
    OffsetCommitValue,
    RemotePartitionDeleteMetadataRecord,
    ShareSnapshotKey,
    TransactionLogKey,
)
from minikafka.protocol.tables import GROUP_RECORDS, METADATA_RECORDS, SHARE_RECORDS, TRANSACTION_RECORDS


def test_a_key_begins_with_its_type():
    key = OffsetCommitKey(group="g", topic="t", partition=3)
    data = stored.encode_key(key)
    assert data == bytes.fromhex("0001 0001 67 0001 74 00000003")
    assert stored.decode_group_key(data) == key


def test_a_value_begins_with_its_version():
    value = OffsetCommitValue(offset=7, leader_epoch=2, metadata="m", commit_timestamp=9)
    data = stored.encode_value(value, 3)
    assert data == bytes.fromhex("0003 0000000000000007 00000002 0001 6d 0000000000000009")
    assert stored.value_version(data) == 3
    assert stored.decode_value(OffsetCommitValue, data) == value


def test_a_metadata_record_begins_with_frame_version_type_and_version():
    record = FeatureLevelRecord(name="metadata.version", feature_level=29)
    data = stored.encode_metadata_record(record, 0)
    assert data == bytes.fromhex("01 0c 00 11") + b"metadata.version" + bytes.fromhex("001d 00")
    assert stored.decode_metadata_record(data) == record


@pytest.mark.parametrize("buffer", [bytes, bytearray, memoryview])
def test_every_kind_of_buffer(buffer):
    key = TransactionLogKey(transactional_id="t")
    assert stored.decode_transaction_key(buffer(stored.encode_key(key))) == key
    share_key = ShareSnapshotKey(group_id="g", partition=1)
    assert stored.decode_share_key(buffer(stored.encode_key(share_key))) == share_key
    record = RemotePartitionDeleteMetadataRecord(broker_id=4)
    assert stored.decode_remote_log_record(buffer(stored.encode_metadata_record(record, 0))) == record
    subscription = ConsumerProtocolSubscription(topics=["a"])
    value = buffer(stored.encode_value(subscription, 0))
    assert stored.decode_value(ConsumerProtocolSubscription, value) == subscription


def test_types_are_told_apart_by_the_log():
    # Type 0 means something else in each of them.
    assert type(stored.decode_group_key(bytes.fromhex("0000 0000 0000 00000000"))).__name__ == "LegacyOffsetCommitKey"
    assert type(stored.decode_transaction_key(bytes.fromhex("0000 0000"))).__name__ == "TransactionLogKey"


def test_the_value_that_goes_with_a_key():
    assert stored.value_class(GroupMetadataKey(group="g")) is GroupMetadataValue
    for names in (GROUP_RECORDS, TRANSACTION_RECORDS, SHARE_RECORDS):
        for name in names.values():
            key = getattr(messages, f"{name}Key")()
            assert stored.value_class(key) is getattr(messages, f"{name}Value")


def test_every_key_has_one_version():
    for names in (GROUP_RECORDS, TRANSACTION_RECORDS, SHARE_RECORDS):
        for name in names.values():
            cls = getattr(messages, f"{name}Key")
            assert cls.min_version == cls.max_version


@pytest.mark.parametrize("data", ["", "00"])
def test_too_short_for_a_prefix(data):
    data = bytes.fromhex(data)
    for decode in (stored.decode_group_key, stored.decode_transaction_key, stored.decode_share_key):
        with pytest.raises(ProtocolError, match="fewer than the two"):
            decode(data)
    with pytest.raises(ProtocolError, match="OffsetCommitValue has"):
        stored.decode_value(OffsetCommitValue, data)
    with pytest.raises(ProtocolError, match="a stored value has"):
        stored.value_version(data)


@pytest.mark.parametrize("data", ["", "01", "010c", "01ff", "ff"])
def test_a_metadata_record_cut_off_before_its_body(data):
    with pytest.raises(ProtocolError, match=f"a record of __cluster_metadata ends after {len(data) // 2} bytes"):
        stored.decode_metadata_record(bytes.fromhex(data))


def test_types_and_versions_that_do_not_exist():
    with pytest.raises(ProtocolError, match="a key of __consumer_offsets has unknown type 18"):
        stored.decode_group_key(bytes.fromhex("0012 0000"))
    with pytest.raises(ProtocolError, match="a record of __cluster_metadata has unknown type 6"):
        stored.decode_metadata_record(bytes.fromhex("01 06 00"))
    with pytest.raises(ProtocolError, match="frame version 2, only 1 is known"):
        stored.decode_metadata_record(bytes.fromhex("02 0c 00"))
    with pytest.raises(ProtocolError, match="OffsetCommitValue has no version 9"):
        stored.decode_value(OffsetCommitValue, bytes.fromhex("0009 00"))
    with pytest.raises(ProtocolError, match="FeatureLevelRecord has no version 1"):
        stored.decode_metadata_record(bytes.fromhex("01 0c 01"))


def test_every_metadata_record_has_its_type():
    for record_type, name in METADATA_RECORDS.items():
        cls = getattr(messages, name)
        data = stored.encode_metadata_record(cls(), cls.max_version)
        assert data[:2] == bytes((1, record_type))
        assert stored.decode_metadata_record(data) == cls()


def test_a_tagged_struct_that_is_null_is_a_zero():
    """As Kafka 4.2 writes a member of the consumer protocol; with -1, which untagged ones have, it cannot load it."""
    value = ConsumerGroupMemberMetadataValue(client_id="r", client_host="h", classic_member_metadata=None)
    written = value.encode(0)
    assert written.hex() == "0101027202680101ffffffff0101000100"
    assert ConsumerGroupMemberMetadataValue.decode(written, 0) == value
