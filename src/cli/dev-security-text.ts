/**
 * What `gregor start --dev-security` prints below the ready line: what is pasted into a client. The passwords are in it only by
 * the start that made them; later ones name the files.
 */
import type { DevSecurity, SecureClient } from '../index.js'

export function devSecurityText({ bootstrapServers, caFile, isNew, admin, app }: DevSecurity): string {
  const head = `\nTLS and passwords on ${bootstrapServers}, for development.`
  if (!isNew) {
    return `${head} Users and certificate are those of the first start:
  ${app.username}    ${app.propertiesFile}
  ${admin.username}  ${admin.propertiesFile} (super user)

`
  }
  return `${head} The passwords are shown this once, and kept with the data.
Two users: ${app.username}, whom ACLs bind, and ${admin.username}, a super user. Unless allow.everyone.if.no.acl.found is false,
what no ACL names everyone may use, also without a password: topics, groups, and the cluster with its users and ACLs.

# Java: also in ${app.propertiesFile}
${lines(app.java)}
# librdkafka: from 2.6.1 on, as with Kafka 4
${lines(app.librdkafka)}
// kafkajs
${kafkajsText(app, caFile)}
# ${admin.username}: password ${admin.password}
kafka-acls --command-config ${admin.propertiesFile} --bootstrap-server ${bootstrapServers} --list

`
}

function lines(properties: Readonly<Record<string, string>>): string {
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}

function kafkajsText({ kafkajs: { brokers, sasl } }: SecureClient, caFile: string): string {
  return `new Kafka({
  brokers: [${brokers.map(quoted).join(', ')}],
  ssl: { ca: [readFileSync(${quoted(caFile)}, 'utf8')] }, // of node:fs
  sasl: { mechanism: ${quoted(sasl.mechanism)}, username: ${quoted(sasl.username)}, password: ${quoted(sasl.password)} },
})
`
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
