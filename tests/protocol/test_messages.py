"""The message classes: fields, defaults, equality, and what they refuse to encode."""

from __future__ import annotations

import copy
import linecache
import subprocess
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from minikafka.errors import UNSUPPORTED_VERSION, ApiError
from minikafka.protocol import codec, messages, structs
from minikafka.protocol.messages import (
    DescribeTopicPartitionsRequest,
    FetchResponse,
    InitProducerIdRequest,
    JoinGroupRequest,
    ListOffsetsRequest,
    Message,
    MetadataRequest,
    MetadataResponse,
    NoOpRecord,
    OffsetCommitValue,
    ProduceRequest,
    ProduceResponse,
    SaslHandshakeRequest,
    Struct,
    TopicRecord,
    request_class,
    response_class,
)
from minikafka.protocol.tables import APIS

# Classes


def test_a_class_stands_for_all_versions():
    assert (ProduceRequest.api_key, ProduceRequest.min_version, ProduceRequest.max_version) == (0, 0, 13)
    assert ProduceRequest.flexible_since == 9
    assert SaslHandshakeRequest.flexible_since is None
    assert issubclass(ProduceRequest, Message)
    assert issubclass(ProduceRequest.TopicProduceData, Struct)


def test_unreleased_versions_can_be_coded_but_are_not_announced():
    assert InitProducerIdRequest.max_version == 5
    request = InitProducerIdRequest(transactional_id="t", enable2_pc=True)
    assert InitProducerIdRequest.decode(request.encode(6), 6) == request


def test_records_have_their_type_as_key():
    assert (TopicRecord.api_key, OffsetCommitValue.api_key, messages.RequestHeaderData.api_key) == (2, 1, -1)


def test_classes_are_found_by_api_key():
    assert request_class(0) is ProduceRequest
    assert response_class(1) is FetchResponse
    for key, (name, _) in APIS.items():
        assert (request_class(key).__name__, response_class(key).__name__) == (f"{name}Request", f"{name}Response")
        assert request_class(key).api_key == response_class(key).api_key == key
        assert request_class(key).flexible_since == response_class(key).flexible_since
    with pytest.raises(KeyError):
        request_class(93)


def test_a_class_is_made_once():
    assert messages.TopicRecord is messages.TopicRecord is TopicRecord


@pytest.mark.parametrize("name", ["TopicRekord", "schema_of", "Produce"])
def test_other_names_do_not_exist(name):
    with pytest.raises(AttributeError, match=name):
        getattr(messages, name)


def test_importing_reads_no_table():
    script = (
        "import sys; before = set(sys.modules)\n"
        "import minikafka.protocol.messages\n"
        "names = set(sys.modules) - before\n"
        "print([name for name in names if '.tables.' in name or name in ('linecache', 'json', 'dataclasses')])"
    )
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"


# Instances


def test_fields_have_kafkas_defaults():
    request = JoinGroupRequest()
    assert (request.rebalance_timeout_ms, request.group_instance_id, request.protocols) == (-1, None, [])
    assert ListOffsetsRequest.ListOffsetsPartition().current_leader_epoch == -1
    assert MetadataRequest().allow_auto_topic_creation is True
    assert MetadataRequest.MetadataRequestTopic().topic_id == bytes(16)
    assert DescribeTopicPartitionsRequest().cursor is None


def test_lists_are_not_shared():
    first, second = MetadataRequest(), MetadataRequest()
    first.topics.append(MetadataRequest.MetadataRequestTopic(name="a"))
    assert second.topics == []


def test_fields_are_keywords_and_nothing_else():
    with pytest.raises(TypeError, match="topic_dat"):
        ProduceRequest(topic_dat=[])
    with pytest.raises(TypeError):
        ProduceRequest("id")
    with pytest.raises(AttributeError):
        ProduceRequest().topic_dat = []
    with pytest.raises(TypeError):
        NoOpRecord(anything=1)


def test_equality_is_by_type_and_fields():
    assert TopicRecord(name="a") == TopicRecord(name="a")
    assert TopicRecord(name="a") != TopicRecord(name="b")
    assert ProduceResponse.LeaderIdAndEpoch() != FetchResponse.LeaderIdAndEpoch()
    assert TopicRecord(name="a") != "a"
    with pytest.raises(TypeError, match="unhashable"):
        hash(TopicRecord())


def test_records_compare_by_their_bytes():
    make = ProduceRequest.PartitionProduceData
    assert make(index=1, records=memoryview(b"abc")) == make(index=1, records=b"abc")


def test_repr_shows_all_fields():
    assert repr(TopicRecord(name="a", topic_id=b"x" * 16)) == "TopicRecord(name='a', topic_id=b'xxxxxxxxxxxxxxxx')"
    part = ProduceRequest.PartitionProduceData(index=1, records=memoryview(b"abc"))
    assert repr(part) == "ProduceRequest.PartitionProduceData(index=1, records=<3 bytes>)"


def test_a_default_struct_is_shared_and_therefore_frozen():
    partition = FetchResponse.PartitionData()
    assert partition.current_leader == FetchResponse.LeaderIdAndEpoch()
    assert FetchResponse.LeaderIdAndEpoch() == partition.current_leader
    with pytest.raises(AttributeError, match=r"assign a new FetchResponse.LeaderIdAndEpoch\(leader_id=5\) instead"):
        partition.current_leader.leader_id = 5
    partition.current_leader = FetchResponse.LeaderIdAndEpoch(leader_id=5)
    assert FetchResponse.PartitionData().current_leader.leader_id == -1


@pytest.fixture
def at_the_same_time(monkeypatch):
    """``at_the_same_time(module, name, work)``: what two threads get of ``work`` when neither passes the function of
    that name before the other has come there."""

    def run(module, name, work):
        together = Barrier(2, timeout=10)
        function = getattr(module, name)

        def pass_together(argument):
            together.wait()
            return function(argument)

        monkeypatch.setattr(module, name, pass_together)
        with ThreadPoolExecutor(2) as threads:
            return list(threads.map(lambda _: work(), range(2)))

    return run


def test_two_threads_that_make_a_class_have_the_same(at_the_same_time, monkeypatch):
    monkeypatch.delitem(vars(messages), "OffsetCommitKey", raising=False)
    one, other = at_the_same_time(messages, "_make_class", lambda: messages.OffsetCommitKey)
    assert one is other is messages.OffsetCommitKey


def test_two_threads_that_make_a_default_struct_share_it(at_the_same_time):
    struct = messages._make_class(messages.schema.find("FetchRequest")).ReplicaState
    one, other = at_the_same_time(structs, "_freeze", struct.shared_default)
    assert one is other is struct.shared_default()


def test_copies():
    response = fetch_response(b"abc")
    deep = copy.deepcopy(response)
    assert deep == response
    deep.responses[0].partitions[0].partition_index = 9
    assert response.responses[0].partitions[0].partition_index == 0
    leader = copy.copy(response.responses[0].partitions[0].current_leader)
    leader.leader_id = 5
    assert FetchResponse.LeaderIdAndEpoch().leader_id == -1


def test_a_default_struct_with_lists_is_made_anew():
    make = messages.ConsumerGroupDescribeResponse.Member
    first, second = make(), make()
    first.assignment.topic_partitions.append(messages.ConsumerGroupDescribeResponse.TopicPartitions())
    assert second.assignment.topic_partitions == []


def test_an_absent_struct_decodes_to_the_default():
    partition = FetchResponse.PartitionData(partition_index=3, records=b"")
    response = FetchResponse(responses=[FetchResponse.FetchableTopicResponse(partitions=[partition])])
    decoded = FetchResponse.decode(response.encode(12), 12)
    assert decoded.responses[0].partitions[0].current_leader == FetchResponse.LeaderIdAndEpoch()
    assert decoded == response


# Decoding and encoding


def test_records_are_slices_of_the_frame():
    topic = ProduceRequest.TopicProduceData(
        name="a", partition_data=[ProduceRequest.PartitionProduceData(records=b"batch")]
    )
    frame = bytearray(ProduceRequest(topic_data=[topic]).encode(9))
    decoded = ProduceRequest.decode(memoryview(frame), 9)
    records = decoded.topic_data[0].partition_data[0].records
    assert isinstance(records, memoryview)
    records[0] = ord("B")
    assert b"Batch" in frame


def test_other_bytes_are_copies():
    frame = bytearray(messages.SaslAuthenticateRequest(auth_bytes=b"secret").encode(2))
    decoded = messages.SaslAuthenticateRequest.decode(frame, 2)
    frame[:] = bytes(len(frame))
    assert decoded.auth_bytes == b"secret"
    assert type(decoded.auth_bytes) is bytes


class FileSlice:
    """Stands for a part of a log segment."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    @property
    def size_bytes(self) -> int:
        return len(self.data)


def fetch_response(*records):
    partitions = [FetchResponse.PartitionData(partition_index=i, records=value) for i, value in enumerate(records)]
    return FetchResponse(responses=[FetchResponse.FetchableTopicResponse(partitions=partitions)])


@pytest.mark.parametrize("version", [4, 12])
@pytest.mark.parametrize("size", [0, 1, 127, 128, 70000])
def test_records_that_are_not_bytes_are_spliced_in_by_who_sends(version, size):
    slices = [FileSlice(b"a" * size), FileSlice(b"b" * 3)]
    out = bytearray(b"header")
    splices = []
    fetch_response(slices[0], b"in between", slices[1]).write(out, version, splices)
    assert [value for _, value in splices] == slices
    for position, value in reversed(splices):
        out[position:position] = value.data
    assert out == b"header" + fetch_response(b"a" * size, b"in between", b"bbb").encode(version)


def test_records_that_are_not_bytes_need_somewhere_to_go():
    with pytest.raises(codec.EncodeError, match=r"records: .* can only be written with a list of splices"):
        fetch_response(FileSlice(b"abc")).encode(12)


def test_write_appends():
    out = bytearray(b"before")
    MetadataRequest(topics=None).write(out, 9)
    assert out == b"before" + MetadataRequest(topics=None).encode(9)


def test_functions_that_may_be_called_themselves():
    request = MetadataRequest(topics=[MetadataRequest.MetadataRequestTopic(name="a")])
    out = bytearray()
    codec.encoder(MetadataRequest, 9)(request, out, None)
    assert out == request.encode(9)
    assert codec.decoder(MetadataRequest, 9)(out, 0) == (request, len(out))
    assert codec.decoder(MetadataRequest, 9) is codec.decoder(MetadataRequest, 9)


def test_generated_source_can_be_seen():
    file_name = codec.compiled_decoder(MetadataRequest, 9).__code__.co_filename
    assert linecache.getline(file_name, 1) == "def decode(data, p=0):\n"
    try:
        MetadataRequest(topics=[None]).encode(9)
    except codec.EncodeError as error:
        shown = "".join(traceback.format_exception(error))
    assert "b = x1.name.encode()" in shown


# What is refused


def test_a_field_that_the_version_lacks():
    with pytest.raises(ApiError) as refused:
        MetadataRequest(allow_auto_topic_creation=False).encode(3)
    assert refused.value.code == UNSUPPORTED_VERSION
    assert "Attempted to write a non-default allow_auto_topic_creation at version 3" in str(refused.value)
    assert MetadataRequest(allow_auto_topic_creation=False).encode(4)


def test_an_ignorable_field_that_the_version_lacks_is_dropped():
    response = MetadataResponse(cluster_id="x", throttle_time_ms=5)
    assert MetadataResponse.decode(response.encode(1), 1) == MetadataResponse()


@pytest.mark.parametrize("version", [-1, 14])
def test_a_version_that_does_not_exist(version):
    with pytest.raises(ApiError, match=f"MetadataRequest has no version {version}, only 0 to 13") as refused:
        MetadataRequest().encode(version)
    assert refused.value.code == UNSUPPORTED_VERSION


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        (MetadataRequest.MetadataRequestTopic(name=None), "topics.name"),
        (MetadataRequest.MetadataRequestTopic(name="x" * 32768), "text of 32768 bytes, Kafka allows 32767"),
        (MetadataRequest.MetadataRequestTopic(name="\ud800"), "surrogates not allowed"),
        (MetadataRequest.MetadataRequestTopic(name="a", topic_id=b"short"), "a uuid has 16 bytes, not 5"),
        (None, "topics"),
    ],
)
def test_values_that_do_not_fit(topic, reason):
    version = 9 if topic is not None and topic.topic_id == bytes(16) else 10
    with pytest.raises(codec.EncodeError) as refused:
        MetadataRequest(topics=[topic]).encode(version)
    assert f"MetadataRequest v{version}: topics" in str(refused.value)
    assert reason in str(refused.value)


def test_numbers_that_do_not_fit_name_the_fields_written_together():
    with pytest.raises(codec.EncodeError, match=r"ProduceRequest v0: acks, timeout_ms, topic_data: "):
        ProduceRequest(acks=40000).encode(0)


def test_text_too_long_for_its_two_bytes_of_length():
    with pytest.raises(codec.EncodeError, match=r"MetadataRequest v0: topics.name: "):
        MetadataRequest(topics=[MetadataRequest.MetadataRequestTopic(name="x" * 32768)]).encode(0)


def test_what_was_written_before_a_refusal_is_the_callers_to_remove():
    out = bytearray(b"kept")
    with pytest.raises(codec.EncodeError):
        MetadataRequest(topics=[None]).write(out, 9)
    assert out.startswith(b"kept")
