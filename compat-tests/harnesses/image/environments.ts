/**
 * Compose files that people use, reduced to the variables of their Kafka service and the files that it mounts. `source` says
 * where such a file is found; what is here are its facts.
 */

export interface Composed {
  readonly name: string
  readonly source: string
  readonly environment: Readonly<Record<string, string>>
  /** Mounted files by their paths in the container. Stores are made by the test. */
  readonly files?: Readonly<Record<string, string>>
  readonly stores?: { readonly keyStore: string; readonly trustStore: string; readonly password: string }
  /** How clients log in at SASL listeners. */
  readonly login?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
    readonly username: string
    readonly password: string
  }
}

export interface Refused extends Composed {
  readonly because: RegExp
}

const oneReplica = {
  KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
  KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
  KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
  KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
}
const sharedState = {
  KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR: '1',
  KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR: '1',
}
const combined = { KAFKA_NODE_ID: '1', KAFKA_PROCESS_ROLES: 'broker,controller', KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER' }
const twoPlaintext = 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PLAINTEXT_HOST:PLAINTEXT'
const confluents = {
  ...combined,
  ...oneReplica,
  KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: twoPlaintext,
  KAFKA_INTER_BROKER_LISTENER_NAME: 'PLAINTEXT',
  KAFKA_LOG_DIRS: '/tmp/kraft-combined-logs',
}
const bitnamis = {
  KAFKA_CFG_NODE_ID: '0',
  KAFKA_CFG_PROCESS_ROLES: 'controller,broker',
  KAFKA_CFG_CONTROLLER_QUORUM_VOTERS: '0@kafka:9093',
  KAFKA_CFG_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
}
const plainModule = 'org.apache.kafka.common.security.plain.PlainLoginModule'
const admin = { mechanism: 'plain', username: 'admin', password: 'admin-secret' } as const

export const started: readonly Composed[] = [
  {
    name: 'apache/kafka, plaintext',
    source: 'apache/kafka docker/examples/docker-compose-files/single-node/plaintext',
    environment: {
      ...combined,
      ...oneReplica,
      ...sharedState,
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: twoPlaintext,
      KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT_HOST://localhost:9092,PLAINTEXT://broker:19092',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@broker:29093',
      KAFKA_LISTENERS: 'CONTROLLER://:29093,PLAINTEXT_HOST://:9092,PLAINTEXT://:19092',
      KAFKA_INTER_BROKER_LISTENER_NAME: 'PLAINTEXT',
      CLUSTER_ID: '4L6g3nShT-eMCtK--X86sw',
      KAFKA_LOG_DIRS: '/tmp/kraft-combined-logs',
    },
  },
  {
    name: 'apache/kafka, TLS with client certificates',
    source: 'apache/kafka docker/examples/docker-compose-files/single-node/ssl',
    environment: {
      ...combined,
      ...oneReplica,
      ...sharedState,
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'SSL:SSL,CONTROLLER:PLAINTEXT,SSL-INTERNAL:SSL',
      KAFKA_ADVERTISED_LISTENERS: 'SSL://localhost:9093,SSL-INTERNAL://broker:19093',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@broker:29093',
      KAFKA_LISTENERS: 'SSL://:9093,CONTROLLER://:29093,SSL-INTERNAL://:19093',
      KAFKA_INTER_BROKER_LISTENER_NAME: 'SSL-INTERNAL',
      KAFKA_LOG_DIRS: '/tmp/kraft-combined-logs',
      CLUSTER_ID: '4L6g3nShT-eMCtK--X86sw',
      KAFKA_SSL_KEYSTORE_FILENAME: 'kafka01.keystore.jks',
      KAFKA_SSL_KEYSTORE_CREDENTIALS: 'kafka_keystore_creds',
      KAFKA_SSL_KEY_CREDENTIALS: 'kafka_ssl_key_creds',
      KAFKA_SSL_TRUSTSTORE_FILENAME: 'kafka.truststore.jks',
      KAFKA_SSL_TRUSTSTORE_CREDENTIALS: 'kafka_truststore_creds',
      KAFKA_SSL_CLIENT_AUTH: 'required',
      KAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM: '',
    },
    files: {
      '/etc/kafka/secrets/kafka_keystore_creds': 'abcdefgh\n',
      '/etc/kafka/secrets/kafka_ssl_key_creds': 'abcdefgh\n',
      '/etc/kafka/secrets/kafka_truststore_creds': 'abcdefgh\n',
    },
    stores: {
      keyStore: '/etc/kafka/secrets/kafka01.keystore.jks',
      trustStore: '/etc/kafka/secrets/kafka.truststore.jks',
      password: 'abcdefgh',
    },
  },
  {
    name: 'apache/kafka, a JAAS file',
    source: 'apache/kafka docker/examples/docker-compose-files/single-node/sasl_plaintext',
    environment: {
      ...combined,
      ...oneReplica,
      ...sharedState,
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP:
        'CONTROLLER:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_PLAINTEXT_HOST:SASL_PLAINTEXT',
      KAFKA_ADVERTISED_LISTENERS: 'SASL_PLAINTEXT_HOST://localhost:9094,SASL_PLAINTEXT://broker:19094',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@broker:29093',
      KAFKA_LISTENERS: 'CONTROLLER://:29093,SASL_PLAINTEXT_HOST://:9094,SASL_PLAINTEXT://:19094',
      KAFKA_INTER_BROKER_LISTENER_NAME: 'SASL_PLAINTEXT',
      CLUSTER_ID: '4L6g3nShT-eMCtK--X86sw',
      KAFKA_LOG_DIRS: '/tmp/kraft-combined-logs',
      KAFKA_SASL_ENABLED_MECHANISMS: 'PLAIN',
      KAFKA_SASL_MECHANISM_INTER_BROKER_PROTOCOL: 'PLAIN',
      KAFKA_OPTS: '-Djava.security.auth.login.config=/etc/kafka/secrets/broker_jaas.conf',
    },
    files: {
      '/etc/kafka/secrets/broker_jaas.conf': `KafkaServer {
        ${plainModule} required username="admin" password="admin-secret" user_admin="admin-secret" user_alice="alice-secret";
      };`,
    },
    login: { mechanism: 'plain', username: 'alice', password: 'alice-secret' },
  },
  {
    name: 'apache/kafka, one listener and a volume',
    source: 'GitHub Cooltk63/TK README.md',
    environment: {
      ...combined,
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@kafka:9093',
      KAFKA_LISTENERS: 'PLAINTEXT://0.0.0.0:9092,CONTROLLER://0.0.0.0:9093',
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
      KAFKA_INTER_BROKER_LISTENER_NAME: 'PLAINTEXT',
      KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT://localhost:9092',
    },
  },
  {
    name: 'cp-kafka with schema registry, Connect, ksqlDB and Control Center',
    source: 'confluentinc/cp-all-in-one cp-all-in-one-kraft',
    environment: {
      ...confluents,
      KAFKA_BROKER_ID: '1',
      KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT://broker:29092,PLAINTEXT_HOST://localhost:9092',
      KAFKA_JMX_PORT: '9101',
      KAFKA_JMX_HOSTNAME: 'localhost',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@broker:29093',
      KAFKA_LISTENERS: 'PLAINTEXT://broker:29092,CONTROLLER://broker:29093,PLAINTEXT_HOST://0.0.0.0:9092',
    },
  },
  {
    name: 'cp-kafka beside ZooKeeper, listeners by what is advertised',
    source: 'confluentinc/cp-all-in-one cp-all-in-one-community',
    environment: {
      ...oneReplica,
      KAFKA_BROKER_ID: '1',
      KAFKA_ZOOKEEPER_CONNECT: 'zookeeper:2181',
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,PLAINTEXT_HOST:PLAINTEXT',
      KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT://broker:29092,PLAINTEXT_HOST://localhost:9092',
      KAFKA_JMX_PORT: '9101',
    },
  },
  {
    name: 'cp-server with metrics and a licence',
    source: 'confluentinc/cp-all-in-one cp-all-in-one',
    environment: {
      ...confluents,
      KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT://broker:29092,PLAINTEXT_HOST://localhost:9092',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@broker:29093',
      KAFKA_LISTENERS: 'PLAINTEXT://broker:29092,CONTROLLER://broker:29093,PLAINTEXT_HOST://0.0.0.0:9092',
      KAFKA_METRIC_REPORTERS: 'io.confluent.metrics.reporter.ConfluentMetricsReporter',
      KAFKA_CONFLUENT_LICENSE_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_CONFLUENT_SCHEMA_REGISTRY_URL: 'http://schema-registry:8081',
      CONFLUENT_METRICS_REPORTER_BOOTSTRAP_SERVERS: 'broker:29092',
      CLUSTER_ID: 'MkU3OEVBNTcwNTJENDM2Qk',
    },
  },
  {
    name: 'confluent-local with its REST proxy',
    source: 'confluentinc/kafka-images examples/confluent-local',
    environment: {
      ...confluents,
      KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT://broker:29092,PLAINTEXT_HOST://localhost:9092',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@broker:29093',
      KAFKA_LISTENERS: 'PLAINTEXT://broker:29092,CONTROLLER://broker:29093,PLAINTEXT_HOST://0.0.0.0:9092',
      KAFKA_REST_HOST_NAME: 'rest-proxy',
      KAFKA_REST_BOOTSTRAP_SERVERS: 'broker:29092',
      KAFKA_REST_LISTENERS: 'http://0.0.0.0:8082',
      CLUSTER_ID: '4L6g3nShT-eMCtK--X86sw',
    },
  },
  {
    name: 'cp-kafka beside kafka-ui, with JMX options',
    source: 'kafbat/kafka-ui documentation/compose/kafbat-ui.yaml',
    environment: {
      ...confluents,
      KAFKA_BROKER_ID: '1',
      KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT://kafka0:29092,PLAINTEXT_HOST://localhost:9092',
      KAFKA_JMX_PORT: '9997',
      KAFKA_JMX_OPTS: '-Dcom.sun.management.jmxremote -Dcom.sun.management.jmxremote.authenticate=false',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@kafka0:29093',
      KAFKA_LISTENERS: 'PLAINTEXT://kafka0:29092,CONTROLLER://kafka0:29093,PLAINTEXT_HOST://0.0.0.0:9092',
    },
  },
  {
    name: 'cp-kafka, logins of one listener',
    source: 'Go tests with testcontainers on cp-kafka 7.4.0',
    environment: {
      ...combined,
      ...oneReplica,
      KAFKA_ADVERTISED_LISTENERS: 'SASL_PLAINTEXT://localhost:29092,SASL_PLAINTEXT_HOST://localhost:9092',
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP:
        'SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_PLAINTEXT_HOST:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
      KAFKA_LISTENERS: 'SASL_PLAINTEXT://0.0.0.0:29092,SASL_PLAINTEXT_HOST://0.0.0.0:9092,CONTROLLER://0.0.0.0:9093',
      KAFKA_INTER_BROKER_LISTENER_NAME: 'SASL_PLAINTEXT',
      KAFKA_SASL_MECHANISM_INTER_BROKER_PROTOCOL: 'PLAIN',
      KAFKA_SASL_ENABLED_MECHANISMS: 'PLAIN',
      KAFKA_LISTENER_NAME_SASL__PLAINTEXT_PLAIN_SASL_JAAS_CONFIG: `${plainModule} required user_admin="admin-secret";`,
      KAFKA_LISTENER_NAME_SASL__PLAINTEXT__HOST_PLAIN_SASL_JAAS_CONFIG: `${plainModule} required user_admin="admin-secret";`,
      KAFKA_OPTS: '-Djava.security.auth.login.config=/dev/null',
    },
    login: admin,
  },
  {
    name: 'cp-kafka, a JAAS file beside an open listener',
    source: 'kafbat/kafka-ui documentation/compose/ui-sasl.yaml, with the authorizer that its super users need',
    environment: {
      ...combined,
      ...oneReplica,
      KAFKA_BROKER_ID: '1',
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,PLAINTEXT_HOST:PLAINTEXT',
      KAFKA_ADVERTISED_LISTENERS: 'SASL_PLAINTEXT://kafka:29092,PLAINTEXT_HOST://localhost:9092',
      KAFKA_OPTS: '-Djava.security.auth.login.config=/etc/kafka/jaas/kafka_server.conf',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@kafka:29093',
      KAFKA_LISTENERS: 'SASL_PLAINTEXT://kafka:29092,CONTROLLER://kafka:29093,PLAINTEXT_HOST://0.0.0.0:9092',
      KAFKA_INTER_BROKER_LISTENER_NAME: 'SASL_PLAINTEXT',
      KAFKA_SASL_ENABLED_MECHANISMS: 'PLAIN',
      KAFKA_SASL_MECHANISM_INTER_BROKER_PROTOCOL: 'PLAIN',
      KAFKA_LOG_DIRS: '/tmp/kraft-combined-logs',
      KAFKA_SECURITY_PROTOCOL: 'SASL_PLAINTEXT',
      KAFKA_AUTHORIZER_CLASS_NAME: 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      KAFKA_SUPER_USERS: 'User:admin;User:ANONYMOUS',
    },
    files: {
      '/etc/kafka/jaas/kafka_server.conf': `KafkaServer { ${plainModule} required username="admin" user_admin="admin-secret"; };
        Client {};`,
    },
    login: admin,
  },
  {
    name: 'bitnami/kafka, as it comes',
    source: 'bitnami/containers bitnami/kafka/4.1/debian-12/docker-compose.yml',
    environment: {
      KAFKA_CFG_NODE_ID: '0',
      KAFKA_CFG_PROCESS_ROLES: 'controller,broker',
      KAFKA_CFG_LISTENERS: 'PLAINTEXT://:9092,CONTROLLER://:9093',
      KAFKA_CFG_ADVERTISED_LISTENERS: 'PLAINTEXT://:9092',
      KAFKA_CFG_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
      KAFKA_CFG_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_CFG_INTER_BROKER_LISTENER_NAME: 'PLAINTEXT',
    },
  },
  {
    name: 'bitnami/kafka, inside and outside, with a policy for topics',
    source: 'a compose file of a development environment on bitnami/kafka 3.7.1',
    environment: {
      KAFKA_CFG_NODE_ID: '1',
      KAFKA_CFG_PROCESS_ROLES: 'controller,broker',
      KAFKA_KRAFT_CLUSTER_ID: 'insurance-dev-cluster-uuid',
      KAFKA_CFG_LISTENERS: 'INTERNAL://:9092,CONTROLLER://:9093,EXTERNAL://:9094',
      KAFKA_CFG_ADVERTISED_LISTENERS: 'INTERNAL://kafka:9092,EXTERNAL://localhost:9094',
      KAFKA_CFG_LISTENER_SECURITY_PROTOCOL_MAP: 'INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT,EXTERNAL:PLAINTEXT',
      KAFKA_CFG_INTER_BROKER_LISTENER_NAME: 'INTERNAL',
      KAFKA_CFG_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_CFG_CONTROLLER_QUORUM_VOTERS: '1@kafka:9093',
      KAFKA_CFG_AUTO_CREATE_TOPICS_ENABLE: 'false',
      KAFKA_CFG_NUM_PARTITIONS: '3',
      KAFKA_CFG_DEFAULT_REPLICATION_FACTOR: '1',
      KAFKA_CFG_MIN_INSYNC_REPLICAS: '1',
      KAFKA_CFG_LOG_RETENTION_BYTES: '1073741824',
      KAFKA_CFG_COMPRESSION_TYPE: 'lz4',
      ALLOW_PLAINTEXT_LISTENER: 'yes',
    },
  },
  {
    name: 'bitnami/kafka, users of SCRAM and PLAIN',
    source: 'bitnami/containers README; also met with SCRAM alone',
    environment: {
      ...bitnamis,
      KAFKA_CFG_LISTENERS: 'SASL_PLAINTEXT://:9092,CONTROLLER://:9093',
      KAFKA_CFG_ADVERTISED_LISTENERS: 'SASL_PLAINTEXT://localhost:9092',
      KAFKA_CFG_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT',
      KAFKA_CFG_INTER_BROKER_LISTENER_NAME: 'SASL_PLAINTEXT',
      KAFKA_CFG_SASL_MECHANISM_INTER_BROKER_PROTOCOL: 'SCRAM-SHA-512',
      KAFKA_CLIENT_LISTENER_NAME: 'SASL_PLAINTEXT',
      KAFKA_CLIENT_USERS: 'user,second',
      KAFKA_CLIENT_PASSWORDS: 'secret,other',
      KAFKA_INTER_BROKER_USER: 'between',
      KAFKA_INTER_BROKER_PASSWORD: 'brokers',
    },
    login: { mechanism: 'scram-sha-512', username: 'second', password: 'other' },
  },
  {
    name: 'bitnami/kafka, a controller that asks for a login, too',
    source: 'bitnami/containers README, Apache Kafka KRaft mode with SASL',
    environment: {
      ...bitnamis,
      KAFKA_CFG_LISTENERS: 'SASL_PLAINTEXT://:9092,CONTROLLER://:9093',
      KAFKA_CFG_ADVERTISED_LISTENERS: 'SASL_PLAINTEXT://localhost:9092',
      KAFKA_CFG_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:SASL_PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT',
      KAFKA_CFG_SASL_MECHANISM_CONTROLLER_PROTOCOL: 'PLAIN',
      KAFKA_CFG_SASL_MECHANISM_INTER_BROKER_PROTOCOL: 'PLAIN',
      KAFKA_CONTROLLER_USER: 'controller_user',
      KAFKA_CONTROLLER_PASSWORD: 'controller_password',
      KAFKA_CLIENT_USERS: 'user',
      KAFKA_CLIENT_PASSWORDS: 'password',
    },
    login: { mechanism: 'plain', username: 'user', password: 'password' },
  },
  {
    name: 'bitnami/kafka, TLS by its own stores and PLAIN',
    source: 'bitnami/containers README, Security',
    environment: {
      ...bitnamis,
      KAFKA_CFG_LISTENERS: 'SASL_SSL://:9092,CONTROLLER://:9093',
      KAFKA_CFG_ADVERTISED_LISTENERS: 'SASL_SSL://localhost:9092',
      KAFKA_CFG_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL',
      KAFKA_CFG_SASL_ENABLED_MECHANISMS: 'PLAIN',
      KAFKA_CFG_SASL_MECHANISM_INTER_BROKER_PROTOCOL: 'PLAIN',
      KAFKA_CLIENT_USERS: 'user',
      KAFKA_CLIENT_PASSWORDS: 'password',
      KAFKA_TLS_TYPE: 'JKS',
      KAFKA_TLS_CLIENT_AUTH: 'none',
      KAFKA_CERTIFICATE_PASSWORD: 'certificatePassword123',
      KAFKA_CFG_SSL_KEYSTORE_LOCATION: '/opt/bitnami/kafka/config/certs/kafka.keystore.jks',
      KAFKA_TLS_TRUSTSTORE_FILE: '/opt/bitnami/kafka/config/certs/kafka.truststore.jks',
    },
    stores: {
      keyStore: '/opt/bitnami/kafka/config/certs/kafka.keystore.jks',
      trustStore: '/opt/bitnami/kafka/config/certs/kafka.truststore.jks',
      password: 'certificatePassword123',
    },
    login: { mechanism: 'plain', username: 'user', password: 'password' },
  },
]

const instead = /process\.roles=broker,controller|Start one broker and name it alone/

export const refused: readonly Refused[] = [
  {
    name: 'bitnami/kafka, three nodes',
    source: 'bitnami/containers bitnami/kafka/3.7/debian-12/docker-compose-cluster.yml',
    environment: {
      ...bitnamis,
      KAFKA_CFG_CONTROLLER_QUORUM_VOTERS: '0@kafka-0:9093,1@kafka-1:9093,2@kafka-2:9093',
      KAFKA_KRAFT_CLUSTER_ID: 'abcdefghijklmnopqrstuv',
      KAFKA_CFG_LISTENERS: 'PLAINTEXT://:9092,CONTROLLER://:9093',
      KAFKA_CFG_ADVERTISED_LISTENERS: 'PLAINTEXT://:9092',
      KAFKA_CFG_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    },
    because: instead,
  },
  {
    name: 'apache/kafka, a controller beside brokers',
    source: 'apache/kafka docker/examples/docker-compose-files/cluster/isolated/plaintext',
    environment: {
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'controller',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@controller-1:9093,2@controller-2:9093,3@controller-3:9093',
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_LISTENERS: 'CONTROLLER://:9093',
    },
    because: instead,
  },
  {
    name: 'cp-kafka, one of three brokers of another controller',
    source: 'confluentinc/kafka-images examples/confluent-kafka',
    environment: {
      KAFKA_NODE_ID: '2',
      KAFKA_PROCESS_ROLES: 'broker',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
      KAFKA_LISTENERS: 'PLAINTEXT://localhost:19092',
      KAFKA_INTER_BROKER_LISTENER_NAME: 'PLAINTEXT',
      KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT://localhost:19092',
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      CLUSTER_ID: '4L6g3nShT-eMCtK--X86sw',
    },
    because: instead,
  },
  {
    name: 'super users without an authorizer',
    source: 'kafbat/kafka-ui documentation/compose/ui-sasl.yaml',
    environment: { ...combined, KAFKA_LISTENERS: 'PLAINTEXT://:9092', KAFKA_SUPER_USERS: 'User:admin,User:enzo' },
    because: /super\.users: there is no authorizer/,
  },
  {
    name: 'secrets that are not mounted',
    source: 'tulios/kafkajs docker-compose.2_4.yml without its volumes',
    environment: {
      KAFKA_BROKER_ID: '0',
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT_HOST:PLAINTEXT,SSL_HOST:SSL',
      KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT_HOST://localhost:9092,SSL_HOST://localhost:9093',
      KAFKA_SSL_KEYSTORE_FILENAME: 'kafka.server.keystore.jks',
      KAFKA_SSL_KEYSTORE_CREDENTIALS: 'keystore_creds',
    },
    because: /KAFKA_SSL_KEYSTORE_CREDENTIALS: ENOENT/,
  },
  {
    name: 'Kerberos',
    source: 'the variables of GSSAPI in the documentation of Confluent',
    environment: {
      ...combined,
      KAFKA_LISTENERS: 'SASL_PLAINTEXT://:9092',
      KAFKA_ADVERTISED_LISTENERS: 'SASL_PLAINTEXT://localhost:9092',
      KAFKA_SASL_ENABLED_MECHANISMS: 'GSSAPI',
      KAFKA_SASL_KERBEROS_SERVICE_NAME: 'kafka',
    },
    because: /sasl\.(enabled\.mechanisms|kerberos\.service\.name)/,
  },
]
