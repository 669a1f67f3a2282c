import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/** How committed offsets are asked for before Kafka 2.4. */
class Committed {
    static OffsetAndMetadata of(KafkaConsumer<?, ?> consumer, TopicPartition where) {
        return consumer.committed(where);
    }
}
