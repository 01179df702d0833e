// Stands between the calls and the admin client: knows which methods of the interface were called, and prints what each came to.
//
//   row <method> <outcome>     fields between tabs
//   missed <method>            of the interface, and never called
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;

final class Journal {
    private static final long PATIENCE_MS = 5_000;
    private static final long PAUSE_MS = 20;

    private final PrintStream out;
    private final Set<String> called = new TreeSet<>();
    private String latest;

    Journal(PrintStream out) {
        this.out = out;
    }

    Admin over(Admin admin) {
        return (Admin) Proxy.newProxyInstance(Journal.class.getClassLoader(), new Class<?>[] {Admin.class},
            (proxy, method, args) -> {
            latest = nameOf(method);
            try {
                return method.invoke(admin, args);
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        });
    }

    /** The outcome of one call. */
    void row(Callable<Object> call) {
        write(outcomeOf(call));
    }

    /** The outcome of a call that is made again until it tells of what was done before, and is told as it is in the end. */
    void rowOnce(String told, Callable<Object> call) throws InterruptedException {
        long deadline = System.currentTimeMillis() + PATIENCE_MS;
        String outcome = outcomeOf(call);
        while (!outcome.contains(told) && System.currentTimeMillis() < deadline) {
            Thread.sleep(PAUSE_MS);
            outcome = outcomeOf(call);
        }
        write(outcome);
    }

    /** For what no proxy sees. */
    void named(String name, Callable<Object> call) {
        latest = name;
        String outcome = outcomeOf(call);
        latest = name;
        write(outcome);
    }

    void missed() {
        for (Method method : Admin.class.getDeclaredMethods()) {
            if (!method.isSynthetic() && !called.contains(nameOf(method))) out.println("missed\t" + nameOf(method));
        }
    }

    int count() {
        return called.size();
    }

    static String nameOf(Method method) {
        String types = Arrays.stream(method.getParameterTypes()).map(Class::getSimpleName).collect(Collectors.joining(", "));
        return method.getName() + "(" + types + ")";
    }

    private void write(String outcome) {
        called.add(latest);
        out.println("row\t" + latest + "\t" + outcome.replaceAll("[\t\n]", " "));
        out.flush();
    }

    private static String outcomeOf(Callable<Object> call) {
        try {
            return Outcome.of(call.call());
        } catch (Throwable thrown) {
            return Outcome.ofFailure(thrown);
        }
    }
}
