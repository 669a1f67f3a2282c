import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * Reads what Produce has sent, with what every Java consumer since 0.9 offers: by assignment, or in a group.
 *
 * Usage: Read BOOTSTRAP TOPIC PARTITIONS COUNT assignment|group|848 CODEC...
 */
public class Read {
    static final long DEADLINE_MS = 60000;

    public static void main(String[] arguments) throws Exception {
        String topic = arguments[1];
        int partitions = Integer.parseInt(arguments[2]);
        int count = Integer.parseInt(arguments[3]);
        String way = arguments[4];
        Map<Integer, List<String>> expected = new HashMap<Integer, List<String>>();
        int total = 0;
        for (int partition = 0; partition < partitions; partition++) {
            expected.put(partition, new ArrayList<String>());
        }
        for (int index = 5; index < arguments.length; index++) {
            for (int acks = 0; acks < 2; acks++) {
                for (int number = 0; number < count; number++) {
                    expected.get(number % partitions).add(Produce.value(arguments[index], number));
                    total++;
                }
            }
        }
        Map<Integer, List<String>> taken = way.equals("assignment")
                ? assigned(arguments[0], topic, partitions, total)
                : inGroup(arguments[0], topic, total, way);
        if (!taken.equals(expected)) {
            throw new AssertionError("read other messages than were produced: " + summary(taken, expected));
        }
        System.out.println("read " + total + " messages");
        System.out.println("works: " + way);
    }

    static Properties settings(String bootstrap) {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", bootstrap);
        settings.put("enable.auto.commit", "false");
        settings.put("auto.offset.reset", "earliest");
        settings.put("key.deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
        settings.put("value.deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
        return settings;
    }

    static Map<Integer, List<String>> assigned(String bootstrap, String topic, int partitions, int total) {
        KafkaConsumer<String, String> consumer = new KafkaConsumer<String, String>(settings(bootstrap));
        try {
            List<TopicPartition> all = new ArrayList<TopicPartition>();
            for (int partition = 0; partition < partitions; partition++) {
                all.add(new TopicPartition(topic, partition));
            }
            consumer.assign(all);
            for (TopicPartition where : all) {
                consumer.seek(where, 0);
            }
            return take(consumer, total);
        } finally {
            consumer.close();
        }
    }

    static Map<Integer, List<String>> inGroup(String bootstrap, String topic, int total, String way) {
        Properties settings = settings(bootstrap);
        settings.put("group.id", way + "-of-" + topic);
        if (way.equals("848")) {
            settings.put("group.protocol", "consumer");
        }
        Map<Integer, List<String>> taken;
        KafkaConsumer<String, String> consumer = new KafkaConsumer<String, String>(settings);
        try {
            consumer.subscribe(Collections.singletonList(topic));
            taken = take(consumer, total);
            consumer.commitSync();
        } finally {
            consumer.close();
        }
        consumer = new KafkaConsumer<String, String>(settings);
        try {
            for (Map.Entry<Integer, List<String>> entry : taken.entrySet()) {
                OffsetAndMetadata committed = Committed.of(consumer, new TopicPartition(topic, entry.getKey()));
                if (committed == null || committed.offset() != entry.getValue().size()) {
                    throw new AssertionError("partition " + entry.getKey() + ": committed " + committed);
                }
            }
        } finally {
            consumer.close();
        }
        return taken;
    }

    static Map<Integer, List<String>> take(KafkaConsumer<String, String> consumer, int total) {
        Map<Integer, List<String>> taken = new HashMap<Integer, List<String>>();
        long deadline = System.currentTimeMillis() + DEADLINE_MS;
        int count = 0;
        while (count < total) {
            if (System.currentTimeMillis() > deadline) {
                throw new AssertionError(count + " of " + total + " messages came within " + DEADLINE_MS + " ms");
            }
            for (ConsumerRecord<String, String> record : Poll.poll(consumer)) {
                if (!taken.containsKey(record.partition())) {
                    taken.put(record.partition(), new ArrayList<String>());
                }
                List<String> values = taken.get(record.partition());
                if (record.offset() != values.size()) {
                    throw new AssertionError("offset " + record.offset() + " where " + values.size() + " was due");
                }
                values.add(record.value());
                count++;
            }
        }
        return taken;
    }

    static String summary(Map<Integer, List<String>> taken, Map<Integer, List<String>> expected) {
        for (Map.Entry<Integer, List<String>> entry : expected.entrySet()) {
            List<String> there = taken.get(entry.getKey());
            for (int index = 0; there != null && index < there.size(); index++) {
                if (!there.get(index).equals(entry.getValue().get(index))) {
                    return "partition " + entry.getKey() + ", offset " + index + ": " + there.get(index);
                }
            }
        }
        return "numbers of messages differ";
    }
}
