/**
 * docs/config.md, printed from the tables of keys so that the page cannot differ from the code. `npm run docs` writes it.
 */
import { loggerNames } from '../base/loggers.js'
import { clientMetricsKeys } from './client-metrics.js'
import { groupKeys, groupSynonym, isGroupKey } from './group-config.js'
import { allowedValues, type ConfigKey, type Effect, formatValue } from './key.js'
import { brokerKeyNames, brokerKeys } from './keys.js'
import { topicKeyNames, topicKeys } from './topic-keys.js'

export function configMarkdown(): string {
  const all = brokerKeyNames.map((name): Row => [name, brokerKeys[name]])
  const broker = all.filter(([, { effect }]) => effect === undefined)
  const topic = topicKeyNames.map((name): Row => [name, topicKeys[name]])
  const groups = Object.entries(groupKeys) as Row[]
  const metrics = Object.entries(clientMetricsKeys) as Row[]
  return `# Configuration

<!-- Printed by \`npm run docs\` from src/config; edit the tables there. -->

Names, types, bounds and defaults are those of Apache Kafka 4.4, so a \`server.properties\` or a set of \`KAFKA_*\` variables
written for Kafka starts Gregor. Where a default differs, Kafka's is given beside it. Keys that begin with \`gregor.\` are
Gregor's own.

A value is looked for in this order; the first place that has it wins:

1. what was set for this broker while it ran, as \`kafka-configs\` does it, then what was set for all brokers; only keys with
   something in the column *live* can be set so, with effect at once and over restarts,
2. \`--config key=value\` on the command line (or \`config\` given to \`startBroker\`); \`--listen\`, \`--advertise\` and
   \`--data-dir\` are short for \`listeners\`, \`advertised.listeners\` and \`log.dirs\`,
3. environment variables, mapped as the \`apache/kafka\` image does: \`KAFKA_NUM_PARTITIONS\` is \`num.partitions\`
   (\`___\` is a dash, \`__\` an underscore, \`_\` a dot); [containers.md](containers.md) says what else the images' variables do,
4. \`server.properties\`, given to \`gregor start\`,
5. the default.

An embedded broker (\`startBroker\`) reads neither the environment nor a file unless it is told to.

An unknown key is named in a warning and ignored, as in Kafka. A bad value stops the start, and every bad value is named at
once. Longs beyond 2^53 behave as 2^53-1; they are shown as they were written.

**Every key of Kafka 4.4 is known.** Most do what they do in Kafka. Of the others,

- some have [nothing to do](#nothing-to-do), and would not have in a Kafka of one node with the same features either. They are
  accepted everywhere, validated and shown; of those whose whole feature is not there a start says so, or is refused where they
  turn it on.
- some are [without effect](#without-effect), although they have one in Kafka. A start accepts them and says so in one line of the
  log; while the broker runs they cannot be set. Four keys of topics, marked *no effect*, are accepted all the same, because tools
  that copy topics (MirrorMaker) set whatever they find.
- some are [refused](#refused): they ask for protection that this version cannot give. The start stops at any other value than the
  default, and so it does at every unknown key that begins with \`ssl.\`, \`sasl.\`, \`delegation.token.\` or
  \`password.encoder.\`, also for one listener alone.

**Keys of one listener.** The \`ssl.\` and \`sasl.\` keys, \`max.connections\` and \`max.connection.creation.rate\` may be
given for one listener alone, with its name in lower case: \`listener.name.NAME.ssl.client.auth\`. Those of a SASL mechanism
may be given for that alone: \`listener.name.NAME.plain.sasl.jaas.config\`. Keys of the type *password* are never shown, neither
to tools nor in the log. A live \`ssl.\` key that is set to the value that it has makes the broker read its key stores again.

## Topics

Set when a topic is created, or while it is there. One that does not set a key takes it from the broker key in the last column.

| Key | Type | Default | Allowed | Meaning | Broker's default |
|---|---|---|---|---|---|
${topic.map(row => line(row, codeSpans(row[1].brokerKeys ?? []))).join('\n')}

## Broker

| Key | Type | Default | Allowed | Meaning | Live |
|---|---|---|---|---|---|
${broker.map(row => line(row, row[1].dynamic === undefined ? '' : lives[row[1].dynamic])).join('\n')}

### Nothing to do

${byReason(all, 'moot')}

### Without effect

${byReason(all, 'none')}

### Refused

${byReason(all, 'refused')}

## Groups

Kept, shown and listed as in Kafka. Those of share groups concern what is not served yet; the classic protocol has no configs of
its own in Kafka either.

| Key | Type | Default | Allowed | Meaning | Broker's default |
|---|---|---|---|---|---|
${groups.map(row => line(row, brokerKeyOfGroups(row))).join('\n')}

## Client metrics

| Key | Type | Default | Allowed | Meaning |
|---|---|---|---|---|
${metrics.map(row => line(row)).join('\n')}

## Loggers

The log of the process by Kafka's names of loggers, each with a level of its own: ${codeSpans(loggerNames)}. A level that is set
while the broker runs (\`kafka-configs --entity-type broker-loggers\`) is not kept over a restart. \`gregor.log.level\` is that
of \`root\`, which the others have unless they are set. TRACE counts as DEBUG, FATAL as ERROR.
`
}

function brokerKeyOfGroups([name]: Row): string {
  const key = isGroupKey(name) ? groupSynonym(name) : null
  return key === null ? '' : codeSpan(key)
}

const lives = { 'per-broker': 'one broker', 'cluster-wide': 'yes' } as const

/** Keys under what is said of all of them, with their defaults. */
function byReason(rows: readonly Row[], effect: Effect): string {
  const groups = new Map<string, string[]>()
  for (const [name, key] of rows) {
    if (key.effect !== effect) continue
    const shown = formatValue(key, key.default)
    const entry = shown === null || shown === '' ? codeSpan(name) : `${codeSpan(name)} (${codeSpan(shown)})`
    groups.set(key.doc, [...(groups.get(key.doc) ?? []), entry])
  }
  return [...groups].map(([doc, keys]) => `- ${doc} ${keys.join(', ')}`).join('\n')
}

type Row = readonly [name: string, key: ConfigKey<unknown>]

function line([name, key]: Row, last?: string): string {
  return `${commonCells(name, key)} |${last === undefined ? '' : ` ${last} |`}`
}

function commonCells(name: string, key: ConfigKey<unknown>): string {
  const ours = formatValue(key, key.default)
  const shown = ours === null ? 'unset' : ours === '' ? 'empty' : codeSpan(ours)
  const cells = [
    [codeSpan(name), ...(key.aliases ?? []).map(alias => `(or ${codeSpan(alias)})`)].join(' '),
    key.type,
    key.kafkaDefault === undefined ? shown : `${shown} (Kafka: ${key.kafkaDefault})`,
    allowedValues(key),
    key.effect === 'none' ? `*No effect.* ${key.doc}` : key.doc,
  ]
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')}`
}

function codeSpans(texts: readonly string[]): string {
  return texts.map(codeSpan).join(', ')
}

function codeSpan(text: string): string {
  return `\`${text}\``
}
