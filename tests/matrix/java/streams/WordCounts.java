import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.Properties;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Materialized;

/**
 * Counts words with Kafka Streams, on the classic group protocol.
 *
 * Usage: WordCounts BOOTSTRAP STATE_DIRECTORY. Commands are lines of words with tabs between them:
 * "start APPLICATION GUARANTEE INPUT OUTPUT", which answers once the application runs, and "stop". An answer is a line
 * "0 0", or "1 LENGTH" and what went wrong.
 */
public class WordCounts {
    static final long PATIENCE_MS = 60000;

    public static void main(String[] arguments) throws Exception {
        PrintStream answers = new PrintStream(new FileOutputStream(FileDescriptor.out));
        System.setOut(System.err);
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in));
        KafkaStreams streams = null;
        String line;
        while ((line = commands.readLine()) != null) {
            String[] words = line.split("\t");
            String wrong = "";
            if (words[0].equals("start")) {
                streams = new KafkaStreams(
                        topology(words[3], words[4]), settings(arguments[0], arguments[1], words[1], words[2]));
                streams.setUncaughtExceptionHandler(error -> {
                    error.printStackTrace();
                    return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
                });
                streams.start();
                wrong = untilRunning(streams);
            } else if (!streams.close(Duration.ofMillis(PATIENCE_MS))) {
                wrong = "not closed in time: " + streams.state();
            }
            answers.println((wrong.isEmpty() ? 0 : 1) + " " + wrong.getBytes().length);
            answers.print(wrong);
            answers.flush();
        }
    }

    static Topology topology(String input, String output) {
        StreamsBuilder builder = new StreamsBuilder();
        builder.<String, String>stream(input)
                .flatMapValues(value -> Arrays.asList(value.split(" ")))
                .groupBy((key, word) -> word)
                .count(Materialized.as("counts"))
                .toStream()
                .mapValues(count -> Long.toString(count))
                .to(output);
        return builder.build();
    }

    static Properties settings(String bootstrap, String stateDirectory, String application, String guarantee) {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, application);
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, stateDirectory);
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, guarantee);
        settings.put(StreamsConfig.GROUP_PROTOCOL_CONFIG, "classic");
        settings.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.String().getClass());
        settings.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.String().getClass());
        // Every count is written, not only the last of each commit.
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100);
        settings.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
        // Little at a time, so that what happens to it finds it at work.
        settings.put(StreamsConfig.consumerPrefix("max.poll.records"), 20);
        settings.put(StreamsConfig.consumerPrefix("session.timeout.ms"), 2000);
        settings.put(StreamsConfig.consumerPrefix("heartbeat.interval.ms"), 200);
        settings.put(StreamsConfig.producerPrefix("reconnect.backoff.max.ms"), 200);
        settings.put(StreamsConfig.consumerPrefix("reconnect.backoff.max.ms"), 200);
        return settings;
    }

    static String untilRunning(KafkaStreams streams) throws InterruptedException {
        long deadline = System.currentTimeMillis() + PATIENCE_MS;
        while (streams.state() != KafkaStreams.State.RUNNING) {
            if (System.currentTimeMillis() > deadline || streams.state() == KafkaStreams.State.ERROR) {
                return "does not run: " + streams.state();
            }
            Thread.sleep(10);
        }
        return "";
    }
}
