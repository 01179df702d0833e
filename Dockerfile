# The broker as an image that takes the place of Kafka's in a compose file: docs/containers.md. BASE is any image with Node 20.19 or
# newer, and npm for the first stage.
ARG BASE=docker.io/library/node:24-slim

FROM ${BASE} AS build
WORKDIR /gregor
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts --no-audit --no-fund \
 && find node_modules -type d -empty -delete && chmod 755 dist/bundle/gregor.js

FROM ${BASE}
ENV NODE_ENV=production GREGOR_IMAGE=1
WORKDIR /opt/gregor
COPY --from=build /gregor/package.json /gregor/LICENSE ./
COPY --from=build /gregor/node_modules ./node_modules
COPY --from=build /gregor/dist/bundle ./dist/bundle
# Where Kafka's images keep data, secrets and a mounted configuration, and what compose files call in them. The group may write as
# well: some platforms choose the user.
RUN ln -s /opt/gregor/dist/bundle/gregor.js /usr/bin/gregor \
 && mkdir -p /etc/kafka/docker /etc/confluent/docker /opt/bitnami/scripts/kafka \
 && printf '#!/bin/sh\nexec gregor start\n' \
  | tee /etc/kafka/docker/run /etc/confluent/docker/run /opt/bitnami/scripts/kafka/run.sh > /etc/confluent/docker/launch \
 && printf '#!/bin/sh\nexec "$@"\n' > /opt/bitnami/scripts/kafka/entrypoint.sh \
 && touch /etc/confluent/docker/configure /etc/confluent/docker/ensure \
 && chmod 755 /etc/kafka/docker/* /etc/confluent/docker/* /opt/bitnami/scripts/kafka/* \
 && mkdir -p /var/lib/kafka/data /bitnami/kafka/data /tmp/kraft-combined-logs /etc/kafka/secrets /mnt/shared/config \
 && chown -R 1000:0 /var/lib/kafka /bitnami /tmp/kraft-combined-logs /etc/confluent \
 && chmod -R 775 /var/lib/kafka /bitnami /tmp/kraft-combined-logs /etc/confluent
USER 1000
EXPOSE 9092
VOLUME ["/var/lib/kafka/data"]
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=3 CMD ["gregor", "ping"]
# None, as in Kafka's images: what a service says under `command` is a command.
ENTRYPOINT []
CMD ["gregor", "start"]
