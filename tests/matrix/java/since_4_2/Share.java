import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;

/**
 * Reads in a share group (KIP-932), and gives one record back, which comes again.
 *
 * Usage: Share BOOTSTRAP TOPIC
 */
public class Share {
    static final int COUNT = 200;

    public static void main(String[] arguments) throws Exception {
        String bootstrap = arguments[0];
        String topic = arguments[1];
        Properties settings = new Properties();
        settings.put("bootstrap.servers", bootstrap);
        try (Admin admin = Admin.create(settings)) {
            admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1))).all().get();
            ConfigResource group = new ConfigResource(ConfigResource.Type.GROUP, topic);
            ConfigEntry earliest = new ConfigEntry("share.auto.offset.reset", "earliest");
            admin.incrementalAlterConfigs(Map.of(group, List.of(
                new AlterConfigOp(earliest, AlterConfigOp.OpType.SET)))).all().get();
        }
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(Modern.producerSettings(bootstrap))) {
            for (int number = 0; number < COUNT; number++) {
                producer.send(new ProducerRecord<>(topic, 0, "key", "value-" + number));
            }
        }
        Properties sharing = Read.settings(bootstrap);
        sharing.remove("enable.auto.commit");
        sharing.remove("auto.offset.reset");
        sharing.put("group.id", topic);
        sharing.put("share.acknowledgement.mode", "explicit");
        try (KafkaShareConsumer<String, String> consumer = new KafkaShareConsumer<>(sharing)) {
            consumer.subscribe(List.of(topic));
            int accepted = 0;
            int next = 0;
            long deadline = System.currentTimeMillis() + Read.DEADLINE_MS;
            while (accepted < COUNT) {
                Modern.check(System.currentTimeMillis() < deadline, accepted + " of " + COUNT + " in time");
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) {
                    boolean isAgain = record.deliveryCount().get() == 2;
                    Modern.check(record.value().equals("value-" + (isAgain ? 7 : next)), "in order: " + record);
                    boolean isGivenBack = next == 7 && !isAgain;
                    next += isAgain ? 0 : 1;
                    accepted += isGivenBack ? 0 : 1;
                    consumer.acknowledge(record, isGivenBack ? AcknowledgeType.RELEASE : AcknowledgeType.ACCEPT);
                }
                consumer.commitSync().values().forEach(error -> Modern.check(error.isEmpty(), "acknowledged: " + error));
            }
        }
        System.out.println("works: share");
    }
}
