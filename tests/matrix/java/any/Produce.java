import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;

/**
 * Produces with what every Java client since 0.8.2 offers. Message N of a codec is "CODEC:N:" and N dots, N modulo the
 * number of partitions is its partition, so that whoever reads knows what has to be there.
 *
 * Usage: Produce BOOTSTRAP TOPIC PARTITIONS COUNT CODEC...
 */
public class Produce {
    static String value(String codec, int number) {
        StringBuilder text = new StringBuilder(codec + ":" + number + ":");
        for (int dot = 0; dot < number; dot++) {
            text.append('.');
        }
        return text.toString();
    }

    public static void main(String[] arguments) throws Exception {
        String bootstrap = arguments[0];
        String topic = arguments[1];
        int partitions = Integer.parseInt(arguments[2]);
        int count = Integer.parseInt(arguments[3]);
        for (int index = 4; index < arguments.length; index++) {
            for (String acks : new String[] {"1", "all"}) {
                produce(bootstrap, topic, partitions, count, arguments[index], acks);
            }
        }
        System.out.println("works: produce");
    }

    static void produce(String bootstrap, String topic, int partitions, int count, String codec, String acks)
            throws Exception {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", bootstrap);
        settings.put("acks", acks);
        settings.put("compression.type", codec);
        settings.put("key.serializer", "org.apache.kafka.common.serialization.StringSerializer");
        settings.put("value.serializer", "org.apache.kafka.common.serialization.StringSerializer");
        KafkaProducer<String, String> producer = new KafkaProducer<String, String>(settings);
        try {
            List<Future<RecordMetadata>> sent = new ArrayList<Future<RecordMetadata>>();
            for (int number = 0; number < count; number++) {
                sent.add(producer.send(new ProducerRecord<String, String>(
                        topic, number % partitions, "key-" + number, value(codec, number))));
            }
            long[] lastOffsets = new long[partitions];
            java.util.Arrays.fill(lastOffsets, -1);
            for (int number = 0; number < count; number++) {
                RecordMetadata metadata = sent.get(number).get(30, TimeUnit.SECONDS);
                int partition = number % partitions;
                if (metadata.partition() != partition || metadata.offset() <= lastOffsets[partition]) {
                    throw new AssertionError("message " + number + " was acknowledged as " + metadata);
                }
                lastOffsets[partition] = metadata.offset();
            }
        } finally {
            producer.close();
        }
        System.out.println("produced " + count + " messages, " + codec + ", acks=" + acks);
    }
}
