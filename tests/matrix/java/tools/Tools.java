import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

import org.apache.kafka.common.utils.Exit;

/**
 * Runs the command-line tools of Kafka that it is asked for, one after the other in one JVM.
 *
 * A line of standard input is a class and its arguments, with tabs between them. The answer is a line with the exit
 * code and the number of bytes that the tool printed, and then these bytes.
 */
public class Tools {
    static class Exited extends Error {
        Exited() {
            super("exit", null, false, false);
        }
    }

    static final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    static int exitCode;
    static int printedBytes;

    public static void main(String[] arguments) throws Exception {
        PrintStream answers = new PrintStream(new FileOutputStream(FileDescriptor.out));
        PrintStream output = new PrintStream(printed, true, "UTF-8");
        System.setOut(output);
        System.setErr(output);
        Exit.setExitProcedure((code, message) -> {
            output.flush();
            ended(code);
            throw new Exited();
        });
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        String line;
        while ((line = commands.readLine()) != null) {
            printed.reset();
            printedBytes = -1;
            run(line.split("\t", -1));
            output.flush();
            ended(0);
            answers.println(exitCode + " " + printedBytes);
            answers.write(printed.toByteArray(), 0, printedBytes);
            answers.flush();
        }
    }

    /** The first end counts: some tools catch what ends them, print it, and end once more. */
    static void ended(int code) {
        if (printedBytes < 0) {
            exitCode = code;
            printedBytes = printed.size();
        }
    }

    static void run(String[] words) throws Exception {
        String[] arguments = Arrays.copyOfRange(words, 1, words.length);
        try {
            Class.forName(words[0]).getMethod("main", String[].class).invoke(null, (Object) arguments);
        } catch (InvocationTargetException error) {
            if (!(error.getCause() instanceof Exited)) {
                error.getCause().printStackTrace();
                ended(1);
            }
        }
    }
}
