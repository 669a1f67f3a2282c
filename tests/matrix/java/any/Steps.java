import java.util.ArrayList;
import java.util.List;

/**
 * Runs programs of this directory one after the other in one JVM.
 *
 * Usage: Steps CLASS [ARGUMENT...] [-- CLASS [ARGUMENT...]]...
 */
public class Steps {
    public static void main(String[] arguments) throws Exception {
        List<String> words = new ArrayList<String>();
        for (String argument : arguments) {
            if (argument.equals("--")) {
                run(words);
                words.clear();
            } else {
                words.add(argument);
            }
        }
        run(words);
    }

    static void run(List<String> words) throws Exception {
        String[] arguments = words.subList(1, words.size()).toArray(new String[0]);
        Class.forName(words.get(0)).getMethod("main", String[].class).invoke(null, (Object) arguments);
    }
}
