/**
 * Security in one line, for development: a listener SASL_SSL beside what is there, with a certificate of an authority made for
 * it, and two users of SCRAM, of whom one is a super user. What was made is kept with the data and used again, so that clients
 * need not be told anew. Everything is put into the configuration that an operator would write.
 *
 *   gregor-dev-security.json     certificate, its key, passwords; secret
 *   gregor-dev-ca.pem            what clients trust
 *   gregor-dev-NAME.properties   for Java and its tools, one for each user; secret
 */
import { X509Certificate } from 'node:crypto'
import { resolve } from 'node:path'
import { toBase64Url } from '../base/bytes.js'
import { realWorld } from '../base/world.js'
import { addressText, parseListeners } from '../config/listeners.js'
import { ConfigError, type ConfigLayer, optionsLayer, resolveBrokerConfig, standardAuthorizer } from '../config/resolve.js'
import type { ScramUser } from '../security/scram-argument.js'
import { scramIterationsMin, scramMechanisms } from '../security/scram-credentials.js'
import { nodeFiles, replaceFile } from '../storage/files.js'
import type { RunningBroker } from './broker.js'
import { type DevelopmentCertificate, isGoodFor, makeDevelopmentCertificate } from './development-authority.js'

/** What a client of one user needs. */
export interface SecureClient {
  readonly username: string
  readonly password: string
  /** Options of kafkajs: `new Kafka({ ...kafkajs })`. */
  readonly kafkajs: {
    readonly brokers: string[]
    readonly ssl: { readonly ca: string[] }
    readonly sasl: { readonly mechanism: 'scram-sha-512'; readonly username: string; readonly password: string }
  }
  /** Properties of Java's clients. */
  readonly java: Readonly<Record<string, string>>
  /** Properties of librdkafka, for kcat, confluent-kafka, node-rdkafka and others. */
  readonly librdkafka: Readonly<Record<string, string>>
  /** A file with the properties of Java's clients, as `--command-config` of Kafka's tools takes one. */
  readonly propertiesFile: string
}

export interface DevSecurity {
  /** Listens with SASL_SSL. */
  readonly bootstrapServers: string
  /** The authority's certificate, PEM, and a file with it. */
  readonly ca: string
  readonly caFile: string
  /** Made by this start: nobody has been told the passwords. */
  readonly isNew: boolean
  /** The super user. */
  readonly admin: SecureClient
  /** An ordinary user: ACLs count. */
  readonly app: SecureClient
}

interface Identity extends DevelopmentCertificate {
  readonly passwords: Readonly<Record<UserName, string>>
}

const userNames = ['admin', 'app'] as const
type UserName = (typeof userNames)[number]

export const devSecurityFile = 'gregor-dev-security.json'
const authorityFile = 'gregor-dev-ca.pem'
const propertiesFileOf = (user: UserName) => `gregor-dev-${user}.properties`

const listenerName = 'SASL_SSL'
const passwordBytes = 18

export interface PreparedSecurity {
  readonly layers: readonly ConfigLayer[]
  readonly scramUsers: readonly ScramUser[]
  /** To be called when the broker serves and the directory is its own. */
  finish(broker: Pick<RunningBroker, 'directory' | 'listeners'>): Promise<DevSecurity>
}

// Clients know one time, the machine's, whatever the cluster's is.
const world = realWorld
const files = nodeFiles

/** @param layers strongest first. @throws ConfigError */
export async function prepareDevSecurity(layers: readonly ConfigLayer[], isEphemeral: boolean): Promise<PreparedSecurity> {
  const asked = [optionsLayer(listenerAndSuperUser(layers), 'security'), ...layers, optionsLayer(authorization, 'security')]
  const { config } = resolveBrokerConfig(asked)
  const { host, advertised } = config.listeners.find(({ name }) => name === listenerName)!
  const kept = isEphemeral ? null : readIdentity(config.dataDirectory)
  const isNew = kept === null
  const hosts = [...new Set([...loopback, ...(isEverywhere(host) ? [] : [host]), ...(advertised?.host ? [advertised.host] : [])])]
  const isUsable = kept !== null && isGoodFor(hosts, kept.certificate, world.nowMs())
  const identity = isUsable ? kept : await makeIdentity(hosts, kept?.passwords ?? newPasswords())
  return {
    layers: [optionsLayer(listenerSettings(identity), 'security'), ...asked],
    scramUsers: userNames.flatMap(name => usersOf(name, identity.passwords[name], isNew)),
    async finish(broker) {
      const directory = resolve(broker.directory.path)
      const port = broker.listeners.find(({ name }) => name === listenerName)?.port ?? 0
      const bootstrapServers = addressText(advertised?.host || host, advertised?.port || port)
      const clients = { bootstrapServers, ca: identity.authority, directory }
      const [admin, app] = userNames.map(name => clientOf(name, identity.passwords[name], clients)) as [
        SecureClient,
        SecureClient,
      ]
      const isDurable = !isEphemeral
      if (!isUsable) {
        await replaceFile(files, directory, devSecurityFile, `${JSON.stringify(identity, null, 2)}\n`, isDurable, true)
      }
      await replaceFile(files, directory, authorityFile, identity.authority, isDurable)
      for (const name of userNames) {
        const { java } = name === 'admin' ? admin : app
        await replaceFile(files, directory, propertiesFileOf(name), propertiesText(java), isDurable, true)
      }
      return { bootstrapServers, ca: identity.authority, caFile: `${directory}/${authorityFile}`, isNew, admin, app }
    },
  }
}

/** Properties as a file has them. */
export function propertiesText(properties: Readonly<Record<string, string>>): string {
  const lines = Object.entries(properties).map(([name, value]) => `${name}=${value.replaceAll('\\', '\\\\')}\n`)
  return lines.join('')
}

// --- configuration ---

/** Weaker than what the user says. What no entry names everyone may use, as on a broker that has no authorizer. */
const authorization = { 'authorizer.class.name': standardAuthorizer, 'allow.everyone.if.no.acl.found': 'true' }

function listenerAndSuperUser(layers: readonly ConfigLayer[]): Record<string, string> {
  const said = (key: string) =>
    layers
      .find(({ entries }) => entries.has(key))
      ?.entries.get(key)
      ?.text.trim() ?? ''
  const asked = said('listeners')
  const listeners = listenerIn(asked) === undefined ? `${asked},${beside(asked)}` : asked
  const advertised = said('advertised.listeners')
  const isReflected = listenerIn(advertised) === undefined && isEverywhere(listenerIn(listeners)?.host ?? '')
  return {
    listeners,
    // The certificate names no address of a container, by which a client comes in through a port that is mapped.
    ...(isReflected && { 'advertised.listeners': [advertised, `${listenerName}://localhost:0`].filter(Boolean).join(',') }),
    'super.users': [said('super.users'), 'User:admin'].filter(Boolean).join(';'),
  }
}

const loopback = ['localhost', '127.0.0.1', '::1']

function isEverywhere(host: string): boolean {
  return host === '' || host === '0.0.0.0' || host === '::'
}

function listenerIn(listeners: string) {
  return parsed(listeners).find(({ name }) => name === listenerName)
}

/** On the interface of the first listener, one port higher. */
function beside(listeners: string): string {
  const { host, port } = parsed(listeners)[0] ?? { host: '127.0.0.1', port: 0 }
  return `${listenerName}://${addressText(host, port === 0 ? 0 : port + 1)}`
}

function parsed(listeners: string) {
  const texts = { listeners: listeners.split(/\s*,\s*/).filter(Boolean), advertised: null, protocolMap: [], controllerNames: [] }
  return parseListeners(texts).listeners
}

function listenerSettings({ certificate, key }: Identity): Record<string, string> {
  const prefix = `listener.name.${listenerName.toLowerCase()}.`
  return {
    [`${prefix}ssl.keystore.type`]: 'PEM',
    [`${prefix}ssl.keystore.certificate.chain`]: certificate,
    [`${prefix}ssl.keystore.key`]: key,
    [`${prefix}sasl.enabled.mechanisms`]: scramMechanisms.map(({ name }) => name).join(','),
  }
}

function usersOf(name: UserName, password: string, replaces: boolean): ScramUser[] {
  return scramMechanisms.map(mechanism => ({
    name,
    mechanism,
    salt: null,
    iterations: scramIterationsMin,
    secret: { password },
    ...(replaces && { replaces }),
  }))
}

// --- what is kept ---

function newPasswords(): Identity['passwords'] {
  const password = () => toBase64Url(world.randomBytes(passwordBytes))
  return { admin: password(), app: password() }
}

async function makeIdentity(hosts: readonly string[], passwords: Identity['passwords']): Promise<Identity> {
  return { ...(await makeDevelopmentCertificate(hosts, world.nowMs(), size => world.randomBytes(size))), passwords }
}

/** Null when there is none. @throws ConfigError */
function readIdentity(directory: string): Identity | null {
  const path = `${directory}/${devSecurityFile}`
  const bytes = files.readWhole(path)
  if (bytes === null) return null
  try {
    const identity: Partial<Identity> = JSON.parse(Buffer.from(bytes).toString('utf8'))
    const { authority, certificate, key, passwords } = identity
    const texts: readonly unknown[] = [authority, key, passwords?.admin, passwords?.app]
    if (certificate === undefined || texts.some(text => typeof text !== 'string')) throw new Error('something is missing')
    new X509Certificate(certificate)
    return identity as Identity
  } catch {
    throw new ConfigError([`${path} is not what Gregor wrote; remove it, and another certificate and passwords are made`])
  }
}

// --- clients ---

interface ClientsOf {
  readonly bootstrapServers: string
  readonly ca: string
  readonly directory: string
}

function clientOf(username: UserName, password: string, { bootstrapServers, ca, directory }: ClientsOf): SecureClient {
  const caFile = `${directory}/${authorityFile}`
  const mechanism = 'SCRAM-SHA-512'
  const loginModule = 'org.apache.kafka.common.security.scram.ScramLoginModule'
  return {
    username,
    password,
    // Of its own for each client: kafkajs writes into what it is given, and who copies that logs in as the one before.
    get kafkajs() {
      return {
        brokers: [bootstrapServers],
        ssl: { ca: [ca] },
        sasl: { mechanism: 'scram-sha-512', username, password } as const,
      }
    },
    java: {
      'bootstrap.servers': bootstrapServers,
      'security.protocol': 'SASL_SSL',
      'sasl.mechanism': mechanism,
      'sasl.jaas.config': `${loginModule} required username="${username}" password="${password}";`,
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.location': caFile,
    },
    librdkafka: {
      'bootstrap.servers': bootstrapServers,
      'security.protocol': 'SASL_SSL',
      'sasl.mechanisms': mechanism,
      'sasl.username': username,
      'sasl.password': password,
      'ssl.ca.location': caFile,
    },
    propertiesFile: `${directory}/${propertiesFileOf(username)}`,
  }
}
