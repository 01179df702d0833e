// What a call of the admin client came to, as one line of text that is the same at two brokers that answer the same: results are
// gone through by reflection, futures are waited for, failures are told by class, code and message, and what must differ (ids,
// times, ports, paths, sizes) is replaced by its kind.
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.protocol.Errors;

final class Outcome {
    private static final int DEPTH_MAX = 12;
    private static final long PATIENCE_S = 20;
    private static final long EARLIEST_TIME_MS = 1_600_000_000_000L;
    // Accessors whose values belong to one broker, or to one moment.
    private static final Map<String, String> KINDS = Map.ofEntries(
        Map.entry("port", "<port>"), Map.entry("clusterId", "<cluster>"), Map.entry("producerId", "<producer>"),
        Map.entry("coordinatorEpoch", "<epoch>"), Map.entry("finalizedFeaturesEpoch", "<epoch>"),
        Map.entry("leaderEpoch", "<epoch>"), Map.entry("highWatermark", "<offset>"), Map.entry("logEndOffset", "<offset>"),
        Map.entry("lastFetchTimestamp", "<time>"), Map.entry("lastCaughtUpTimestamp", "<time>"),
        Map.entry("lastTimestamp", "<time>"), Map.entry("transactionStartTimeMs", "<time>"),
        Map.entry("totalBytes", "<bytes>"), Map.entry("usableBytes", "<bytes>"), Map.entry("documentation", "<words>"),
        Map.entry("hmac", "<hmac>"), Map.entry("hmacAsBase64String", "<hmac>"), Map.entry("tokenId", "<token>"));
    private static final Set<String> LEFT_OUT =
        Set.of("getClass", "hashCode", "toString", "notify", "notifyAll", "wait", "clone", "iterator", "idString", "hasRack");

    private Outcome() {}

    static String of(Object value) {
        return render(value, 0);
    }

    static String ofFailure(Throwable thrown) {
        Throwable cause = thrown;
        while (cause.getCause() != null && isWrapper(cause)) cause = cause.getCause();
        String name = cause.getClass().getSimpleName();
        // What was under way when the time was over is chance.
        if (cause instanceof TimeoutException) return name + "(" + Errors.REQUEST_TIMED_OUT.code() + ")";
        return name + "(" + Errors.forException(cause).code() + ": " + withKinds(String.valueOf(cause.getMessage())) + ")";
    }

    private static boolean isWrapper(Throwable thrown) {
        return thrown instanceof ExecutionException || thrown instanceof CompletionException
            || thrown instanceof InvocationTargetException;
    }

    private static String render(Object value, int depth) {
        if (value == null) return "null";
        if (depth > DEPTH_MAX) throw new IllegalStateException("deeper than thought: " + value.getClass());
        if (value instanceof KafkaFuture<?> future) return renderFuture(future, depth);
        if (value instanceof Throwable thrown) return ofFailure(thrown);
        if (value instanceof Uuid uuid) return uuid.equals(Uuid.ZERO_UUID) ? "<no id>" : "<id>";
        if (value instanceof Long number) return number > EARLIEST_TIME_MS && number < Long.MAX_VALUE
            ? "<time>" : number.toString();
        if (value instanceof CharSequence text) return "'" + withKinds(text.toString()) + "'";
        if (value instanceof Number || value instanceof Boolean || value instanceof Enum<?>) return value.toString();
        if (value instanceof byte[] bytes) return bytes.length + " bytes";
        if (value instanceof Optional<?> optional) return optional.map(one -> render(one, depth + 1)).orElse("none");
        if (value instanceof OptionalInt optional) return optional.isPresent() ? "" + optional.getAsInt() : "none";
        if (value instanceof OptionalLong optional) return optional.isPresent() ? render(optional.getAsLong(), depth) : "none";
        if (value instanceof Object[] array) return render(Arrays.asList(array), depth);
        if (value instanceof Map<?, ?> map) return renderMap(map, depth);
        if (value instanceof Collection<?> many) return renderMany(many, depth);
        return renderParts(value, depth);
    }

    private static String renderFuture(KafkaFuture<?> future, int depth) {
        try {
            return render(future.get(PATIENCE_S, TimeUnit.SECONDS), depth + 1);
        } catch (Exception e) {
            return ofFailure(e);
        }
    }

    private static String renderMap(Map<?, ?> map, int depth) {
        Map<String, String> sorted = new TreeMap<>();
        map.forEach((key, one) -> sorted.put(render(key, depth + 1), render(one, depth + 1)));
        return sorted.toString();
    }

    // Kafka builds its lists from hash maps.
    private static String renderMany(Collection<?> many, int depth) {
        List<String> texts = new ArrayList<>();
        for (Object one : many) texts.add(render(one, depth + 1));
        texts.sort(null);
        return texts.toString();
    }

    private static String renderParts(Object value, int depth) {
        Map<String, String> parts = new TreeMap<>();
        for (Method method : value.getClass().getMethods()) {
            boolean isPart = method.getParameterCount() == 0 && method.getReturnType() != void.class
                && !Modifier.isStatic(method.getModifiers()) && !LEFT_OUT.contains(method.getName())
                && !method.isAnnotationPresent(Deprecated.class) && method.getReturnType() != value.getClass();
            if (!isPart) continue;
            String kind = KINDS.get(method.getName());
            parts.put(method.getName(), kind == null ? renderPart(value, method, depth) : kind);
        }
        return value.getClass().getSimpleName() + parts;
    }

    private static String renderPart(Object value, Method method, int depth) {
        try {
            method.setAccessible(true);
            return render(method.invoke(value), depth + 1);
        } catch (InvocationTargetException e) {
            return ofFailure(e);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String withKinds(String text) {
        return text
            .replaceAll("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<uuid>")
            .replaceAll("(127\\.0\\.0\\.1|localhost):\\d+", "<address>")
            .replaceAll("/[\\w./-]*(tmp|gregor)[\\w./-]*", "<path>")
            .replaceAll("\\b1[6-9]\\d{11}\\b", "<time>")
            .replaceAll("(?<![\\w-])[\\w-]{22}(?![\\w-])", "<id>")
            .replaceAll("\\s+", " ");
    }
}
