// segmentio/kafka-go: topic through a connection, writer with every codec, reader by partition, group.
package main

import (
	"context"
	"time"

	"github.com/segmentio/kafka-go"

	"minikafka/matrix/internal/check"
)

var codecs = []string{"none", "gzip", "snappy", "lz4", "zstd"}

func main() {
	scenario := check.FromArguments()
	ctx, cancel := context.WithTimeout(context.Background(), 2*check.Deadline)
	defer cancel()
	connection, err := kafka.Dial("tcp", scenario.Bootstrap)
	check.Must(err, "dial")
	defer connection.Close()
	topic := kafka.TopicConfig{Topic: scenario.Topic, NumPartitions: 1, ReplicationFactor: 1}
	check.Must(connection.CreateTopics(topic), "create")
	for index, name := range codecs {
		produce(ctx, scenario, name, kafka.Compression(index))
	}
	check.Works("produce")
	read(ctx, scenario, kafka.ReaderConfig{Partition: 0}, "by assignment")
	check.Works("assignment")
	if scenario.Groups {
		read(ctx, scenario, kafka.ReaderConfig{GroupID: scenario.Topic + "-group"}, "in a group")
		check.Works("group")
	}
	check.Must(connection.DeleteTopics(scenario.Topic), "delete")
}

func produce(ctx context.Context, scenario check.Scenario, name string, codec kafka.Compression) {
	writer := &kafka.Writer{
		Addr: kafka.TCP(scenario.Bootstrap), Topic: scenario.Topic, Compression: codec, RequiredAcks: kafka.RequireAll,
		BatchTimeout: 10 * time.Millisecond,
	}
	var messages []kafka.Message
	for number := 0; number < check.Messages; number++ {
		messages = append(messages, kafka.Message{Value: []byte(check.Value(name, number))})
	}
	check.Must(writer.WriteMessages(ctx, messages...), "produce "+name)
	check.Must(writer.Close(), "close the writer")
}

func read(ctx context.Context, scenario check.Scenario, config kafka.ReaderConfig, what string) {
	config.Brokers = []string{scenario.Bootstrap}
	config.Topic = scenario.Topic
	config.StartOffset = kafka.FirstOffset
	config.MaxBytes = 10_000_000
	config.MaxWait = 100 * time.Millisecond
	reader := kafka.NewReader(config)
	var values []string
	for len(values) < len(codecs)*check.Messages {
		message, err := reader.FetchMessage(ctx)
		check.Must(err, "fetch")
		values = append(values, string(message.Value))
		if config.GroupID != "" && len(values) == len(codecs)*check.Messages {
			check.Must(reader.CommitMessages(ctx, message), "commit")
		}
	}
	check.Must(reader.Close(), "close the reader")
	check.Same(values, codecs, what)
}
