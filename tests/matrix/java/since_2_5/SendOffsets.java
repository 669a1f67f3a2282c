import java.util.Map;

import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.TopicPartition;

/** How offsets become part of a transaction since Kafka 2.5 (KIP-447). */
class SendOffsets {
    static void send(
            KafkaProducer<?, ?> producer,
            Map<TopicPartition, OffsetAndMetadata> offsets,
            KafkaConsumer<?, ?> consumer,
            String group) {
        producer.sendOffsetsToTransaction(offsets, consumer.groupMetadata());
    }
}
