/**
 * docs/config.md, printed from the tables of keys so that the page cannot differ from the code. `npm run docs` writes it.
 */
import { allowedValues, type ConfigKey, formatValue } from './key.js'
import { brokerKeyNames, brokerKeys } from './keys.js'
import { topicKeyNames, topicKeys } from './topic-keys.js'

export function configMarkdown(): string {
  const broker = brokerKeyNames.map((name): Row => [name, brokerKeys[name]])
  const topic = topicKeyNames.map((name): Row => [name, topicKeys[name]])
  return `# Configuration

<!-- Printed by \`npm run docs\` from src/config; edit the tables there. -->

Names, types, bounds and defaults are those of Apache Kafka 4.4, so a \`server.properties\` or a set of \`KAFKA_*\` variables
written for Kafka starts Gregor. Where a default differs, Kafka's is given beside it. Keys that begin with \`gregor.\` are
Gregor's own.

A value is looked for in this order; the first place that has it wins:

1. \`--config key=value\` on the command line (or \`config\` given to \`startBroker\`); \`--listen\`, \`--advertise\` and
   \`--data-dir\` are short for \`listeners\`, \`advertised.listeners\` and \`log.dirs\`,
2. environment variables, mapped as the \`apache/kafka\` image does: \`KAFKA_NUM_PARTITIONS\` is \`num.partitions\`
   (\`___\` is a dash, \`__\` an underscore, \`_\` a dot),
3. \`server.properties\`, given to \`gregor start\`,
4. the default.

An embedded broker (\`startBroker\`) reads neither the environment nor a file unless it is told to.

An unknown key is named in a warning and ignored, as in Kafka. A bad value stops the start, and every bad value is named at
once. Longs beyond 2^53 behave as 2^53-1; they are shown as they were written.

**Keys that do nothing yet.** Tools and shared configurations set keys that have no meaning for one broker, or that this
version does not act on. They are accepted for compatibility, validated and shown, have no effect in this version, and are
marked *no effect* below.

**Keys that protect.** A key that asks for protection which this version cannot give is not ignored: the start is refused. That
goes for the keys marked *refused* below, unless they have their default, and for every other key that begins with \`ssl.\`,
\`sasl.\`, \`delegation.token.\` or \`password.encoder.\`, also for one listener alone.

**Keys of one listener.** The \`ssl.\` and \`sasl.\` keys may be given for one listener alone, with its name in lower case:
\`listener.name.NAME.ssl.client.auth\`. Those of a SASL mechanism may be given for that alone:
\`listener.name.NAME.plain.sasl.jaas.config\`. Keys of the type *password* are never shown, neither to tools nor in the log.

## Topics

Set when a topic is created; a topic that does not set a key takes it from the broker key in the last column.

| Key | Type | Default | Allowed | Meaning | Broker's default |
|---|---|---|---|---|---|
${topic.map(topicLine).join('\n')}

## Broker

| Key | Type | Default | Allowed | Meaning |
|---|---|---|---|---|
${broker.map(brokerLine).join('\n')}
`
}

type Row = readonly [name: string, key: ConfigKey<unknown>]

function topicLine([name, key]: Row): string {
  return `${commonCells(name, key)} | ${(key.brokerKeys ?? []).map(codeSpan).join(', ')} |`
}

function brokerLine([name, key]: Row): string {
  return `${commonCells(name, key)} |`
}

function commonCells(name: string, key: ConfigKey<unknown>): string {
  const ours = formatValue(key, key.default)
  const shown = ours === null ? 'unset' : ours === '' ? 'empty' : codeSpan(ours)
  const cells = [
    [codeSpan(name), ...(key.aliases ?? []).map(alias => `(or ${codeSpan(alias)})`)].join(' '),
    key.type,
    key.kafkaDefault === undefined ? shown : `${shown} (Kafka: ${key.kafkaDefault})`,
    allowedValues(key),
    key.effect === 'none' ? `*No effect.* ${key.doc}` : key.effect === 'refused' ? `*Refused.* ${key.doc}` : key.doc,
  ]
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')}`
}

function codeSpan(text: string): string {
  return `\`${text}\``
}
