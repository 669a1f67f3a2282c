// twmb/franz-go: admin, producer with every codec, direct consumer, group, share group, transactions.
package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"minikafka/matrix/internal/check"
)

var codecs = []string{"none", "gzip", "snappy", "lz4", "zstd"}

var compression = []kgo.CompressionCodec{
	kgo.NoCompression(), kgo.GzipCompression(), kgo.SnappyCompression(), kgo.Lz4Compression(), kgo.ZstdCompression(),
}

func client(scenario check.Scenario, options ...kgo.Opt) *kgo.Client {
	made, err := kgo.NewClient(append(options, kgo.SeedBrokers(scenario.Bootstrap))...)
	check.Must(err, "client")
	return made
}

func main() {
	scenario := check.FromArguments()
	ctx, cancel := context.WithTimeout(context.Background(), 2*check.Deadline)
	defer cancel()
	admin := kadm.NewClient(client(scenario))
	defer admin.Close()
	create(ctx, admin, scenario.Topic)
	for index, name := range codecs {
		produce(ctx, scenario, name, compression[index])
	}
	check.Works("produce")
	offsets := map[string]map[int32]kgo.Offset{scenario.Topic: {0: kgo.NewOffset().AtStart()}}
	direct := client(scenario, kgo.ConsumePartitions(offsets))
	check.Same(take(ctx, direct, len(codecs)*check.Messages), codecs, "by assignment")
	direct.Close()
	check.Works("assignment")
	if scenario.Groups {
		inGroup(ctx, admin, scenario, "group")
	}
	if scenario.Consumers {
		inGroup(ctx, admin, scenario, "848", kgo.ServerSideBalancer(), kgo.Balancers(kgo.RangeBalancer()))
	}
	if scenario.Share {
		create(ctx, admin, scenario.Topic+"-shared")
		inShareGroup(ctx, scenario)
	}
	if scenario.Transactions {
		create(ctx, admin, scenario.Topic+"-transactional")
		transactions(ctx, scenario)
		consumeTransformProduce(ctx, admin, scenario)
		check.Works("transactions")
	}
	_, err := admin.DeleteTopics(ctx, scenario.Topic)
	check.Must(err, "delete")
}

func create(ctx context.Context, admin *kadm.Client, topic string) {
	_, err := admin.CreateTopic(ctx, 1, 1, nil, topic)
	check.Must(err, "create")
	if _, err = admin.CreateTopic(ctx, 1, 1, nil, topic); !errors.Is(err, kerr.TopicAlreadyExists) {
		check.Must(fmt.Errorf("creating it again: %v", err), "create again")
	}
}

func produce(ctx context.Context, scenario check.Scenario, name string, codec kgo.CompressionCodec) {
	producer := client(scenario, kgo.ProducerBatchCompression(codec), kgo.DefaultProduceTopic(scenario.Topic))
	defer producer.Close()
	var records []*kgo.Record
	for number := 0; number < check.Messages; number++ {
		records = append(records, kgo.StringRecord(check.Value(name, number)))
	}
	check.Must(producer.ProduceSync(ctx, records...).FirstErr(), "produce "+name)
}

func take(ctx context.Context, consumer *kgo.Client, count int) []string {
	var values []string
	for len(values) < count {
		fetches := consumer.PollFetches(ctx)
		check.Must(fetches.Err(), "fetch")
		fetches.EachRecord(func(record *kgo.Record) { values = append(values, string(record.Value)) })
	}
	return values
}

func inGroup(ctx context.Context, admin *kadm.Client, scenario check.Scenario, column string, options ...kgo.Opt) {
	group := scenario.Topic + "-" + column
	start := kgo.ConsumeResetOffset(kgo.NewOffset().AtStart())
	options = append(
		options, kgo.ConsumerGroup(group), kgo.ConsumeTopics(scenario.Topic), kgo.DisableAutoCommit(), start)
	member := client(scenario, options...)
	check.Same(take(ctx, member, len(codecs)*check.Messages), codecs, "in a group, "+column)
	check.Must(member.CommitUncommittedOffsets(ctx), "commit")
	member.Close()
	committed, err := admin.FetchOffsets(ctx, group)
	check.Must(err, "committed offsets")
	offset, _ := committed.Lookup(scenario.Topic, 0)
	if offset.At != int64(len(codecs)*check.Messages) {
		check.Must(fmt.Errorf("offset %d", offset.At), "committed offset")
	}
	check.Works(column)
}

func fromTheBeginning(ctx context.Context, scenario check.Scenario, group string) {
	earliest := "earliest"
	setting := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
	setting.Name, setting.Value = "share.auto.offset.reset", &earliest
	resource := kmsg.NewIncrementalAlterConfigsRequestResource()
	resource.ResourceType, resource.ResourceName = kmsg.ConfigResourceTypeGroupConfig, group
	resource.Configs = append(resource.Configs, setting)
	request := kmsg.NewPtrIncrementalAlterConfigsRequest()
	request.Resources = append(request.Resources, resource)
	admin := client(scenario)
	defer admin.Close()
	response, err := request.RequestWith(ctx, admin)
	check.Must(err, "settings of a group")
	check.Must(kerr.ErrorForCode(response.Resources[0].ErrorCode), "settings of a group")
}

// inShareGroup reads every record once, except for one that is given back and comes again.
func inShareGroup(ctx context.Context, scenario check.Scenario) {
	topic := scenario.Topic + "-shared"
	fromTheBeginning(ctx, scenario, topic)
	producer := client(scenario, kgo.DefaultProduceTopic(topic))
	var records []*kgo.Record
	for number := 0; number < check.Messages; number++ {
		records = append(records, kgo.StringRecord(check.Value("none", number)))
	}
	check.Must(producer.ProduceSync(ctx, records...).FirstErr(), "produce")
	producer.Close()
	refused := make(chan error, 100)
	member := client(scenario, kgo.ShareGroup(topic), kgo.ConsumeTopics(topic),
		kgo.ShareAckCallback(func(_ *kgo.Client, results kgo.ShareAckResults) {
			if err := results.Error(); err != nil {
				refused <- err
			}
		}))
	taken := map[string]int{}
	for accepted := 0; accepted < check.Messages; {
		fetches := member.PollFetches(ctx)
		check.Must(fetches.Err(), "fetch")
		fetches.EachRecord(func(record *kgo.Record) {
			value := string(record.Value)
			taken[value]++
			if record.Offset == 7 && record.DeliveryCount() == 1 {
				record.Ack(kgo.AckRelease)
			} else {
				record.Ack(kgo.AckAccept)
				accepted++
			}
		})
	}
	check.Must(member.FlushAcks(ctx), "acknowledge")
	member.Close()
	select {
	case err := <-refused:
		check.Must(err, "acknowledged")
	default:
	}
	for number := 0; number < check.Messages; number++ {
		wanted := 1
		if number == 7 {
			wanted = 2
		}
		if found := taken[check.Value("none", number)]; found != wanted {
			check.Must(fmt.Errorf("message %d came %d times", number, found), "in a share group")
		}
	}
	check.Works("share")
}

func transactions(ctx context.Context, scenario check.Scenario) {
	topic := scenario.Topic + "-transactional"
	producer := client(scenario, kgo.TransactionalID(topic), kgo.DefaultProduceTopic(topic))
	for _, commits := range []kgo.TransactionEndTry{kgo.TryCommit, kgo.TryAbort, kgo.TryCommit} {
		check.Must(producer.BeginTransaction(), "begin")
		value := "aborted"
		if commits == kgo.TryCommit {
			value = "committed"
		}
		check.Must(producer.ProduceSync(ctx, kgo.StringRecord(value)).FirstErr(), "produce in a transaction")
		check.Must(producer.EndTransaction(ctx, commits), "end")
	}
	producer.Close()
	offsets := map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().AtStart()}}
	consumer := client(scenario, kgo.ConsumePartitions(offsets), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	defer consumer.Close()
	for _, value := range take(ctx, consumer, 2) {
		if value != "committed" {
			check.Must(errors.New(value), "read committed")
		}
	}
}

// consumeTransformProduce moves what was committed to another topic, with its offsets in the transaction.
func consumeTransformProduce(ctx context.Context, admin *kadm.Client, scenario check.Scenario) {
	from := scenario.Topic + "-transactional"
	to := scenario.Topic + "-moved"
	create(ctx, admin, to)
	session, err := kgo.NewGroupTransactSession(
		kgo.SeedBrokers(scenario.Bootstrap), kgo.TransactionalID(to), kgo.ConsumerGroup(to), kgo.ConsumeTopics(from),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.RequireStableFetchOffsets())
	check.Must(err, "transactional session")
	next := int64(0)
	for moved := 0; moved < 2; {
		fetches := session.PollFetches(ctx)
		check.Must(fetches.Err(), "fetch")
		check.Must(session.Begin(), "begin")
		fetches.EachRecord(func(record *kgo.Record) {
			session.Produce(ctx, &kgo.Record{Topic: to, Value: record.Value}, nil)
			next = record.Offset + 1
			moved++
		})
		committed, err := session.End(ctx, kgo.TryCommit)
		check.Must(err, "end")
		if !committed {
			check.Must(errors.New("the only member was rebalanced"), "commit")
		}
	}
	session.Close()
	committed, err := admin.FetchOffsets(ctx, to)
	check.Must(err, "committed offsets")
	if offset, _ := committed.Lookup(from, 0); offset.At != next {
		check.Must(fmt.Errorf("%d, not %d", offset.At, next), "offset committed with the transaction")
	}
}
