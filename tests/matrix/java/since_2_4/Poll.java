import java.time.Duration;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecords;

/** How a consumer is polled since Kafka 2.0. */
class Poll {
    static <K, V> ConsumerRecords<K, V> poll(Consumer<K, V> consumer) {
        return consumer.poll(Duration.ofMillis(100));
    }
}
