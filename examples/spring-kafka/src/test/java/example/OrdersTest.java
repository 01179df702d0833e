package example;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.core.KafkaTemplate;

// The broker is started beside it: npx gregor start
@SpringBootTest(properties = {
    "spring.kafka.bootstrap-servers=${BOOTSTRAP_SERVERS:localhost:9092}",
    "spring.kafka.consumer.auto-offset-reset=earliest",
    "logging.level.root=WARN"
})
class OrdersTest {
    @SpringBootApplication
    static class Kitchen {
        final LinkedBlockingQueue<String> orders = new LinkedBlockingQueue<>();

        @KafkaListener(topics = "orders", groupId = "kitchen")
        void cook(String order) {
            orders.add(order);
        }
    }

    @Autowired
    Kitchen kitchen;

    @Autowired
    KafkaTemplate<String, String> kafka;

    @Test
    void ordersArrive() throws Exception {
        kafka.send("orders", "1", "tea").get(30, TimeUnit.SECONDS);
        assertEquals("tea", kitchen.orders.poll(30, TimeUnit.SECONDS));
    }
}
