/**
 * How each client is started as a member, and what it may say while others come and go. A client whose toolchain is missing
 * gives its places to the others; whatever a client says beyond its list is a finding.
 */
import { join } from 'node:path'
import { type ClientName, installClient } from '../../lib/clients.js'
import { javaArgs, kafkaClasspath, shortLivedJvmArgs } from '../../lib/maven.js'
import { cacheFolder, compatSources, repositoryRoot } from '../../lib/paths.js'
import { pythonInterpreter } from '../../lib/python.js'
import { type Assignor, type GroupProtocol, memberEnvironment } from './member-options.js'

export interface MemberArguments {
  readonly bootstrap: string
  readonly topic: string
  readonly group: string
  readonly clientId: string
  readonly protocol: GroupProtocol
  readonly assignor: Assignor
}

export interface MemberClient {
  readonly name: ClientName
  /** Of the twenty places of the classic drama, and of the ten where the consumer protocol is spoken. */
  readonly places: number
  readonly consumerPlaces: number
  command(member: MemberArguments): readonly string[]
  /** False for one that may commit a record which it never shows when it is told to leave; it is only killed. */
  readonly leavesWhole: boolean
  /** Lines on stderr that belong to a group in motion. */
  readonly expected: readonly RegExp[]
  /** Lines that only a member may say which was stopped for longer than its session. */
  readonly expectedAfterPause: readonly RegExp[]
  /** Further lines where the broker is killed and the group changes its protocol. */
  readonly expectedInUpheavals: readonly RegExp[]
}

const sources = join(compatSources, 'harnesses', 'group-drama', 'members')
const programs = join(repositoryRoot, 'dist', 'compat-tests', 'harnesses', 'group-drama', 'members')
const { DRAMA_SESSION_MS, DRAMA_REBALANCE_MS, DRAMA_HEARTBEAT_MS } = memberEnvironment

const positional = ({ bootstrap, topic, group, clientId }: MemberArguments) => [bootstrap, topic, group, clientId]

/** librdkafka's own words, the same in kcat and confluent-kafka. */
const librdkafkaAfterPause: readonly RegExp[] = [
  /MAXPOLL|max\.poll\.interval\.ms|maximum poll interval/i,
  /SESSTMOUT.*[Cc]onsumer group session timed out/,
]

/** Every one that starts says this where a broker serves client metrics. */
const librdkafkaMetrics = /GETSUBSCRIPTIONS.*Telemetry client instance id changed/

const librdkafkaInUpheavals: readonly RegExp[] = [
  /\|FAIL\|.*(Disconnected: |(Connect to ipv4#\S+|Send|Receive) failed: Connection (refused|reset by peer))/,
  // A busy machine.
  /REQTMOUT.*Timed out (ConsumerGroupHeartbeatRequest in flight|\d+ in-flight)/,
  /^consume: KafkaError\{code=(_TRANSPORT|_ALL_BROKERS_DOWN|REBALANCE_IN_PROGRESS),/,
]

type Words = Pick<MemberClient, 'expected' | 'expectedAfterPause' | 'expectedInUpheavals' | 'leavesWhole' | 'consumerPlaces'>

const nothing: Words = { consumerPlaces: 0, leavesWhole: true, expected: [], expectedAfterPause: [], expectedInUpheavals: [] }

const kafkajs: Words = {
  ...nothing,
  expected: [/The group is rebalancing, so a rejoin is needed|The group is rebalancing, re-joining/],
  expectedAfterPause: [/The coordinator is not aware of this member|Specified group generation id is not valid/],
}

const aiokafka: Words = {
  ...nothing,
  expected: [/^WARNING .* Heartbeat failed for group \S+ because it is rebalancing$/],
  expectedAfterPause: [
    /Heartbeat session expired - marking coordinator dead$|Marking the coordinator dead \(node \d+\)\s?for group/,
    /Heartbeat failed: local member_id was not recognized; resetting and re-joining group$/,
    /OffsetCommit failed for group \S+ due to group error \(\[Error 25\] UnknownMemberIdError: \S+\), will rejoin$/,
    /Auto offset commit failed: \[Error 25\] UnknownMemberIdError/,
    // One message of several lines.
    /OffsetCommit failed before join, ignoring: CommitFailedError/,
  ],
}

const kafkaPython: Words = {
  ...nothing,
  expected: [
    // Others leave while this member commits for the last time.
    /Offset commit failed: group membership out of date/,
    // The commit before a rebalance shares the time of the poll, which may be almost over; it says so with a stack.
    /Pre-rebalance offset commit failed: This is likely to cause duplicate message delivery/,
    /^Traceback \(most recent call last\):$|^ {2,}\S|^kafka\.errors\.KafkaTimeoutError: KafkaTimeoutError: None$/,
    // The machine is busy.
    /Task .* ran for \d+\.\d+s \(>0\.100s threshold\)/,
  ],
  expectedAfterPause: [/Heartbeat session expired/, /OffsetCommit for group \S+ failed: \[Error 25\] UnknownMemberIdError/],
}

const franzGo: Words = {
  ...nothing,
  consumerPlaces: 4,
  expectedAfterPause: [
    /unable to commit offset for topic partition; .* error_code: (22|25)$/,
    /in default commit: unable to commit offsets for topic partition; .* error: (UNKNOWN_MEMBER_ID|ILLEGAL_GENERATION)/,
    /group manage loop errored; .* err: (UNKNOWN_MEMBER_ID|ILLEGAL_GENERATION)/,
    /unable to join group session: (UNKNOWN_MEMBER_ID|ILLEGAL_GENERATION)/,
    // It was paused between its JoinGroup and its SyncGroup.
    /sync group failed; .* err: (UNKNOWN_MEMBER_ID|ILLEGAL_GENERATION)/,
    /received an OffsetCommitResponse after our group session has ended/,
    /(group manage loop errored; .* err|unable to join group session): read tcp \S+: i\/o timeout/,
  ],
  expectedInUpheavals: [
    /unable to open connection to broker; |read from broker errored, killing connection after /,
    /default commit failed; .* err: unable to dial: /,
    /(group manage loop errored; .* err|unable to join group session): (unable to dial|REBALANCE_IN_PROGRESS): /,
    /join group failed; .* err: REBALANCE_IN_PROGRESS: /,
    // A member of a cooperative group commits while others join.
    /in default commit: unable to commit offsets for topic partition; .* error: REBALANCE_IN_PROGRESS/,
  ],
}

const javaConsoleWords: Words = {
  ...nothing,
  consumerPlaces: 2,
  // Java 4.4 recommends the other protocol at every start.
  expected: [/^Processed a total of \d+ messages$/, /^The consumer rebalance protocol \(KIP-848\) is production-ready!/],
  expectedAfterPause: [
    /Offset commit failed on partition \S+ at offset \d+: The coordinator is not aware of this member\./,
    /(ConsumerGroupHeartbeatRequest failed because of|OffsetCommit failed with) (UNKNOWN_MEMBER_ID|FENCED_MEMBER_EPOCH)/,
    // It says the second with a stack.
    /^org\.apache\.kafka\.clients\.consumer\.CommitFailedException: |^\tat /,
    /LeaveGroup request with .* failed with error: The coordinator is not aware of this member\./,
    /[Cc]onsumer poll timeout has expired\. |Time between subsequent calls to poll\(\) was longer than the configured/,
    /Asynchronous auto-commit of offsets .*(is not part of an active group|the group has already rebalanced)/,
  ],
  expectedInUpheavals: [
    /Connection to node \S+ \(\S+\) could not be established|Bootstrap broker \S+ .* disconnected/,
    /Offset commit failed on partition \S+ at offset \d+: Specified group generation id is not valid\./,
    /HeartbeatRequest failed because of unexpected exception|Auto-commit of offsets .* failed/,
    /^org\.apache\.kafka\.common\.errors\.(Disconnect|NotCoordinator|CoordinatorLoadInProgress)Exception/,
  ],
}

const confluentKafka: Words = {
  ...nothing,
  consumerPlaces: 4,
  expected: [librdkafkaMetrics],
  expectedAfterPause: librdkafkaAfterPause,
  expectedInUpheavals: librdkafkaInUpheavals,
}

/** Its consume callback returns at once when a signal has come, while librdkafka has stored the record's offset already. */
const kcatWords: Words = { ...nothing, leavesWhole: false, expectedAfterPause: librdkafkaAfterPause }

async function available(name: ClientName): Promise<boolean> {
  const { notRun } = await installClient(name)
  if (notRun !== null) console.log(`not run  ${name}: ${notRun}`)
  return notRun === null
}

/** All that can run here, in the order in which they get their places. */
export async function memberClients(): Promise<MemberClient[]> {
  const clients: MemberClient[] = [
    {
      name: 'kafkajs',
      places: 4,
      command: member => [process.execPath, join(programs, 'kafkajs.js'), ...positional(member)],
      ...kafkajs,
    },
    {
      name: 'platformatic-kafka',
      places: 3,
      command: member => [process.execPath, join(programs, 'platformatic-kafka.js'), ...positional(member)],
      ...nothing,
    },
  ]
  const python = await pythonInterpreter()
  if (python !== null) {
    const script = (file: string) => (member: MemberArguments) => [python, join(sources, file), ...positional(member)]
    clients.push(
      {
        name: 'confluent-kafka',
        places: 3,
        command: script('confluent_kafka_member.py'),
        ...confluentKafka,
      },
      { name: 'aiokafka', places: 3, command: script('aiokafka_member.py'), ...aiokafka },
      { name: 'kafka-python', places: 2, command: script('kafka_python_member.py'), ...kafkaPython },
    )
  }
  if (await available('franz-go')) {
    clients.push({
      name: 'franz-go',
      places: 2,
      command: member => [join(cacheFolder(), 'franz-go-client'), 'member', ...positional(member)],
      ...franzGo,
    })
  }
  if (await available('kcat')) {
    clients.push({ name: 'kcat', places: 2, command: kcat, ...kcatWords })
  }
  const classpath = await kafkaClasspath()
  if (classpath !== null) {
    clients.push({
      name: 'java-console',
      places: 1,
      command: member => javaConsole(classpath, member),
      ...javaConsoleWords,
    })
  } else console.log('not run  java-console: needs Java, Maven and its registry')
  return clients
}

function kcat({ bootstrap, topic, group, clientId }: MemberArguments): string[] {
  const settings = [
    `client.id=${clientId}`,
    `session.timeout.ms=${DRAMA_SESSION_MS}`,
    `heartbeat.interval.ms=${DRAMA_HEARTBEAT_MS}`,
    `max.poll.interval.ms=${DRAMA_REBALANCE_MS}`,
    'auto.commit.interval.ms=1000',
    'auto.offset.reset=earliest',
    'partition.assignment.strategy=range',
  ]
  return [
    'kcat',
    '-q',
    '-u',
    '-b',
    bootstrap,
    ...settings.flatMap(setting => ['-X', setting]),
    '-G',
    group,
    '-f',
    'r %p %o\n',
    topic,
  ]
}

const javaAssignors = { range: 'RangeAssignor', 'cooperative-sticky': 'CooperativeStickyAssignor' }

function javaConsole(classpath: string, { bootstrap, topic, group, clientId, protocol, assignor }: MemberArguments): string[] {
  const ofClassic = [
    `session.timeout.ms=${DRAMA_SESSION_MS}`,
    `heartbeat.interval.ms=${DRAMA_HEARTBEAT_MS}`,
    `partition.assignment.strategy=org.apache.kafka.clients.consumer.${javaAssignors[assignor]}`,
  ]
  const settings = [
    `client.id=${clientId}`,
    `group.protocol=${protocol}`,
    `max.poll.interval.ms=${DRAMA_REBALANCE_MS}`,
    'auto.commit.interval.ms=1000',
    ...(protocol === 'classic' ? ofClassic : []),
  ]
  const java = ['java', ...shortLivedJvmArgs, ...javaArgs(classpath), 'org.apache.kafka.tools.consumer.ConsoleConsumer']
  return [
    ...java,
    ...['--bootstrap-server', bootstrap, '--topic', topic, '--group', group, '--from-beginning'],
    ...settings.flatMap(setting => ['--command-property', setting]),
    ...['--formatter-property', 'print.partition=true', '--formatter-property', 'print.offset=true'],
  ]
}
