// IBM/sarama: admin, sync producer with every codec, partition consumer, group, transactions.
package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"

	"minikafka/matrix/internal/check"
)

var codecs = []string{"none", "gzip", "snappy", "lz4", "zstd"}

func config() *sarama.Config {
	config := sarama.NewConfig()
	config.Producer.Return.Successes = true
	config.Producer.RequiredAcks = sarama.WaitForAll
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	config.Consumer.Offsets.AutoCommit.Enable = false
	return config
}

func main() {
	scenario := check.FromArguments()
	brokers := []string{scenario.Bootstrap}
	admin, err := sarama.NewClusterAdmin(brokers, config())
	check.Must(err, "admin")
	defer admin.Close()
	check.Must(admin.CreateTopic(scenario.Topic, &sarama.TopicDetail{NumPartitions: 1, ReplicationFactor: 1}, false), "create")
	err = admin.CreateTopic(scenario.Topic, &sarama.TopicDetail{NumPartitions: 1, ReplicationFactor: 1}, false)
	if !errors.Is(err, sarama.ErrTopicAlreadyExists) {
		check.Must(errors.New("a second topic of the same name was created"), "create again")
	}
	for index, name := range codecs {
		produce(brokers, scenario.Topic, name, sarama.CompressionCodec(index))
	}
	check.Works("produce")
	read(brokers, scenario.Topic)
	check.Works("assignment")
	for _, old := range []sarama.KafkaVersion{sarama.V0_8_2_0, sarama.V0_10_0_0, sarama.V1_0_0_0} {
		asOld(brokers, scenario.Topic, old)
	}
	if scenario.Groups {
		inGroup(brokers, scenario.Topic)
		check.Works("group")
	}
	if scenario.Transactions {
		transactions(brokers, admin, scenario.Topic+"-transactional")
		check.Works("transactions")
	}
	check.Must(admin.DeleteTopic(scenario.Topic), "delete")
}

func produce(brokers []string, topic string, name string, codec sarama.CompressionCodec) {
	settings := config()
	settings.Producer.Compression = codec
	producer, err := sarama.NewSyncProducer(brokers, settings)
	check.Must(err, "producer")
	defer producer.Close()
	var messages []*sarama.ProducerMessage
	for number := 0; number < check.Messages; number++ {
		value := sarama.StringEncoder(check.Value(name, number))
		messages = append(messages, &sarama.ProducerMessage{Topic: topic, Value: value})
	}
	check.Must(producer.SendMessages(messages), "produce "+name)
}

func take(messages <-chan *sarama.ConsumerMessage, count int) []string {
	deadline := time.After(check.Deadline)
	var values []string
	for len(values) < count {
		select {
		case message := <-messages:
			values = append(values, string(message.Value))
		case <-deadline:
			check.Must(errors.New("not all messages came in time"), "read")
		}
	}
	return values
}

func read(brokers []string, topic string) {
	consumer, err := sarama.NewConsumer(brokers, config())
	check.Must(err, "consumer")
	defer consumer.Close()
	partition, err := consumer.ConsumePartition(topic, 0, sarama.OffsetOldest)
	check.Must(err, "consume")
	defer partition.Close()
	check.Same(take(partition.Messages(), len(codecs)*check.Messages), codecs, "by assignment")
}

// asOld speaks as sarama does to a broker of the version, which it takes from its settings alone.
func asOld(brokers []string, topic string, version sarama.KafkaVersion) {
	settings := config()
	settings.Version = version
	producer, err := sarama.NewSyncProducer(brokers, settings)
	check.Must(err, "producer of "+version.String())
	defer producer.Close()
	_, offset, err := producer.SendMessage(&sarama.ProducerMessage{Topic: topic + "-old", Value: sarama.StringEncoder(version.String())})
	check.Must(err, "produce as "+version.String())
	consumer, err := sarama.NewConsumer(brokers, settings)
	check.Must(err, "consumer of "+version.String())
	defer consumer.Close()
	partition, err := consumer.ConsumePartition(topic+"-old", 0, offset)
	check.Must(err, "consume as "+version.String())
	defer partition.Close()
	if values := take(partition.Messages(), 1); values[0] != version.String() {
		check.Must(errors.New(values[0]), "read as "+version.String())
	}
}

type collector struct {
	values chan string
	cancel context.CancelFunc
}

func (collector) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (collector) Cleanup(sarama.ConsumerGroupSession) error { return nil }
func (c collector) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for message := range claim.Messages() {
		c.values <- string(message.Value)
		session.MarkMessage(message, "")
		if len(c.values) == cap(c.values) {
			session.Commit()
			c.cancel()
			return nil
		}
	}
	return nil
}

func inGroup(brokers []string, topic string) {
	group, err := sarama.NewConsumerGroup(brokers, topic+"-group", config())
	check.Must(err, "group")
	context, cancel := context.WithTimeout(context.Background(), check.Deadline)
	defer cancel()
	handler := collector{make(chan string, len(codecs)*check.Messages), cancel}
	for context.Err() == nil {
		check.Must(group.Consume(context, []string{topic}, handler), "consume in group")
	}
	check.Must(group.Close(), "leave the group")
	close(handler.values)
	var values []string
	for value := range handler.values {
		values = append(values, value)
	}
	check.Same(values, codecs, "in a group")
}

func transactions(brokers []string, admin sarama.ClusterAdmin, topic string) {
	settings := config()
	settings.Producer.Transaction.ID = topic
	settings.Producer.Idempotent = true
	settings.Net.MaxOpenRequests = 1
	producer, err := sarama.NewSyncProducer(brokers, settings)
	check.Must(err, "transactional producer")
	defer producer.Close()
	for number, commits := range []bool{true, true, false} {
		check.Must(producer.BeginTxn(), "begin")
		value := sarama.StringEncoder("aborted")
		if commits {
			value = "committed"
		}
		_, _, err = producer.SendMessage(&sarama.ProducerMessage{Topic: topic, Value: value})
		check.Must(err, "produce in a transaction")
		offset := sarama.PartitionOffsetMetadata{Partition: 0, Offset: int64(number)}
		offsets := map[string][]*sarama.PartitionOffsetMetadata{topic: {&offset}}
		check.Must(producer.AddOffsetsToTxn(offsets, topic+"-group"), "offsets in a transaction")
		if commits {
			check.Must(producer.CommitTxn(), "commit")
		} else {
			check.Must(producer.AbortTxn(), "abort")
		}
	}
	committed, err := admin.ListConsumerGroupOffsets(topic+"-group", map[string][]int32{topic: {0}})
	check.Must(err, "committed offsets")
	if block := committed.GetBlock(topic, 0); block == nil || block.Offset != 1 {
		check.Must(fmt.Errorf("%v", block), "the offset of the last transaction that was committed")
	}
	readSettings := config()
	readSettings.Consumer.IsolationLevel = sarama.ReadCommitted
	consumer, err := sarama.NewConsumer(brokers, readSettings)
	check.Must(err, "consumer")
	defer consumer.Close()
	partition, err := consumer.ConsumePartition(topic, 0, sarama.OffsetOldest)
	check.Must(err, "consume")
	defer partition.Close()
	for _, value := range take(partition.Messages(), 2) {
		if value != "committed" {
			check.Must(errors.New(value), "read committed")
		}
	}
}
