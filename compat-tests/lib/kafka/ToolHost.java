// Runs the mains of Kafka's command-line tools inside one JVM, because a JVM start costs seconds and the checks need dozens of
// runs. Requests arrive as lines on stdin, answers leave as lines on stdout; every tool sees its own System.in, System.out and
// System.err, and its calls of Exit.exit end the tool instead of the JVM. What the tool's main thread prints after
// its first exit call is dropped, as it would never have been printed by a process of its own; its shutdown hooks do run.
//
//   run  <id> <world> <stdin file or -> <class> <arguments in base64 ...>   ->  done <id> <exit code> <stdout> <stderr>
//   peek <id>                                                               ->  peek <id> <stdout> <stderr>
//   stop <id>      runs the shutdown hooks of the tool, as Ctrl-C would, or interrupts one that has none; `done` follows
//
// Fields are separated by tabs, outputs are base64. A world is a class loader: tools keep state in statics (the console consumer
// counts its messages in one), so a tool that runs beside others needs a world of its own.
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.BufferedReader;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

public final class ToolHost {
    /** What Exit.exit becomes: it unwinds the tool's stack up to its main. */
    static final class ExitSignal extends Error {
        ExitSignal(int code) {
            super("exit " + code, null, false, false);
        }
    }

    /** One run of one tool. */
    static final class Job {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        final ByteArrayOutputStream err = new ByteArrayOutputStream();
        final List<Runnable> shutdownHooks = new CopyOnWriteArrayList<>();
        final InputStream in;
        volatile Thread thread;
        volatile Integer exitCode = null;

        Job(InputStream in) {
            this.in = in;
        }

        void write(ByteArrayOutputStream stream, byte[] bytes, int from, int count) {
            boolean isUnwinding = exitCode != null && Thread.currentThread() == thread;
            if (!isUnwinding) stream.write(bytes, from, count);
        }

        void exit(int code) {
            if (exitCode == null) exitCode = code;
            throw new ExitSignal(code);
        }
    }

    static final PrintStream answers = System.out;
    // Inheritable: the threads which a tool starts print into the tool's output.
    static final InheritableThreadLocal<Job> current = new InheritableThreadLocal<>();
    static final Map<String, Job> jobs = new ConcurrentHashMap<>();
    static final Map<String, ClassLoader> worlds = new ConcurrentHashMap<>();
    static final long HOOK_TIMEOUT_MS = 10_000;
    static URL[] classPath;

    public static void main(String[] args) throws Exception {
        String[] entries = args[0].split(File.pathSeparator);
        classPath = new URL[entries.length];
        for (int i = 0; i < entries.length; i++) classPath[i] = new File(entries[i]).toURI().toURL();
        PrintStream hostErrors = System.err;
        System.setIn(new CurrentInput());
        System.setOut(new PrintStream(new CurrentOutput(false, hostErrors), true));
        System.setErr(new PrintStream(new CurrentOutput(true, hostErrors), true));

        BufferedReader requests = new BufferedReader(new InputStreamReader(new FileInputStream(java.io.FileDescriptor.in)));
        for (String line = requests.readLine(); line != null; line = requests.readLine()) {
            String[] fields = line.split("\t", -1);
            switch (fields[0]) {
                case "run" -> start(fields);
                case "peek" -> {
                    Job job = jobs.get(fields[1]);
                    if (job != null) answer("peek", fields[1], base64(job.out), base64(job.err));
                }
                case "stop" -> {
                    Job job = jobs.get(fields[1]);
                    if (job != null) stop(job);
                }
                default -> throw new IllegalArgumentException(line);
            }
        }
        Runtime.getRuntime().halt(0);
    }

    static void stop(Job job) {
        if (job.shutdownHooks.isEmpty()) job.thread.interrupt();
        current.set(job);
        startShutdownHooks(job);
        current.remove();
    }

    // Once, as at the end of a JVM: a second call finds none left.
    static List<Thread> startShutdownHooks(Job job) {
        List<Thread> threads = new ArrayList<>();
        for (Runnable hook : job.shutdownHooks) {
            if (!job.shutdownHooks.remove(hook)) continue;
            Thread thread = new Thread(hook, "shutdown-hook");
            thread.setDaemon(true);
            thread.start();
            threads.add(thread);
        }
        return threads;
    }

    static void start(String[] fields) throws IOException {
        String id = fields[1];
        InputStream in = fields[3].equals("-") ? new ByteArrayInputStream(new byte[0]) : new FileInputStream(fields[3]);
        Job job = new Job(in);
        jobs.put(id, job);
        String[] arguments = Arrays.stream(fields, 5, fields.length)
            .map(field -> new String(Base64.getDecoder().decode(field), StandardCharsets.UTF_8))
            .toArray(String[]::new);
        ThreadGroup group = new ThreadGroup("tool-" + id);
        Thread thread = new Thread(group, () -> {
            current.set(job);
            runTool(job, fields[2], fields[4], arguments);
            try {
                // A process lives as long as the threads that its main left behind, but for daemons, and unless it exits.
                if (job.exitCode == null) for (Thread left : threadsLeftBy(group)) left.join();
                for (Thread hook : startShutdownHooks(job)) hook.join(HOOK_TIMEOUT_MS);
            } catch (InterruptedException e) {
                // The tool was told to stop; what its hooks have printed so far is its output.
            }
            jobs.remove(id);
            answer("done", id, Integer.toString(job.exitCode == null ? 0 : job.exitCode), base64(job.out), base64(job.err));
        }, "tool-" + id);
        job.thread = thread;
        thread.setDaemon(true);
        thread.start();
    }

    static List<Thread> threadsLeftBy(ThreadGroup group) {
        Thread[] threads = new Thread[group.activeCount() + 8];
        int count = group.enumerate(threads);
        return Arrays.stream(threads, 0, count).filter(one -> one != Thread.currentThread() && !one.isDaemon()).toList();
    }

    static void runTool(Job job, String world, String className, String[] arguments) {
        try {
            ClassLoader loader = worlds.computeIfAbsent(world, ToolHost::newWorld);
            Thread.currentThread().setContextClassLoader(loader);
            loader.loadClass(className).getMethod("main", String[].class).invoke(null, (Object) arguments);
        } catch (InvocationTargetException e) {
            if (!(e.getCause() instanceof ExitSignal)) fail(job, e.getCause());
        } catch (Throwable e) {
            fail(job, e);
        }
    }

    // An exception which leaves main ends a process with 1 and a stack trace.
    static void fail(Job job, Throwable error) {
        StringWriter trace = new StringWriter();
        error.printStackTrace(new PrintWriter(trace));
        byte[] bytes = trace.toString().getBytes(StandardCharsets.UTF_8);
        job.write(job.err, bytes, 0, bytes.length);
        if (job.exitCode == null) job.exitCode = 1;
    }

    static ClassLoader newWorld(String name) {
        try {
            URLClassLoader loader = new URLClassLoader(name, classPath, ClassLoader.getPlatformClassLoader());
            Class<?> exit = loader.loadClass("org.apache.kafka.common.utils.internals.Exit");
            for (Class<?> part : exit.getDeclaredClasses()) {
                if (!part.isInterface()) continue;
                Object trap = Proxy.newProxyInstance(loader, new Class<?>[] {part}, (proxy, method, parameters) -> {
                    // Procedure.execute(code, message) and ShutdownHookAdder.addShutdownHook(name, runnable).
                    if (method.getName().equals("execute")) current.get().exit((Integer) parameters[0]);
                    if (method.getName().equals("addShutdownHook")) current.get().shutdownHooks.add((Runnable) parameters[1]);
                    return null;
                });
                for (var setter : exit.getMethods()) {
                    if (setter.getName().startsWith("set") && setter.getParameterTypes()[0] == part) setter.invoke(null, trap);
                }
            }
            return loader;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    static void answer(String... fields) {
        synchronized (answers) {
            answers.println(String.join("\t", fields));
            answers.flush();
        }
    }

    static String base64(ByteArrayOutputStream bytes) {
        return Base64.getEncoder().encodeToString(bytes.toByteArray());
    }

    /** System.in of whichever tool the calling thread belongs to. */
    static final class CurrentInput extends InputStream {
        @Override
        public int read() throws IOException {
            return current.get().in.read();
        }

        @Override
        public int read(byte[] bytes, int from, int count) throws IOException {
            return current.get().in.read(bytes, from, count);
        }

        @Override
        public int available() throws IOException {
            return current.get().in.available();
        }
    }

    /** System.out or System.err of whichever tool the calling thread belongs to. */
    static final class CurrentOutput extends OutputStream {
        private final boolean isError;
        private final PrintStream fallback;

        CurrentOutput(boolean isError, PrintStream fallback) {
            this.isError = isError;
            this.fallback = fallback;
        }

        @Override
        public void write(int b) {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int count) {
            Job job = current.get();
            if (job == null) fallback.write(bytes, from, count);
            else job.write(isError ? job.err : job.out, bytes, from, count);
        }
    }
}
