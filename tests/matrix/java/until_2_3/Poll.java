import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecords;

/** How a consumer is polled before Kafka 2.0. */
class Poll {
    static <K, V> ConsumerRecords<K, V> poll(Consumer<K, V> consumer) {
        return consumer.poll(100);
    }
}
