/**
 * The command lines that both brokers are asked, in this order; every one sees what those before it did. Before a `|`:
 *
 *   both      with --bootstrap-server, and once more with --bootstrap-controller
 *   as alice  over the SASL listener
 *   until X   again and again, up to half a minute, until X is printed
 *   start N   in the background, under that name; `await N 3` waits for three lines, `stop N` ends it, as Ctrl-C does
 *   stopped   after the broker has stopped
 *
 * `< NAME` gives it an input, `{file NAME}` a file (inputs.ts). `{dir}` is the data directory, `{topic-id T}` and `{hmac}` what
 * the broker printed before.
 */
export const commands = `
  kafka-topics --create --topic plain --partitions 3
  kafka-topics --create --topic single --partitions 1 --config segment.bytes=1048576
  kafka-topics --create --topic placed --replica-assignment 1,1
  kafka-topics --create --topic kept --partitions 2 --config retention.ms=86400000 --config cleanup.policy=compact
  kafka-topics --create --topic under_score
  kafka-topics --create --topic with.period
  kafka-topics --create --topic plain --partitions 3
  kafka-topics --create --topic plain --if-not-exists
  kafka-topics --create --topic two --replication-factor 2
  kafka-topics --create --topic "not a name"
  kafka-topics --create --topic elsewhere --replica-assignment 7
  kafka-topics --create --topic unknown-config --config nope=1
  kafka-topics --create --topic bad-config --config retention.ms=soon
  kafka-topics --list
  kafka-topics --list --exclude-internal
  kafka-topics --list --topic p.*
  kafka-topics --describe
  kafka-topics --describe --topic kept
  kafka-topics --describe --topic-id {topic-id kept}
  kafka-topics --describe --topic nothing
  kafka-topics --describe --topic nothing --if-exists
  kafka-topics --describe --topics-with-overrides
  kafka-topics --describe --unavailable-partitions
  kafka-topics --describe --under-replicated-partitions
  kafka-topics --describe --under-min-isr-partitions
  kafka-topics --describe --at-min-isr-partitions
  kafka-topics --describe --partition-size-limit-per-response 1
  kafka-topics --alter --topic placed --partitions 4
  kafka-topics --alter --topic placed --partitions 5 --replica-assignment 1,1,1,1,1
  kafka-topics --alter --topic placed --partitions 2
  kafka-topics --alter --topic nothing --partitions 2
  kafka-topics --describe --topic placed
  kafka-topics --delete --topic placed
  until "does not exist" | kafka-topics --delete --topic placed
  kafka-topics --delete --topic placed --if-exists

  kafka-log-dirs --describe
  kafka-log-dirs --describe --broker-list 1 --topic-list plain,single
  kafka-log-dirs --describe --broker-list 7
  kafka-log-dirs --describe --topic-list nothing

  kafka-console-producer --topic plain --reader-property parse.key=true --reader-property key.separator=: < keyed
  kafka-console-producer --topic single --sync --compression-codec zstd < lines
  kafka-console-producer --topic single --request-required-acks 0 --command-property enable.idempotence=false < lines
  kafka-console-consumer --topic single --from-beginning --max-messages 6 --formatter-property print.offset=true
  kafka-console-consumer --topic single --partition 0 --offset 4 --max-messages 2 --formatter-property print.key=true
  kafka-console-consumer --topic plain --from-beginning --timeout-ms 2000 --group readers \
      --formatter-property print.key=true --formatter-property print.partition=true
  kafka-console-consumer --include s.*e --from-beginning --max-messages 4 --isolation-level read_committed
  kafka-console-consumer --topic single --offset 0

  kafka-topics --create --topic dumped --partitions 1
  kafka-console-producer --topic dumped --sync < lines
  kafka-console-producer --topic nothing! < lines

  kafka-get-offsets --exclude-internal-topics
  kafka-get-offsets --topic plain
  kafka-get-offsets --topic single --time earliest
  kafka-get-offsets --topic single --time latest
  kafka-get-offsets --topic kept --time max-timestamp
  kafka-get-offsets --topic single --time earliest-local
  kafka-get-offsets --topic single --time latest-tiered
  kafka-get-offsets --topic single --time earliest-pending-upload
  kafka-get-offsets --topic single --time 0
  kafka-get-offsets --topic-partitions plain:0-2,single:0 --exclude-internal-topics
  kafka-get-offsets --topic plain --partitions 1,2
  kafka-get-offsets --topic nothing
  kafka-get-offsets --topic single --time never

  kafka-delete-records --offset-json-file {file delete-two}
  kafka-delete-records --offset-json-file {file delete-too-many}
  kafka-get-offsets --topic single --time earliest

  kafka-leader-election --election-type preferred --topic single --partition 0
  kafka-leader-election --election-type unclean --topic single --partition 0
  kafka-leader-election --election-type preferred --all-topic-partitions
  kafka-leader-election --election-type preferred --path-to-json-file {file election}
  kafka-leader-election --election-type preferred --topic nothing --partition 0
  kafka-leader-election --election-type preferred --topic single --partition 9

  kafka-reassign-partitions --generate --topics-to-move-json-file {file move} --broker-list 1
  kafka-reassign-partitions --generate --topics-to-move-json-file {file move} --broker-list 1 --disable-rack-aware
  kafka-reassign-partitions --generate --topics-to-move-json-file {file move} --broker-list 7
  kafka-reassign-partitions --execute --reassignment-json-file {file stay}
  kafka-reassign-partitions --execute --reassignment-json-file {file stay} --throttle 100000
  kafka-reassign-partitions --execute --additional --reassignment-json-file {file stay} --throttle 200000
  kafka-reassign-partitions --verify --reassignment-json-file {file stay} --preserve-throttles
  kafka-reassign-partitions --verify --reassignment-json-file {file stay}
  kafka-configs --describe --entity-type topics --entity-name single
  kafka-reassign-partitions --execute --reassignment-json-file {file stay-here} --replica-alter-log-dirs-throttle 100000
  kafka-reassign-partitions --verify --reassignment-json-file {file stay-here}
  kafka-reassign-partitions --execute --reassignment-json-file {file go}
  kafka-reassign-partitions --execute --reassignment-json-file {file two} --disallow-replication-factor-change
  kafka-reassign-partitions --execute --reassignment-json-file {file nothing}
  both | kafka-reassign-partitions --list
  both | kafka-reassign-partitions --cancel --reassignment-json-file {file stay}

  kafka-broker-api-versions
  both | kafka-cluster api-versions
  both | kafka-cluster cluster-id
  both | kafka-cluster list-endpoints
  both | kafka-cluster list-endpoints --include-fenced-brokers
  both | kafka-cluster unregister --id 7
  both | kafka-cluster unregister-controller --id 7

  both | kafka-metadata-quorum describe --status
  both | kafka-metadata-quorum describe --replication
  both | kafka-metadata-quorum describe --replication --human-readable
  both | kafka-metadata-quorum remove-controller --controller-id 7 --controller-directory-id AAAAAAAAAAAAAAAAAAAAAQ
  both | kafka-metadata-quorum remove-controller --controller-id 7 --controller-directory-id AAAAAAAAAAAAAAAAAAAAAQ --dry-run

  both | kafka-features describe
  kafka-features describe --node-id 1
  both | kafka-features downgrade --feature transaction.version=1 --dry-run
  both | kafka-features downgrade --feature transaction.version=1
  both | kafka-features upgrade --feature transaction.version=2
  both | kafka-features disable --feature transaction.version
  kafka-features describe
  both | kafka-features upgrade --feature transaction.version=2
  kafka-features upgrade --feature transaction.version=9
  kafka-features upgrade --feature nothing=1
  kafka-features upgrade --release-version 3.3-IV3 --dry-run
  kafka-features downgrade --feature metadata.version=1
  kafka-features downgrade --metadata 3.3-IV0
  kafka-features version-mapping --release-version 4.0-IV3
  kafka-features feature-dependencies --feature transaction.version=2

  both | kafka-configs --alter --entity-type brokers --entity-name 1 --add-config log.retention.bytes=2000
  both | kafka-configs --alter --entity-type brokers --entity-default --add-config log.retention.bytes=1000
  both | kafka-configs --describe --entity-type brokers --entity-name 1
  both | kafka-configs --describe --entity-type brokers --entity-default
  both | kafka-configs --alter --entity-type brokers --entity-name 1 --delete-config log.retention.bytes
  both | kafka-configs --alter --entity-type brokers --entity-default --delete-config log.retention.bytes
  kafka-configs --alter --entity-type brokers --entity-name 1 --add-config num.partitions=3
  kafka-configs --alter --entity-type brokers --entity-name 1 --add-config log.retention.bytes=soon
  both | kafka-configs --describe --entity-type brokers --entity-name 7
  kafka-configs --alter --topic kept --add-config retention.ms=1000,cleanup.policy=[compact,delete]
  kafka-configs --describe --topic kept
  kafka-configs --describe --topic kept --all
  kafka-configs --alter --topic kept --delete-config retention.ms
  kafka-configs --alter --topic kept --delete-config retention.ms
  kafka-configs --alter --topic kept --add-config-file {file configs}
  kafka-configs --alter --topic nothing --add-config retention.ms=1000
  kafka-configs --alter --topic kept --add-config nope=1
  kafka-configs --describe --entity-type topics
  kafka-configs --alter --broker-logger 1 --add-config nothing=WARN
  kafka-configs --alter --user bob --add-config producer_byte_rate=1024,consumer_byte_rate=2048
  kafka-configs --alter --user bob --client app --add-config request_percentage=50
  kafka-configs --alter --user-defaults --client-defaults --add-config controller_mutation_rate=5
  kafka-configs --alter --ip 127.0.0.9 --add-config connection_creation_rate=100
  kafka-configs --alter --ip-defaults --add-config connection_creation_rate=1000
  kafka-configs --alter --user bob --add-config nope=1
  kafka-configs --alter --user bob --add-config producer_byte_rate=0
  kafka-configs --describe --entity-type users
  kafka-configs --describe --entity-type users --entity-type clients
  kafka-configs --describe --user bob --client app
  kafka-configs --describe --entity-type ips
  kafka-configs --alter --user bob --delete-config producer_byte_rate,consumer_byte_rate
  kafka-configs --alter --user bob --client app --delete-config request_percentage
  kafka-configs --alter --user-defaults --client-defaults --delete-config controller_mutation_rate
  kafka-configs --alter --ip 127.0.0.9 --delete-config connection_creation_rate
  kafka-configs --alter --ip-defaults --delete-config connection_creation_rate
  kafka-configs --describe --entity-type users
  kafka-configs --alter --group readers --add-config consumer.session.timeout.ms=50000
  kafka-configs --describe --group readers
  kafka-configs --alter --group readers --delete-config consumer.session.timeout.ms

  kafka-client-metrics --alter --name cpu --metrics org.apache.kafka. --interval 60000 \
      --match client_id=a.*,client_software_name=b
  kafka-client-metrics --describe --name cpu
  kafka-client-metrics --describe
  kafka-client-metrics --list
  kafka-client-metrics --alter --generate-name --metrics org.
  kafka-client-metrics --alter --name cpu --interval 1
  kafka-client-metrics --alter --name cpu --match nope=a
  kafka-client-metrics --alter --name cpu --interval ""
  kafka-client-metrics --describe --name cpu
  kafka-client-metrics --delete --name cpu
  kafka-client-metrics --describe --name cpu

  both | kafka-acls --add --allow-principal User:bob --operation Read --operation Write --topic orders
  both | kafka-acls --add --deny-principal User:eve --deny-host 10.0.0.1 --operation All --topic ord \
      --resource-pattern-type prefixed
  both | kafka-acls --list
  both | kafka-acls --list --topic orders --resource-pattern-type match
  both | kafka-acls --remove --force --allow-principal User:bob --operation Write --topic orders
  both | kafka-acls --remove --force --topic orders
  both | kafka-acls --remove --force --topic ord --resource-pattern-type prefixed
  both | kafka-acls --list

  as alice | kafka-delegation-tokens --create --max-life-time-period -1 --renewer-principal User:bob
  as alice until "tokens : 1" | kafka-delegation-tokens --describe --owner-principal User:bob
  as alice | kafka-delegation-tokens --describe
  as alice | kafka-delegation-tokens --describe --owner-principal User:eve
  as alice | kafka-delegation-tokens --renew --renew-time-period 3600000 --hmac {hmac}
  as alice | kafka-delegation-tokens --expire --expiry-time-period -1 --hmac {hmac}
  as alice | kafka-delegation-tokens --describe

  kafka-topics --create --topic load --partitions 1
  kafka-producer-perf-test --topic load --num-records 5000 --record-size 100 --throughput -1
  kafka-producer-perf-test --topic load --num-records 1000 --payload-monotonic --throughput -1 --command-property acks=1
  kafka-producer-perf-test --topic load --num-records 1000 --payload-file {file payload} --throughput -1 \
      --record-key-range 10 --key-distribution range
  kafka-producer-perf-test --topic load --num-records 2000 --record-size 100 --throughput -1 --warmup-records 500
  kafka-producer-perf-test --topic load --num-records 1000 --record-size 100 --throughput -1 --transactional-id perf \
      --transaction-duration-ms 600000
  until load:0:10001 | kafka-get-offsets --topic load
  kafka-consumer-perf-test --topic load --num-records 10000 --group perf
  kafka-consumer-perf-test --topic load --num-records 10000 --from-latest --timeout 1500 --group perf-latest
  kafka-consumer-perf-test --include lo.* --num-records 10000 --group perf-all --hide-header --show-detailed-stats
  kafka-e2e-latency --topic single --num-records 50 --producer-acks all --record-size 20
  kafka-e2e-latency --topic single --num-records 20 --producer-acks 1 --record-size 20 --record-key-size 5 \
      --num-headers 2 --record-header-key-size 3 --record-header-size 4
  kafka-topics --create --topic verified --partitions 1
  kafka-verifiable-producer --topic verified --max-messages 500 --acks -1 --value-prefix 7 --repeating-keys 10
  kafka-verifiable-producer --topic verified --max-messages 100 --acks 1 --throughput 1000 --message-create-time 1700000000000
  kafka-verifiable-consumer --topic verified --group-id verified --max-messages 600
  kafka-verifiable-consumer --topic verified --group-id verified-static --group-instance-id one --max-messages 600 \
      --verbose --enable-autocommit
  kafka-get-offsets --topic verified

  kafka-transactions list
  kafka-transactions list --duration-filter 600000
  kafka-transactions list --transactional-id-pattern p.*
  kafka-transactions describe --transactional-id perf
  kafka-transactions describe --transactional-id nothing
  kafka-transactions describe-producers --topic load --partition 0
  kafka-transactions describe-producers --topic load --partition 0 --broker-id 1
  kafka-transactions find-hanging --broker-id 1
  kafka-transactions find-hanging --topic load --partition 0
  kafka-transactions abort --topic load --partition 0 --start-offset 3
  kafka-transactions forceTerminateTransaction --transactionalId nothing
  kafka-transactions forceTerminateTransaction --transactionalId perf

  start member | kafka-console-consumer --topic plain --group readers --command-property client.id=reader
  until Stable | kafka-consumer-groups --describe --group readers --state
  kafka-consumer-groups --describe --group readers
  kafka-consumer-groups --describe --group readers --offsets --verbose
  kafka-consumer-groups --describe --group readers --members
  kafka-consumer-groups --describe --group readers --members --verbose
  kafka-consumer-groups --describe --group readers --state --verbose
  kafka-consumer-groups --list --state Stable
  kafka-consumer-groups --reset-offsets --group readers --topic plain --to-earliest --execute
  kafka-consumer-groups --delete-offsets --group readers --topic plain
  kafka-consumer-groups --delete --group readers
  kafka-groups --list
  stop member
  kafka-consumer-groups --list
  kafka-consumer-groups --list --state --type
  kafka-consumer-groups --list --type consumer
  kafka-consumer-groups --describe --group readers
  kafka-consumer-groups --describe --all-groups --state
  kafka-consumer-groups --describe --group nothing
  kafka-consumer-groups --reset-offsets --group readers --topic plain --to-earliest --dry-run
  kafka-consumer-groups --reset-offsets --group readers --topic plain --to-earliest --execute
  kafka-consumer-groups --reset-offsets --group readers --topic plain:0,1 --to-latest --execute
  kafka-consumer-groups --reset-offsets --group readers --topic plain:0 --to-offset 1 --execute
  kafka-consumer-groups --reset-offsets --group readers --topic plain:0 --shift-by 100 --execute
  kafka-consumer-groups --reset-offsets --group readers --all-topics --by-duration PT1H --execute
  kafka-consumer-groups --reset-offsets --group readers --all-topics --to-datetime 2000-01-01T00:00:00.000 --execute
  kafka-consumer-groups --reset-offsets --group readers --all-topics --to-current --export --execute
  kafka-consumer-groups --reset-offsets --group readers --from-file {file offsets} --execute
  kafka-consumer-groups --reset-offsets --group readers --topic nothing --to-earliest --execute
  kafka-consumer-groups --reset-offsets --all-groups --all-topics --to-latest --dry-run
  kafka-consumer-groups --describe --group readers
  kafka-consumer-groups --delete-offsets --group readers --topic plain:0
  kafka-consumer-groups --delete-offsets --group readers --topic nothing
  kafka-consumer-groups --delete-offsets --group nothing --topic plain
  kafka-consumer-groups --delete --group verified
  kafka-consumer-groups --delete --group nothing
  kafka-consumer-groups --validate-regex p.*
  kafka-groups --list --group-type classic
  kafka-groups --list --protocol consumer
  kafka-groups --list --consumer
  kafka-groups --list --share
  kafka-groups --list --streams
  kafka-share-groups --list
  kafka-share-groups --describe --all-groups
  kafka-streams-groups --list
  kafka-streams-groups --describe --all-groups

  kafka-topics --create --topic app-store-changelog --partitions 3
  kafka-topics --create --topic app-words-repartition --partitions 3
  kafka-console-consumer --topic plain --from-beginning --timeout-ms 2000 --group app
  kafka-streams-application-reset --application-id app --input-topics plain --dry-run
  kafka-streams-application-reset --application-id app --input-topics plain --internal-topics app-store-changelog
  kafka-streams-application-reset --application-id app --input-topics plain --to-latest
  kafka-streams-application-reset --application-id app --input-topics plain --shift-by -1
  kafka-streams-application-reset --application-id app --input-topics plain --to-offset 1 --force
  kafka-streams-application-reset --application-id app --input-topics nothing
  kafka-consumer-groups --describe --group app
  kafka-topics --list --topic app.*

  start replicas | kafka-replica-verification --broker-list {broker} --topics-include single --report-interval-ms 100 \
      --max-wait-ms 100 --time -2
  await replicas 4
  stop replicas

  stopped | kafka-dump-log --files {dir}/dumped-0/00000000000000000000.log --print-data-log --deep-iteration
  stopped | kafka-dump-log --files {dir}/dumped-0/00000000000000000000.log --skip-record-metadata
  stopped | kafka-dump-log --files {dir}/dumped-0/00000000000000000000.index --index-sanity-check
  stopped | kafka-dump-log --files {dir}/dumped-0/00000000000000000000.timeindex --verify-index-only
  stopped | kafka-dump-log --files {dir}/__cluster_metadata-0/00000000000000000000.log --cluster-metadata-decoder
`
