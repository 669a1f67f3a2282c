import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

import org.apache.kafka.clients.admin.AdminClient;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TopicExistsException;

/**
 * What Java clients since 0.11 add: the admin client, headers, timestamps, idempotence, reading committed messages,
 * and transactions.
 *
 * Usage: Modern BOOTSTRAP TOPIC [transactions]
 */
public class Modern {
    static final long FIRST_MS = System.currentTimeMillis() - 1000;

    public static void main(String[] arguments) throws Exception {
        String bootstrap = arguments[0];
        String topic = arguments[1];
        Properties settings = new Properties();
        settings.put("bootstrap.servers", bootstrap);
        AdminClient admin = AdminClient.create(settings);
        try {
            createAndList(admin, topic, 1);
            idempotentWithHeaders(bootstrap, topic);
            timesAndEnds(bootstrap, topic);
            if (Arrays.asList(arguments).contains("transactions")) {
                String transactional = topic + "-transactional";
                createAndList(admin, transactional, 2);
                transactions(bootstrap, transactional);
            }
            admin.deleteTopics(Collections.singletonList(topic)).all().get(30, TimeUnit.SECONDS);
        } finally {
            admin.close();
        }
        System.out.println("admin, headers, timestamps, idempotence");
    }

    static void createAndList(AdminClient admin, String topic, int partitions) throws Exception {
        NewTopic wanted = new NewTopic(topic, partitions, (short) 1);
        admin.createTopics(Collections.singletonList(wanted)).all().get(30, TimeUnit.SECONDS);
        check(admin.listTopics().names().get(30, TimeUnit.SECONDS).contains(topic), "the new topic is listed");
        check(admin.describeCluster().nodes().get(30, TimeUnit.SECONDS).size() == 1, "the cluster has one node");
        try {
            admin.createTopics(Collections.singletonList(wanted)).all().get(30, TimeUnit.SECONDS);
            throw new AssertionError("a second topic of the same name was created");
        } catch (ExecutionException error) {
            check(error.getCause() instanceof TopicExistsException, "creating it again: " + error.getCause());
        }
    }

    static Properties producerSettings(String bootstrap) {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", bootstrap);
        settings.put("enable.idempotence", "true");
        settings.put("batch.size", "500");
        settings.put("key.serializer", "org.apache.kafka.common.serialization.StringSerializer");
        settings.put("value.serializer", "org.apache.kafka.common.serialization.StringSerializer");
        return settings;
    }

    static void idempotentWithHeaders(String bootstrap, String topic) throws Exception {
        KafkaProducer<String, String> producer = new KafkaProducer<>(producerSettings(bootstrap));
        try {
            for (int number = 0; number < 300; number++) {
                ProducerRecord<String, String> record =
                        new ProducerRecord<>(topic, 0, FIRST_MS + number, "key", "value-" + number);
                record.headers().add("number", Integer.toString(number).getBytes()).add("null", null);
                producer.send(record);
            }
            producer.flush();
        } finally {
            producer.close();
        }
    }

    static void timesAndEnds(String bootstrap, String topic) {
        Properties settings = Read.settings(bootstrap);
        settings.put("isolation.level", "read_committed");
        KafkaConsumer<String, String> consumer = new KafkaConsumer<>(settings);
        try {
            TopicPartition where = new TopicPartition(topic, 0);
            Map<TopicPartition, OffsetAndTimestamp> found =
                    consumer.offsetsForTimes(Collections.singletonMap(where, FIRST_MS + 120));
            check(found.get(where).offset() == 120, "offsets for times: " + found);
            check(found.get(where).timestamp() == FIRST_MS + 120, "timestamps for times: " + found);
            check(consumer.beginningOffsets(Collections.singleton(where)).get(where) == 0, "beginning");
            check(consumer.endOffsets(Collections.singleton(where)).get(where) == 300, "end");
            consumer.assign(Collections.singleton(where));
            consumer.seek(where, 100);
            List<ConsumerRecord<String, String>> taken = poll(consumer, 200);
            for (int index = 0; index < 200; index++) {
                ConsumerRecord<String, String> record = taken.get(index);
                int number = 100 + index;
                check(record.offset() == number && record.timestamp() == FIRST_MS + number, "in order: " + record);
                check(record.value().equals("value-" + number), "value: " + record);
                byte[] header = record.headers().lastHeader("number").value();
                check(new String(header).equals(Integer.toString(number)), "header: " + record);
                check(record.headers().lastHeader("null").value() == null, "null header: " + record);
            }
        } finally {
            consumer.close();
        }
    }

    static void transactions(String bootstrap, String topic) throws Exception {
        Properties settings = producerSettings(bootstrap);
        settings.put("transactional.id", "id-of-" + topic);
        KafkaProducer<String, String> producer = new KafkaProducer<>(settings);
        try {
            producer.initTransactions();
            for (int round = 0; round < 4; round++) {
                producer.beginTransaction();
                for (int number = 0; number < 10; number++) {
                    producer.send(new ProducerRecord<>(topic, 0, "key", "round-" + round));
                }
                if (round % 2 == 0) {
                    producer.commitTransaction();
                } else {
                    producer.flush();
                    producer.abortTransaction();
                }
            }
        } finally {
            producer.close();
        }
        consumeTransformProduce(bootstrap, topic, 20);
        System.out.println("works: transactions");
    }

    /** Takes what was committed, writes it to another partition and commits the offsets, all in one transaction. */
    static void consumeTransformProduce(String bootstrap, String topic, int count) {
        TopicPartition from = new TopicPartition(topic, 0);
        TopicPartition to = new TopicPartition(topic, 1);
        String group = "group-of-" + topic;
        Properties readSettings = Read.settings(bootstrap);
        readSettings.put("isolation.level", "read_committed");
        readSettings.put("group.id", group);
        Properties settings = producerSettings(bootstrap);
        settings.put("transactional.id", "mover-of-" + topic);
        KafkaConsumer<String, String> consumer = new KafkaConsumer<>(readSettings);
        KafkaProducer<String, String> producer = new KafkaProducer<>(settings);
        try {
            consumer.subscribe(Collections.singletonList(topic));
            producer.initTransactions();
            producer.beginTransaction();
            long next = 0;
            for (ConsumerRecord<String, String> record : poll(consumer, count)) {
                check(record.value().equals("round-0") || record.value().equals("round-2"), "committed: " + record);
                producer.send(new ProducerRecord<>(topic, 1, record.key(), record.value()));
                next = record.offset() + 1;
            }
            SendOffsets.send(
                    producer, Collections.singletonMap(from, new OffsetAndMetadata(next)), consumer, group);
            producer.commitTransaction();
            OffsetAndMetadata committed = Committed.of(consumer, from);
            check(committed != null && committed.offset() == next, "committed with the transaction: " + committed);
        } finally {
            producer.close();
            consumer.close();
        }
        readSettings.remove("group.id");
        consumer = new KafkaConsumer<>(readSettings);
        try {
            consumer.assign(Collections.singleton(to));
            consumer.seek(to, 0);
            check(poll(consumer, count).size() == count, "moved once each");
        } finally {
            consumer.close();
        }
    }

    static List<ConsumerRecord<String, String>> poll(KafkaConsumer<String, String> consumer, int count) {
        List<ConsumerRecord<String, String>> taken = new ArrayList<>();
        long deadline = System.currentTimeMillis() + Read.DEADLINE_MS;
        while (taken.size() < count) {
            check(System.currentTimeMillis() < deadline, taken.size() + " of " + count + " messages in time");
            for (ConsumerRecord<String, String> record : Poll.poll(consumer)) {
                taken.add(record);
            }
        }
        return taken;
    }

    static void check(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }
}
