import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListGroupsOptions;
import org.apache.kafka.clients.admin.ListShareGroupOffsetsSpec;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.ShareGroupDescription;
import org.apache.kafka.clients.admin.SharePartitionOffsetInfo;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Share groups as Kafka's Java clients meet them: cases that each tell what they saw, in words that do not depend on
 * time or on the broker's node id, so that two brokers can be compared.
 *
 * A line of standard input is "cases" (all of them, side by side; or those named behind it, with tabs between), "begin"
 * or "go on" (what lies before and behind a restart of the broker). The answer is a line with an exit code and the number of bytes of what was told, and then
 * these bytes.
 */
public class Sharing {
    static final Duration PATIENCE = Duration.ofSeconds(40);
    static final Duration STEP = Duration.ofMillis(200);
    static final int FETCH_WAIT_MS = 200;
    static final int LANES = 8;
    static String bootstrap;
    static Admin admin;
    static KafkaProducer<String, String> producer;

    interface Body {
        void run(Case told) throws Exception;
    }

    public static void main(String[] arguments) throws Exception {
        bootstrap = arguments[0];
        PrintStream answers = new PrintStream(new FileOutputStream(FileDescriptor.out));
        System.setOut(System.err);
        admin = Admin.create(common());
        producer = new KafkaProducer<>(producing());
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        String line;
        while ((line = commands.readLine()) != null) {
            String[] words = line.split("\t");
            byte[] told = (switch (words[0]) {
                case "cases" -> all(chosen(Arrays.asList(words).subList(1, words.length)));
                case "begin" -> all(Map.of("restart", Restart::begin));
                case "go on" -> all(Map.of("restart", Restart::goOn));
                default -> throw new IllegalArgumentException(line);
            }).getBytes(StandardCharsets.UTF_8);
            answers.println("0 " + told.length);
            answers.write(told);
            answers.flush();
        }
    }

    static Map<String, Body> chosen(List<String> names) {
        Map<String, Body> chosen = cases();
        if (!names.isEmpty()) {
            chosen.keySet().retainAll(names);
        }
        return chosen;
    }

    static Map<String, Body> cases() {
        Map<String, Body> cases = new LinkedHashMap<>();
        cases.put("implicit", Acknowledging::implicit);
        cases.put("explicit", Acknowledging::explicit);
        cases.put("callback", Acknowledging::callback);
        cases.put("closed", Acknowledging::closed);
        cases.put("undeliverable", Acknowledging::undeliverable);
        cases.put("shared", Reading::shared);
        cases.put("many", Reading::many);
        cases.put("limits", Reading::limits);
        cases.put("resets", Reading::resets);
        cases.put("transactions", Reading::transactions);
        cases.put("deleted-records", Reading::deletedRecords);
        cases.put("recreated", Reading::recreated);
        cases.put("late-topic", Reading::lateTopic);
        cases.put("groups", Administering::groups);
        cases.put("offsets", Administering::offsets);
        cases.put("settings", Administering::settings);
        cases.put("types", Administering::types);
        // Their time runs: they begin when the JVM has got going.
        cases.put("renewed", Acknowledging::renewed);
        cases.put("expired", Acknowledging::expired);
        return cases;
    }

    /** Run cases side by side; what they tell, in their order. */
    static String all(Map<String, Body> cases) throws Exception {
        ExecutorService lanes = Executors.newFixedThreadPool(LANES);
        List<Future<String>> told = new ArrayList<>();
        for (Map.Entry<String, Body> entry : cases.entrySet()) {
            told.add(lanes.submit(() -> new Case(entry.getKey()).run(entry.getValue())));
        }
        StringBuilder whole = new StringBuilder();
        for (Future<String> one : told) {
            whole.append(one.get());
        }
        lanes.shutdown();
        return whole.toString();
    }

    static Map<String, Object> common() {
        Map<String, Object> settings = new HashMap<>();
        settings.put("bootstrap.servers", bootstrap);
        settings.put("metadata.max.age.ms", "500");
        settings.put("retry.backoff.ms", "20");
        settings.put("reconnect.backoff.ms", "20");
        settings.put("reconnect.backoff.max.ms", "200");
        return settings;
    }

    static Map<String, Object> producing() {
        Map<String, Object> settings = common();
        settings.put("key.serializer", StringSerializer.class.getName());
        settings.put("value.serializer", StringSerializer.class.getName());
        return settings;
    }

    /** One case, with a topic and a group of its own name. */
    static class Case {
        final String name;
        private final StringBuilder told = new StringBuilder();
        private final List<AutoCloseable> open = new ArrayList<>();

        Case(String name) {
            this.name = name;
        }

        String run(Body body) {
            long started = System.nanoTime();
            try {
                body.run(this);
                for (AutoCloseable closeable : open) {
                    closeable.close();
                }
            } catch (Throwable error) {
                StringWriter stack = new StringWriter();
                error.printStackTrace(new PrintWriter(stack));
                say("broke off: " + stack);
            }
            System.err.println(name + ": " + (System.nanoTime() - started) / 1_000_000 + " ms");
            return told.toString();
        }

        void say(String words) {
            told.append(name).append(": ").append(words).append('\n');
        }

        void topic(String topic, int partitions) throws Exception {
            admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1))).all().get();
        }

        void configure(String group, String... pairs) throws Exception {
            List<AlterConfigOp> changes = new ArrayList<>();
            for (int index = 0; index < pairs.length; index += 2) {
                changes.add(new AlterConfigOp(new ConfigEntry(pairs[index], pairs[index + 1]), AlterConfigOp.OpType.SET));
            }
            ConfigResource resource = new ConfigResource(ConfigResource.Type.GROUP, group);
            admin.incrementalAlterConfigs(Map.of(resource, changes)).all().get();
            untilConfigured(resource, pairs[pairs.length - 2], pairs[pairs.length - 1]);
        }

        void fromTheBeginning(String group) throws Exception {
            configure(group, "share.auto.offset.reset", "earliest");
        }

        /** Send each value as a batch of its own. */
        void send(String topic, int partition, String... values) throws Exception {
            for (String value : values) {
                producer.send(new ProducerRecord<>(topic, partition, null, value)).get();
            }
        }

        void send(String... values) throws Exception {
            send(name, 0, values);
        }

        Reader reader(String group, String... pairs) {
            Map<String, Object> settings = common();
            settings.put("group.id", group);
            settings.put("client.id", group + "-client");
            settings.put("fetch.max.wait.ms", String.valueOf(FETCH_WAIT_MS));
            settings.put("key.deserializer", StringDeserializer.class.getName());
            settings.put("value.deserializer", StringDeserializer.class.getName());
            for (int index = 0; index < pairs.length; index += 2) {
                settings.put(pairs[index], pairs[index + 1]);
            }
            Reader reader = new Reader(new KafkaShareConsumer<>(settings));
            open.add(reader);
            return reader;
        }

        Reader explicitReader(String group, String... pairs) {
            String[] all = Arrays.copyOf(pairs, pairs.length + 2);
            all[pairs.length] = "share.acknowledgement.mode";
            all[pairs.length + 1] = "explicit";
            return reader(group, all);
        }

        /** Say what a call ends with: its name and "done", or the error. */
        void outcome(String what, KafkaFuture<?> future) throws Exception {
            say(what + ": " + ended(future));
        }
    }

    /** Kafka answers before a change has reached the broker. */
    static void untilConfigured(ConfigResource resource, String key, String value) {
        until(() -> {
            try {
                ConfigEntry entry = admin.describeConfigs(List.of(resource)).all().get().get(resource).get(key);
                return entry != null && entry.value().equals(value);
            } catch (InterruptedException | ExecutionException error) {
                throw new IllegalStateException(error);
            }
        }, () -> key + " is not set");
    }

    static class Reader implements AutoCloseable {
        final KafkaShareConsumer<String, String> consumer;

        Reader(KafkaShareConsumer<String, String> consumer) {
            this.consumer = consumer;
        }

        Reader on(String... topics) {
            consumer.subscribe(List.of(topics));
            return this;
        }

        @Override
        public void close() {
            consumer.close();
        }

        /** Poll until there are {@code count} records. Each poll that finds nothing is as if it had not been. */
        List<ConsumerRecord<String, String>> take(int count) {
            return take(count, record -> { });
        }

        List<ConsumerRecord<String, String>> take(int count, java.util.function.Consumer<ConsumerRecord<String, String>> each) {
            List<ConsumerRecord<String, String>> found = new ArrayList<>();
            until(() -> {
                for (ConsumerRecord<String, String> record : consumer.poll(STEP)) {
                    found.add(record);
                    each.accept(record);
                }
                return found.size() >= count;
            }, () -> "only " + words(found));
            return found;
        }

        /**
         * The records of the next poll that finds some, when the broker is not asked any more: behind what it gives
         * out, a consumer asks for more at once, and may get what another is meant to get.
         */
        List<ConsumerRecord<String, String>> lastBatch() {
            List<ConsumerRecord<String, String>> found = take(1);
            pause(3 * FETCH_WAIT_MS);
            return found;
        }

        String commit() {
            return outcomes(consumer.commitSync());
        }
    }

    static void until(BooleanSupplier isTrue, java.util.function.Supplier<String> otherwise) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!isTrue.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException(otherwise.get());
            }
        }
    }

    static void pause(long milliseconds) {
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException error) {
            throw new IllegalStateException(error);
        }
    }

    /** "value@offset*delivery count", in order of value. */
    static String words(Collection<ConsumerRecord<String, String>> records) {
        List<String> words = new ArrayList<>();
        for (ConsumerRecord<String, String> record : records) {
            words.add(record.value() + "@" + record.offset() + "*" + record.deliveryCount().get());
        }
        Collections.sort(words);
        return String.join(" ", words);
    }

    static String outcomes(Map<TopicIdPartition, Optional<KafkaException>> outcomes) {
        Map<String, String> words = new TreeMap<>();
        outcomes.forEach((partition, error) ->
            words.put(partition.topic() + "-" + partition.partition(), error.map(Sharing::word).orElse("done")));
        return words.toString();
    }

    static String word(Throwable error) {
        return error.getClass().getSimpleName() + ": " + error.getMessage();
    }

    static String ended(KafkaFuture<?> future) throws Exception {
        try {
            future.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            return "done";
        } catch (ExecutionException error) {
            return word(error.getCause());
        }
    }

    static String refusal(Runnable action) {
        try {
            action.run();
            return "done";
        } catch (RuntimeException error) {
            return word(error);
        }
    }

    static class Acknowledging {
        static void implicit(Case told) throws Exception {
            told.topic(told.name, 1);
            told.fromTheBeginning(told.name);
            told.send("a", "b", "c");
            Reader reader = told.reader(told.name).on(told.name);
            told.say(words(reader.take(3)));
            told.say(reader.commit());
            told.say("nothing left to commit: " + reader.commit());
            told.say("lock: " + reader.consumer.acquisitionLockTimeoutMs().get());
            told.send("d");
            told.say(words(reader.take(1)));
            reader.close();
            told.send("e");
            told.say("behind: " + words(told.reader(told.name).on(told.name).take(1)));
        }

        static void explicit(Case told) throws Exception {
            told.topic(told.name, 1);
            told.fromTheBeginning(told.name);
            told.send("accept", "release", "reject", "again", "twice");
            Reader reader = told.explicitReader(told.name).on(told.name);
            List<ConsumerRecord<String, String>> taken = reader.take(5, record -> {
                reader.consumer.acknowledge(record, switch (record.value()) {
                    case "accept" -> AcknowledgeType.ACCEPT;
                    case "reject" -> AcknowledgeType.REJECT;
                    default -> AcknowledgeType.RELEASE;
                });
            });
            told.say(words(taken));
            told.say(reader.commit());
            List<ConsumerRecord<String, String>> second = reader.take(3, record -> reader.consumer.acknowledge(
                record, record.value().equals("twice") ? AcknowledgeType.RELEASE : AcknowledgeType.ACCEPT));
            told.say(words(second));
            told.say(reader.commit());
            ConsumerRecord<String, String> last = reader.take(1).get(0);
            told.say(words(List.of(last)));
            told.say("not acknowledged: " + refusal(() -> reader.consumer.poll(STEP)));
            told.say("by its offset: " + refusal(() -> reader.consumer.acknowledge(
                last.topic(), last.partition(), last.offset(), AcknowledgeType.ACCEPT)));
            reader.consumer.acknowledge(last);
            told.say("of no record: " + refusal(() ->
                reader.consumer.acknowledge(told.name, 0, 99, AcknowledgeType.ACCEPT)));
            told.say(reader.commit());
            told.say("offsets: " + offsetsOf(told.name));
        }

        static void callback(Case told) throws Exception {
            told.topic(told.name, 2);
            told.fromTheBeginning(told.name);
            told.send(told.name, 0, "a", "b");
            told.send(told.name, 1, "c");
            Map<String, Set<Long>> called = new TreeMap<>();
            Reader reader = told.explicitReader(told.name).on(told.name);
            reader.consumer.setAcknowledgementCommitCallback((offsets, error) -> offsets.forEach((partition, ones) ->
                called.computeIfAbsent(partition.topicPartition() + " " + error, key -> new TreeSet<>()).addAll(ones)));
            reader.take(3, record -> reader.consumer.acknowledge(record));
            reader.consumer.commitAsync();
            until(() -> {
                reader.consumer.poll(STEP);
                return called.values().stream().mapToInt(Set::size).sum() == 3;
            }, called::toString);
            told.say(called.toString());
        }

        static void closed(Case told) throws Exception {
            told.topic(told.name, 1);
            told.fromTheBeginning(told.name);
            told.send("a", "b", "c");
            Reader first = told.explicitReader(told.name).on(told.name);
            List<ConsumerRecord<String, String>> taken = first.take(3);
            told.say(words(taken));
            first.consumer.acknowledge(taken.get(1));
            first.close();
            Reader second = told.reader(told.name).on(told.name);
            told.say("then: " + words(second.take(2)));
            told.say(second.commit());
            told.say("offsets: " + offsetsOf(told.name));
        }

        static void renewed(Case told) throws Exception {
            told.topic(told.name, 1);
            told.fromTheBeginning(told.name);
            told.configure(told.name, "share.record.lock.duration.ms", "4000");
            told.send("a", "b");
            Reader first = told.explicitReader(told.name).on(told.name);
            List<ConsumerRecord<String, String>> taken = first.take(2);
            told.say(words(taken));
            told.say("lock: " + first.consumer.acquisitionLockTimeoutMs().get());
            for (int round = 0; round < 4; round++) {
                pause(1200);
                first.consumer.acknowledge(taken.get(0), AcknowledgeType.RENEW);
                if (round == 0) {
                    first.consumer.acknowledge(taken.get(1), AcknowledgeType.RELEASE);
                }
                told.say("renewed: " + first.commit());
                for (ConsumerRecord<String, String> record : first.consumer.poll(Duration.ZERO)) {
                    told.say("given: " + words(List.of(record)));
                    if (record.value().equals("b")) {
                        first.consumer.acknowledge(record);
                    }
                }
            }
            first.consumer.acknowledge(taken.get(0));
            told.say(first.commit());
        }

        static void expired(Case told) throws Exception {
            told.topic(told.name, 1);
            told.fromTheBeginning(told.name);
            told.configure(told.name, "share.record.lock.duration.ms", "3000");
            told.send("a", "b");
            Reader first = told.explicitReader(told.name).on(told.name);
            List<ConsumerRecord<String, String>> taken = first.take(2);
            told.say(words(taken));
            Reader second = told.explicitReader(told.name).on(told.name);
            List<ConsumerRecord<String, String>> again = second.take(2);
            // A client that is slow to take them may see the lock run out once more.
            told.say("another: " + again.stream().map(ConsumerRecord::value).sorted().toList()
                + ", again: " + again.stream().allMatch(record -> record.deliveryCount().get() > 1));
            taken.forEach(record -> first.consumer.acknowledge(record));
            told.say("too late: " + first.commit());
            again.forEach(record -> second.consumer.acknowledge(record));
            told.say("in time: " + second.commit());
        }

        static void undeliverable(Case told) throws Exception {
            told.topic(told.name, 1);
            told.fromTheBeginning(told.name);
            told.send("poison", "good");
            Reader reader = told.explicitReader(told.name).on(told.name);
            List<String> deliveries = new ArrayList<>();
            for (int round = 0; round < 5; round++) {
                deliveries.add(words(reader.take(round == 0 ? 2 : 1, record -> reader.consumer.acknowledge(
                    record, record.value().equals("poison") ? AcknowledgeType.RELEASE : AcknowledgeType.ACCEPT))));
                deliveries.add(reader.commit());
            }
            told.say(deliveries.toString());
            told.send("next");
            told.say("then: " + words(reader.take(1, record -> reader.consumer.acknowledge(record))));
            told.say(reader.commit());
            told.say("offsets: " + offsetsOf(told.name));
        }
    }

    static class Reading {
        static void shared(Case told) throws Exception {
            told.topic(told.name, 1);
            told.fromTheBeginning(told.name);
            String[] more = {"max.poll.records", "2", "share.acquire.mode", "record_limit"};
            Reader first = told.explicitReader(told.name, more).on(told.name);
            Reader second = told.explicitReader(told.name, more).on(told.name);
            told.send("a", "b");
            List<ConsumerRecord<String, String>> firsts = first.lastBatch();
            told.send("c", "d");
            List<ConsumerRecord<String, String>> seconds = second.take(2);
            List<ConsumerRecord<String, String>> both = new ArrayList<>(firsts);
            both.addAll(seconds);
            told.say(words(both));
            told.say("described: " + described(told.name));
            firsts.forEach(record -> first.consumer.acknowledge(record, AcknowledgeType.RELEASE));
            seconds.forEach(record -> second.consumer.acknowledge(record));
            told.say(first.commit() + second.commit());
            List<ConsumerRecord<String, String>> again = second.take(2, record -> second.consumer.acknowledge(record));
            told.say("given to the other: " + words(again));
            told.say(second.commit());
            told.say("offsets: " + offsetsOf(told.name));
        }

        static void many(Case told) throws Exception {
            int partitions = 3, count = 300;
            told.topic(told.name, partitions);
            told.fromTheBeginning(told.name);
            List<Reader> readers = new ArrayList<>();
            for (int index = 0; index < 3; index++) {
                readers.add(told.reader(told.name, "max.poll.records", "20").on(told.name));
            }
            // What a member holds of a partition that goes to another, it does not acknowledge any more.
            String settled = "Stable [many-client [many-0], many-client [many-1], many-client [many-2]] of 3";
            until(() -> {
                readers.forEach(reader -> reader.consumer.poll(Duration.ofMillis(20)));
                return described(told.name).startsWith(settled);
            }, () -> described(told.name));
            for (int number = 0; number < count; number++) {
                producer.send(new ProducerRecord<>(told.name, number % partitions, null, "value " + number));
            }
            producer.flush();
            Map<String, Integer> found = new TreeMap<>();
            until(() -> {
                for (Reader reader : readers) {
                    for (ConsumerRecord<String, String> record : reader.consumer.poll(Duration.ofMillis(20))) {
                        found.merge(record.partition() + " " + record.value(), 1, Integer::sum);
                    }
                }
                return found.size() == count;
            }, () -> "only " + found.size());
            for (Reader reader : readers) {
                reader.commit();
                reader.close();
            }
            told.say(found.size() + " values, at most " + Collections.max(found.values()) + " times each");
            // How far each start offset has got depends on which acknowledgements came together.
            told.say("offsets: " + offsetsOf(told.name).replaceAll("=\\d+ lag", "=* lag"));
        }

        static void limits(Case told) throws Exception {
            told.topic(told.name, 1);
            told.fromTheBeginning(told.name);
            // One batch.
            Map<String, Object> settings = producing();
            settings.put("linger.ms", "1000");
            try (KafkaProducer<String, String> lingering = new KafkaProducer<>(settings)) {
                for (String value : "a b c d e f g".split(" ")) {
                    lingering.send(new ProducerRecord<>(told.name, 0, null, value));
                }
            }
            Reader limited = told.explicitReader(told.name, "max.poll.records", "3", "share.acquire.mode", "record_limit");
            limited.on(told.name);
            List<ConsumerRecord<String, String>> three = limited.take(1);
            told.say("record limit: " + words(three));
            limited.consumer.acknowledge(three.get(0));
            limited.consumer.acknowledge(three.get(1), AcknowledgeType.RELEASE);
            limited.consumer.acknowledge(three.get(2), AcknowledgeType.REJECT);
            told.say(limited.commit());
            // These it may have asked for before the second came back.
            List<ConsumerRecord<String, String>> more = limited.take(1);
            told.say("record limit: " + more.size());
            more.forEach(record -> limited.consumer.acknowledge(record, AcknowledgeType.RELEASE));
            told.say(limited.commit());
            limited.close();
            Reader whole = told.explicitReader(told.name, "max.poll.records", "3").on(told.name);
            List<ConsumerRecord<String, String>> rest = whole.take(5, record -> whole.consumer.acknowledge(record));
            told.say("batch optimized: " + rest.stream().map(ConsumerRecord::value).sorted().toList());
            told.say(whole.commit());
            told.say("lag: " + offsetsOf(told.name).replaceAll("=\\d+ lag", "=* lag"));
        }

        static void resets(Case told) throws Exception {
            told.topic(told.name, 1);
            long now = System.currentTimeMillis();
            producer.send(new ProducerRecord<>(told.name, 0, now - 7_200_000, null, "two hours old")).get();
            producer.send(new ProducerRecord<>(told.name, 0, now - 60_000, null, "a minute old")).get();
            String[] names = {"latest", "earliest", "by_duration:PT1H"};
            List<Reader> readers = new ArrayList<>();
            for (String reset : names) {
                String group = told.name + "-" + reset.replace(':', '-');
                if (!reset.equals("latest")) {
                    told.configure(group, "share.auto.offset.reset", reset);
                }
                readers.add(told.reader(group).on(told.name));
            }
            List<String> early = new ArrayList<>();
            early.add(words(readers.get(1).take(2)));
            early.add(words(readers.get(2).take(1)));
            // "latest" begins where the partition ends when the group comes to it.
            List<ConsumerRecord<String, String>> later = new ArrayList<>();
            until(() -> {
                producer.send(new ProducerRecord<>(told.name, 0, null, "new"));
                readers.get(0).consumer.poll(STEP).forEach(later::add);
                return !later.isEmpty();
            }, () -> "nothing");
            told.say("earliest " + early.get(0) + "; by duration " + early.get(1));
            told.say("latest: only new ones: " + later.stream().allMatch(record -> record.offset() >= 2));
        }

        static void transactions(Case told) throws Exception {
            told.topic(told.name, 1);
            Map<String, Object> settings = producing();
            settings.put("transactional.id", told.name);
            try (KafkaProducer<String, String> writer = new KafkaProducer<>(settings)) {
                writer.initTransactions();
                for (String value : List.of("committed", "aborted", "committed too")) {
                    writer.beginTransaction();
                    writer.send(new ProducerRecord<>(told.name, 0, null, value)).get();
                    if (value.equals("aborted")) {
                        writer.abortTransaction();
                    } else {
                        writer.commitTransaction();
                    }
                }
                writer.beginTransaction();
                writer.send(new ProducerRecord<>(told.name, 0, null, "open")).get();
                for (String level : List.of("read_committed", "read_uncommitted")) {
                    String group = told.name + "-" + level;
                    told.fromTheBeginning(group);
                    told.configure(group, "share.isolation.level", level);
                }
                Reader committed = told.reader(told.name + "-read_committed").on(told.name);
                Reader all = told.reader(told.name + "-read_uncommitted").on(told.name);
                told.say("uncommitted: " + words(all.take(4)));
                told.say("committed: " + words(committed.take(2)));
                committed.commit();
                told.say("offsets while it is open: " + offsetsOf(told.name + "-read_committed"));
                writer.commitTransaction();
                told.say("committed, when it ended: " + words(committed.take(1)));
                committed.commit();
            }
        }

        static void deletedRecords(Case told) throws Exception {
            told.topic(told.name, 1);
            told.fromTheBeginning(told.name);
            told.send("a", "b", "c", "d", "e");
            TopicPartition partition = new TopicPartition(told.name, 0);
            admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(2))).all().get();
            Reader reader = told.explicitReader(told.name).on(told.name);
            List<ConsumerRecord<String, String>> taken = reader.take(3);
            told.say(words(taken));
            admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(4))).all().get();
            taken.forEach(record -> reader.consumer.acknowledge(record, AcknowledgeType.RELEASE));
            told.say(reader.commit());
            told.say("behind: " + words(reader.take(1, record -> reader.consumer.acknowledge(record))));
            told.say(reader.commit());
            told.say("offsets: " + offsetsOf(told.name));
        }

        static void recreated(Case told) throws Exception {
            told.topic(told.name, 1);
            told.fromTheBeginning(told.name);
            told.send("old", "older");
            Reader reader = told.reader(told.name).on(told.name);
            told.say(words(reader.take(2)));
            told.say(reader.commit());
            admin.deleteTopics(List.of(told.name)).all().get();
            until(() -> {
                reader.consumer.poll(STEP);
                return assigned(told.name).equals("[]");
            }, () -> assigned(told.name));
            told.topic(told.name, 1);
            told.send("new");
            told.say("again: " + words(reader.take(1)));
            told.say(reader.commit());
            told.say("offsets: " + offsetsOf(told.name));
        }

        static void lateTopic(Case told) throws Exception {
            told.fromTheBeginning(told.name);
            Reader reader = told.reader(told.name).on(told.name, told.name + "-more");
            told.topic(told.name, 1);
            told.send("first");
            told.say(words(reader.take(1)));
            told.topic(told.name + "-more", 2);
            told.send(told.name + "-more", 1, "second");
            told.say(words(reader.take(1)));
            reader.on(told.name + "-more");
            until(() -> {
                reader.consumer.poll(STEP);
                return assigned(told.name).equals("[" + told.name + "-more-0, " + told.name + "-more-1]");
            }, () -> assigned(told.name));
            told.send(told.name, 0, "not read");
            told.send(told.name + "-more", 0, "third");
            told.say(words(reader.take(1)));
            reader.consumer.unsubscribe();
            told.say("subscription: " + reader.consumer.subscription());
            until(() -> described(told.name).startsWith("Empty"), () -> described(told.name));
        }
    }

    static class Administering {
        static void groups(Case told) throws Exception {
            told.topic(told.name, 3);
            told.fromTheBeginning(told.name);
            told.outcome("describe unknown", admin.describeShareGroups(List.of("unknown")).all());
            told.outcome("delete unknown", admin.deleteShareGroups(List.of("unknown")).all());
            Reader reader = told.reader(told.name).on(told.name);
            told.send("a");
            reader.take(1);
            reader.commit();
            told.say(described(told.name));
            ShareGroupDescription group = admin.describeShareGroups(List.of(told.name)).all().get().get(told.name);
            told.say("coordinator: " + (group.coordinator().port() == Integer.parseInt(bootstrap.split(":")[1])));
            told.say("host: " + group.members().iterator().next().host());
            told.say("listed: " + listed(new ListGroupsOptions(), told.name));
            told.say("as a share group: " + listed(new ListGroupsOptions().withTypes(Set.of(GroupType.SHARE)), told.name));
            told.say("stable: " + listed(ListGroupsOptions.forShareGroups().inGroupStates(Set.of(GroupState.STABLE)), told.name));
            told.say("empty: " + listed(ListGroupsOptions.forShareGroups().inGroupStates(Set.of(GroupState.EMPTY)), told.name));
            told.say("as a consumer group: " + listed(ListGroupsOptions.forConsumerGroups(), told.name));
            told.outcome("delete with a member", admin.deleteShareGroups(List.of(told.name)).all());
            reader.close();
            told.say(described(told.name));
            told.say("empty: " + listed(ListGroupsOptions.forShareGroups().inGroupStates(Set.of(GroupState.EMPTY)), told.name));
            told.outcome("delete as a consumer group", admin.deleteConsumerGroups(List.of(told.name)).all());
            if (listed(new ListGroupsOptions(), told.name).isEmpty()) {
                told.say("it is gone");
            } else {
                told.outcome("delete", admin.deleteShareGroups(List.of(told.name)).all());
            }
            told.outcome("describe the deleted", admin.describeShareGroups(List.of(told.name)).all());
            told.say("offsets of the deleted: " + offsetsOf(told.name));
            // The same name again begins anew.
            Reader again = told.reader(told.name).on(told.name);
            told.say("anew: " + words(again.take(1)));
        }

        static void offsets(Case told) throws Exception {
            String other = told.name + "-other";
            told.topic(told.name, 2);
            told.topic(other, 1);
            told.send("a", "b", "c", "d");
            told.send(other, 0, "x", "y");
            TopicPartition first = new TopicPartition(told.name, 0);
            TopicPartition second = new TopicPartition(told.name, 1);
            TopicPartition third = new TopicPartition(other, 0);
            TopicPartition missing = new TopicPartition(told.name, 7);
            TopicPartition nowhere = new TopicPartition("nowhere", 0);
            told.say("of a group that is not: " + offsetsOf(told.name));
            told.outcome("delete of a group that is not", admin.deleteShareGroupOffsets(told.name, Set.of(told.name)).all());
            var altered = admin.alterShareGroupOffsets(told.name, Map.of(first, 1L, third, 1L, nowhere, 0L, missing, 3L));
            for (TopicPartition partition : List.of(first, third, nowhere, missing)) {
                told.outcome("alter " + partition, altered.partitionResult(partition));
            }
            told.say(offsetsOf(told.name));
            told.outcome("alter", admin.alterShareGroupOffsets(told.name, Map.of(first, 1L, third, 1L)).all());
            told.say(described(told.name));
            told.say(offsetsOf(told.name));
            told.say("some: " + offsetsOf(told.name, first, second, nowhere));
            Reader reader = told.reader(told.name).on(told.name, other);
            told.say(words(reader.take(4)));
            reader.commit();
            until(() -> !offsetsOf(told.name).contains("unknown"), () -> offsetsOf(told.name));
            told.say(offsetsOf(told.name));
            told.outcome("alter with a member", admin.alterShareGroupOffsets(told.name, Map.of(first, 0L)).partitionResult(first));
            told.outcome("delete with a member", admin.deleteShareGroupOffsets(told.name, Set.of(other)).all());
            reader.close();
            told.outcome("alter beyond the end", admin.alterShareGroupOffsets(told.name, Map.of(first, 100L)).all());
            told.say(offsetsOf(told.name));
            told.outcome("alter", admin.alterShareGroupOffsets(told.name, Map.of(first, 3L)).all());
            told.say(offsetsOf(told.name));
            var deleted = admin.deleteShareGroupOffsets(told.name, Set.of(other, "nowhere"));
            told.outcome("delete " + other, deleted.topicResult(other));
            told.outcome("delete nowhere", deleted.topicResult("nowhere"));
            told.say(offsetsOf(told.name));
            told.fromTheBeginning(told.name);
            Reader again = told.reader(told.name).on(told.name, other);
            told.say("again: " + words(again.take(3)));
        }

        static void settings(Case told) throws Exception {
            ConfigResource resource = new ConfigResource(ConfigResource.Type.GROUP, told.name);
            Predicate<ConfigEntry> ofSharing = entry -> entry.name().startsWith("share.");
            for (String[] pair : new String[][] {
                {"share.record.lock.duration.ms", "10"}, {"share.record.lock.duration.ms", "3700000"},
                {"share.heartbeat.interval.ms", "1"}, {"share.session.timeout.ms", "100000000"},
                {"share.isolation.level", "none"}, {"share.auto.offset.reset", "by_duration:1"},
                {"share.auto.offset.reset", "none"}, {"share.delivery.count.limit", "100"},
                {"share.partition.max.record.locks", "1"}, {"share.renew.acknowledge.enable", "perhaps"},
                {"share.unheard.of", "1"}, {"share.isolation.level", "read_committed"},
            }) {
                AlterConfigOp change = new AlterConfigOp(new ConfigEntry(pair[0], pair[1]), AlterConfigOp.OpType.SET);
                told.outcome(pair[0] + "=" + pair[1],
                    admin.incrementalAlterConfigs(Map.of(resource, List.of(change))).all());
            }
            untilConfigured(resource, "share.isolation.level", "read_committed");
            Map<String, String> found = new TreeMap<>();
            for (ConfigEntry entry : admin.describeConfigs(List.of(resource)).all().get().get(resource).entries()) {
                if (ofSharing.test(entry)) {
                    found.put(entry.name(), entry.value() + " " + entry.source());
                }
            }
            told.say(found.toString());
        }

        static void types(Case told) throws Exception {
            String consumers = told.name + "-consumers";
            told.topic(told.name, 1);
            told.send("a");
            Map<String, Object> settings = common();
            settings.put("group.id", consumers);
            settings.put("group.protocol", "consumer");
            settings.put("auto.offset.reset", "earliest");
            settings.put("key.deserializer", StringDeserializer.class.getName());
            settings.put("value.deserializer", StringDeserializer.class.getName());
            try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(settings)) {
                consumer.subscribe(List.of(told.name));
                until(() -> !consumer.poll(STEP).isEmpty(), () -> "no record");
                told.outcome("describe a consumer group", admin.describeShareGroups(List.of(consumers)).all());
                told.say("offsets of a consumer group: " + offsetsOf(consumers));
                told.outcome("alter", admin.alterShareGroupOffsets(consumers, Map.of(new TopicPartition(told.name, 0), 0L)).all());
                told.outcome("delete offsets", admin.deleteShareGroupOffsets(consumers, Set.of(told.name)).all());
                Reader reader = told.reader(consumers).on(told.name);
                told.say("join it: " + failure(reader));
                reader.close();
            }
            told.fromTheBeginning(told.name);
            Reader reader = told.reader(told.name).on(told.name);
            reader.take(1);
            settings.put("group.id", told.name);
            for (String protocol : List.of("consumer", "classic")) {
                settings.put("group.protocol", protocol);
                try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(settings)) {
                    consumer.subscribe(List.of(told.name));
                    told.say("join with " + protocol + ": " + refusal(() ->
                        until(() -> !consumer.poll(STEP).isEmpty(), () -> "no record")));
                }
            }
            told.outcome("describe as a consumer group", admin.describeConsumerGroups(List.of(told.name)).all());
            told.outcome("its committed offsets", admin.listConsumerGroupOffsets(told.name).all());
        }

        static String failure(Reader reader) {
            return refusal(() -> until(() -> !reader.consumer.poll(STEP).isEmpty(), () -> "no record"));
        }

        static String listed(ListGroupsOptions options, String group) throws Exception {
            StringBuilder found = new StringBuilder();
            for (GroupListing listing : admin.listGroups(options).all().get()) {
                if (listing.groupId().equals(group)) {
                    found.append(listing.type().get()).append(" '").append(listing.protocol()).append("' ")
                        .append(listing.groupState().get());
                }
            }
            return found.toString();
        }
    }

    /** A consumer that lives on while the broker is killed and started again. */
    static class Restart {
        static Reader living;
        static List<ConsumerRecord<String, String>> held;

        static void begin(Case told) throws Exception {
            told.topic(told.name, 1);
            told.fromTheBeginning(told.name);
            told.send("accepted", "rejected", "released");
            living = new Case(told.name).explicitReader(told.name, "max.poll.records", "3",
                "share.acquire.mode", "record_limit").on(told.name);
            List<ConsumerRecord<String, String>> taken = living.lastBatch();
            told.say(words(taken));
            living.consumer.acknowledge(taken.get(0));
            living.consumer.acknowledge(taken.get(1), AcknowledgeType.REJECT);
            living.consumer.acknowledge(taken.get(2), AcknowledgeType.RELEASE);
            told.say(living.commit());
            told.say(offsetsOf(told.name));
            told.send("held");
            Reader other = new Case(told.name).explicitReader(told.name).on(told.name);
            held = other.take(2);
            told.say("held: " + words(held));
        }

        static void goOn(Case told) throws Exception {
            told.say(offsetsOf(told.name));
            told.send(told.name, 0, "new");
            Map<String, Integer> found = new TreeMap<>();
            until(() -> {
                for (ConsumerRecord<String, String> record : living.consumer.poll(STEP)) {
                    found.put(record.value() + "@" + record.offset(), (int) record.deliveryCount().get());
                    living.consumer.acknowledge(record);
                }
                return found.size() == 3;
            }, found::toString);
            told.say(found.toString());
            told.say(living.commit());
            told.say(offsetsOf(told.name));
            living.close();
        }
    }

    /** Partition -> start offset and lag. */
    static String offsetsOf(String group, TopicPartition... partitions) {
        ListShareGroupOffsetsSpec spec = new ListShareGroupOffsetsSpec();
        if (partitions.length > 0) {
            spec.topicPartitions(List.of(partitions));
        }
        Map<String, String> words = new TreeMap<>();
        try {
            admin.listShareGroupOffsets(Map.of(group, spec)).partitionsToOffsetInfo(group).get().forEach(
                (partition, info) -> words.put(partition.toString(), offset(info)));
        } catch (ExecutionException error) {
            return word(error.getCause());
        } catch (InterruptedException error) {
            throw new IllegalStateException(error);
        }
        return words.toString();
    }

    static String offset(SharePartitionOffsetInfo info) {
        return info == null ? "none" : info.startOffset() + " lag " + info.lag().map(String::valueOf).orElse("unknown");
    }

    /** The state of a group, its epochs beyond its first, and what its members have. */
    static String described(String group) {
        try {
            ShareGroupDescription found = admin.describeShareGroups(List.of(group)).all().get().get(group);
            Set<String> members = new TreeSet<>();
            found.members().forEach(member ->
                members.add(member.clientId() + " " + new TreeSet<>(topics(member.assignment().topicPartitions()))));
            return found.groupState() + " " + members + " of " + found.members().size() + ", at its target: "
                + (found.groupEpoch() == found.targetAssignmentEpoch());
        } catch (ExecutionException error) {
            return word(error.getCause());
        } catch (InterruptedException error) {
            throw new IllegalStateException(error);
        }
    }

    static List<String> topics(Collection<TopicPartition> partitions) {
        return partitions.stream().map(TopicPartition::toString).toList();
    }

    static String assigned(String group) {
        try {
            ShareGroupDescription found = admin.describeShareGroups(List.of(group)).all().get().get(group);
            Set<String> partitions = new TreeSet<>();
            found.members().forEach(member -> partitions.addAll(topics(member.assignment().topicPartitions())));
            return partitions.toString();
        } catch (InterruptedException | ExecutionException error) {
            throw new IllegalStateException(error);
        }
    }
}
