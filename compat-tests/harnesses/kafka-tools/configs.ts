/** kafka-configs of topics, brokers, loggers, client metrics and groups. What it prints here it prints of Kafka, word by word. */
import { expect, expectClean, expectContains, expectEqual } from './checks.js'
import { runTool, type Scenario } from './scenario.js'

export async function checkConfigs(scenario: Scenario): Promise<void> {
  await checkTopicConfigs(scenario)
  await checkDynamicConfigs(scenario)
}

/** One call: its arguments, then the lines that it prints, or what it fails with. */
type Step = readonly [args: string, ...lines: string[]] | readonly [args: string, failure: RegExp]

async function checkDynamicConfigs(scenario: Scenario): Promise<void> {
  const { checks } = scenario
  const tool = 'kafka-configs'
  const play = (rule: string, steps: readonly Step[]) =>
    checks.check(tool, rule, async () => {
      for (const [args, ...expected] of steps) {
        const run = await runTool(scenario, tool, args.split(' '))
        const [failure] = expected
        if (failure instanceof RegExp) {
          expectEqual(run.exitCode, 1, `exit code of ${args}`)
          expectContains(run.stderr, failure)
          continue
        }
        // Kafka with eligible leader replicas sets this one by itself.
        const lines = expectClean(run)
          .stdout.split('\n')
          .map(line => line.trim())
        expectEqual(
          lines.filter(line => line !== '' && !line.startsWith('min.insync.replicas=')),
          expected,
          args,
        )
      }
    })
  const id = String(scenario.brokerId)
  const [broker, all] = [`--broker ${id}`, '--broker-defaults']
  const bytes = 'log.retention.bytes'
  const changed = `Completed updating config for broker ${id}.`
  const changedForAll = 'Completed updating default config for brokers in the cluster.'
  const title = `Dynamic configs for broker ${id} are:`

  await play('--alter --broker and --broker-defaults, with the precedence of one broker over all', [
    [`--alter ${all} --add-config ${bytes}=1000,log.cleanup.policy=[compact,delete]`, changedForAll],
    [`--alter ${broker} --add-config ${bytes}=2000`, changed],
    [
      `--describe ${broker}`,
      title,
      `${bytes}=2000 sensitive=false synonyms={DYNAMIC_BROKER_CONFIG:${bytes}=2000, DYNAMIC_DEFAULT_BROKER_CONFIG:${bytes}=1000, DEFAULT_CONFIG:${bytes}=-1}`,
    ],
    [
      `--describe ${all}`,
      'Default configs for brokers in the cluster are:',
      'log.cleanup.policy=compact,delete sensitive=false synonyms={DYNAMIC_DEFAULT_BROKER_CONFIG:log.cleanup.policy=compact,delete}',
      `${bytes}=1000 sensitive=false synonyms={DYNAMIC_DEFAULT_BROKER_CONFIG:${bytes}=1000}`,
    ],
    [`--alter ${broker} --delete-config ${bytes}`, changed],
    [`--alter ${all} --delete-config ${bytes},log.cleanup.policy`, changedForAll],
    ['--describe --entity-type brokers', title, 'Default configs for brokers in the cluster are:'],
  ])
  await play('--alter --broker refuses what does not change while a broker runs, and what is no value', [
    [
      `--alter ${broker} --add-config num.partitions=3`,
      /InvalidRequestException: Cannot update these configs dynamically: \[num\.partitions\]/,
    ],
    [
      `--alter ${broker} --add-config ${bytes}=soon`,
      /InvalidRequestException: Invalid value soon for configuration log\.retention\.bytes/,
    ],
    [`--describe ${broker}`, title],
    ['--describe --broker 77', "The broker '77' doesn't exist and doesn't have dynamic config."],
  ])

  const changedLogger = `Completed updating config for broker-logger ${id}.`
  await checks.check(tool, '--broker-logger: the levels of loggers, and that of the root', async () => {
    const logger = (...args: string[]) => runTool(scenario, tool, [...args.slice(0, 1), '--broker-logger', id, ...args.slice(1)])
    for (const level of ['WARN', 'INFO']) {
      expectContains(expectClean(await logger('--alter', '--add-config', `root=${level}`)).stdout, changedLogger)
      expectContains(expectClean(await logger('--describe')).stdout, `  root=${level} sensitive=false synonyms={}`)
    }
    expectContains((await logger('--alter', '--add-config', 'no.such=WARN')).stderr, 'Invalid broker logger(s): no.such')
    const refused = await logger('--alter', '--delete-config', 'root')
    expectContains(refused.stderr, 'Removing the log level of the root logger is not allowed')
  })

  const metric = `metrics-${scenario.groups.readers}`
  const changedMetric = `Completed updating config for client-metric ${metric}.`
  const shownMetric = [
    `Dynamic configs for client-metric ${metric} are:`,
    'interval.ms=1000 sensitive=false synonyms={DYNAMIC_CLIENT_METRICS_CONFIG:interval.ms=1000}',
    'match=client_id=a.*,client_software_name=b sensitive=false synonyms={DYNAMIC_CLIENT_METRICS_CONFIG:match=client_id=a.*,client_software_name=b}',
    'metrics=org.a. sensitive=false synonyms={DYNAMIC_CLIENT_METRICS_CONFIG:metrics=org.a.}',
  ]
  await play('--client-metrics: made by its first config, gone with its last, refused out of bounds', [
    [
      `--alter --client-metrics ${metric} --add-config metrics=org.a.,interval.ms=1000,match=[client_id=a.*,client_software_name=b]`,
      changedMetric,
    ],
    [`--describe --client-metrics ${metric}`, ...shownMetric],
    ['--describe --entity-type client-metrics', ...shownMetric],
    [`--alter --client-metrics ${metric} --add-config interval.ms=1`, /interval must be between 100 and 3600000/],
    [`--alter --client-metrics ${metric} --add-config nope=1`, /Unknown client metrics configuration: nope/],
    [`--alter --client-metrics ${metric} --delete-config metrics,interval.ms,match`, changedMetric],
    [`--describe --client-metrics ${metric}`, `The client-metric '${metric}' doesn't exist and doesn't have dynamic config.`],
  ])

  const group = `configured-${scenario.groups.readers}`
  const changedGroup = `Completed updating config for group ${group}.`
  const timeout = 'consumer.session.timeout.ms'
  const shownGroup = [
    `Dynamic configs for group ${group} are:`,
    `${timeout}=50000 sensitive=false synonyms={DYNAMIC_GROUP_CONFIG:${timeout}=50000, DEFAULT_CONFIG:group.${timeout}=45000}`,
    'share.isolation.level=read_committed sensitive=false synonyms={DYNAMIC_GROUP_CONFIG:share.isolation.level=read_committed, DEFAULT_CONFIG:share.isolation.level=read_uncommitted}',
  ]
  await play('--group: its configs over the broker’s, within the broker’s bounds', [
    [`--alter --group ${group} --add-config ${timeout}=50000,share.isolation.level=read_committed`, changedGroup],
    [`--describe --group ${group}`, ...shownGroup],
    ['--describe --entity-type groups', ...shownGroup],
    [`--alter --group ${group} --add-config ${timeout}=1`, /must be in the range 45000 to 60000 inclusive/],
    [`--alter --group ${group} --add-config nope=1`, /InvalidConfigurationException: Unknown group config name: nope/],
    [`--alter --group ${group} --delete-config ${timeout},share.isolation.level`, changedGroup],
    [`--describe --group ${group}`, `The group '${group}' doesn't exist and doesn't have dynamic config.`],
  ])
}

async function checkTopicConfigs(scenario: Scenario): Promise<void> {
  const { checks, topics } = scenario
  const tool = 'kafka-configs'
  const synonyms = '{DYNAMIC_TOPIC_CONFIG:segment.bytes=1048576, DEFAULT_CONFIG:log.segment.bytes=1073741824}'
  const ownSegmentBytes = `segment.bytes=1048576 sensitive=false synonyms=${synonyms}`

  await checks.check(tool, '--describe --topic shows the overrides with their synonyms', async () => {
    for (const entity of [
      ['--topic', topics.lines],
      ['--entity-type', 'topics', '--entity-name', topics.lines],
    ]) {
      const run = expectClean(await runTool(scenario, tool, ['--describe', ...entity]))
      const [title, ...configs] = run.stdout.trimEnd().split('\n')
      expectEqual(title, `Dynamic configs for topic ${topics.lines} are:`, 'first line')
      expectEqual(configs.map(line => line.trim().split('=')[0]).sort(), ['index.interval.bytes', 'segment.bytes'], 'overrides')
      expectContains(run.stdout, ownSegmentBytes)
    }
  })
  await checks.check(tool, '--describe --topic --all shows defaults beside overrides', async () => {
    const run = expectClean(await runTool(scenario, tool, ['--describe', '--topic', topics.lines, '--all']))
    for (const config of [
      'cleanup.policy=delete ',
      'retention.ms=604800000 ',
      'max.message.bytes=1048588 ',
      'compression.type=producer ',
    ]) {
      expectContains(run.stdout, `  ${config}sensitive=false`)
    }
    const timestampType = 'message.timestamp.type=CreateTime'
    expectContains(run.stdout, `${timestampType} sensitive=false synonyms={DEFAULT_CONFIG:log.${timestampType}}`)
    expectContains(run.stdout, ownSegmentBytes)
  })
  await checks.check(tool, '--describe --topic of an unknown topic says so', async () => {
    const run = expectClean(await runTool(scenario, tool, ['--describe', '--topic', `${topics.lines}-unknown`]))
    expectContains(run.stdout, "doesn't exist and doesn't have dynamic config")
  })
  await checks.check(tool, '--describe --broker, with --all its static and default configs', async () => {
    const id = String(scenario.brokerId)
    const own = expectClean(await runTool(scenario, tool, ['--describe', '--broker', id]))
    expectContains(own.stdout, `Dynamic configs for broker ${id} are:`)
    const all = expectClean(await runTool(scenario, tool, ['--describe', '--broker', id, '--all']))
    expectContains(all.stdout, `All configs for broker ${id} are:`)
    expectContains(
      all.stdout,
      'log.segment.bytes=1073741824 sensitive=false synonyms={DEFAULT_CONFIG:log.segment.bytes=1073741824}',
    )
    expectContains(all.stdout, /^ {2}auto\.create\.topics\.enable=true sensitive=false/m)
    expectContains(all.stdout, /^ {2}offsets\.topic\.num\.partitions=50 sensitive=false/m)
  })
  await checks.check(tool, '--describe --broker-defaults', async () => {
    const run = expectClean(await runTool(scenario, tool, ['--describe', '--broker-defaults']))
    expectContains(run.stdout, 'Default configs for brokers in the cluster are:')
  })
  await checks.check(tool, '--alter changes a topic’s configs, takes them back, and refuses what they cannot be', async () => {
    const alter = (...changes: string[]) => runTool(scenario, tool, ['--alter', '--topic', topics.lines, ...changes])
    const described = async () => expectClean(await runTool(scenario, tool, ['--describe', '--topic', topics.lines])).stdout
    const done = `Completed updating config for topic ${topics.lines}.`
    const added = await alter('--add-config', 'retention.ms=86400000,cleanup.policy=[compact,delete]')
    expectContains(expectClean(added).stdout, done)
    const after = await described()
    expectContains(after, '  retention.ms=86400000 sensitive=false')
    expectContains(after, '  cleanup.policy=compact,delete sensitive=false')
    expectContains(after, ownSegmentBytes)
    const refused = await alter('--add-config', 'retention.ms=soon')
    expectEqual(refused.exitCode, 1, 'exit code')
    expectContains(refused.stderr, 'InvalidConfigurationException')
    expectContains(expectClean(await alter('--delete-config', 'retention.ms,cleanup.policy')).stdout, done)
    expect(!/retention\.ms|cleanup\.policy/.test(await described()), 'the configs are still there')
  })
}
