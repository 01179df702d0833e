/**
 * What Kafka's images make of their variables besides naming keys: secrets in files (Confluent's and Apache's), a JAAS file in
 * KAFKA_OPTS, and bitnami's users and certificates. They become keys here, weaker than what names the key itself. What asks for
 * protection and cannot be had is a problem of the source: such a broker does not start.
 */
import { type Environment, environmentLayer } from './config/environment.js'
import type { ConfigLayer } from './config/resolve.js'
import { type JaasEntry, jaasText, parseJaasFile } from './security/sasl/jaas.js'

export interface Files {
  exists(path: string): boolean
  readText(path: string): string
}

export interface ImageEnvironment {
  readonly layer: ConfigLayer
  /** Users of SCRAM, as --add-scram takes them. */
  readonly addScram: readonly string[]
}

/** @param weaker sources that may name listeners, too, the strongest first */
export function imageEnvironment(given: Environment, files: Files, weaker: readonly ConfigLayer[] = []): ImageEnvironment {
  const image = new Image(given, files, weaker)
  image.readSecrets()
  image.readJavaOptions()
  if (isBitnamis(given)) {
    image.readCertificates()
    image.readUsers()
    image.checkPlaintext()
  }
  return { layer: image.layer, addScram: image.addScram }
}

/** Where the image keeps its data unless log.dirs says another place. */
export function imageDataDirectory(environment: Environment): string {
  return isBitnamis(environment) ? '/bitnami/kafka/data' : '/var/lib/kafka/data'
}

/** Where a server.properties may be mounted, in the images. */
export const mountedProperties = ['/mnt/shared/config/server.properties', '/bitnami/kafka/config/server.properties'] as const

function isBitnamis(environment: Environment): boolean {
  const own: readonly string[] = ['ALLOW_PLAINTEXT_LISTENER', 'KAFKA_ENABLE_KRAFT', 'KAFKA_KRAFT_CLUSTER_ID', ...bitnamisOwn]
  return Object.keys(environment).some(name => name.startsWith('KAFKA_CFG_') || own.includes(name))
}

const secretsFolder = '/etc/kafka/secrets'
const certificateFolders = [
  '/opt/bitnami/kafka/config/certs',
  '/opt/bitnami/kafka/conf/certs',
  '/bitnami/kafka/config/certs',
  '/bitnami/kafka/conf/certs',
]
const plainModule = 'org.apache.kafka.common.security.plain.PlainLoginModule'
const mechanismOfModule: Readonly<Record<string, string>> = {
  [plainModule]: 'plain',
  'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule': 'oauthbearer',
}

/** Variables of bitnami's image that are no keys. With _FILE behind them they name a file that holds the value. */
const bitnamisOwn = [
  'KAFKA_CLIENT_USERS',
  'KAFKA_CLIENT_PASSWORDS',
  'KAFKA_INTER_BROKER_USER',
  'KAFKA_INTER_BROKER_PASSWORD',
  'KAFKA_CONTROLLER_USER',
  'KAFKA_CONTROLLER_PASSWORD',
  'KAFKA_CERTIFICATE_PASSWORD',
  'KAFKA_TLS_TYPE',
  'KAFKA_TLS_CLIENT_AUTH',
  'KAFKA_TLS_TRUSTSTORE_FILE',
  'KAFKA_CLIENT_LISTENER_NAME',
] as const
type BitnamisOwn = (typeof bitnamisOwn)[number]

function scramUser(mechanism: string, name: string, password: string): string {
  const quoted = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&')}"`
  return `${mechanism}=[name=${quoted(name)},password=${quoted(password)}]`
}

class Image {
  readonly addScram: string[] = []
  readonly #entries: Map<string, { readonly text: string; readonly origin: string }>
  readonly #problems: string[] = []

  constructor(
    readonly environment: Environment,
    readonly files: Files,
    readonly weaker: readonly ConfigLayer[],
  ) {
    const keys = { ...environment }
    if (isBitnamis(environment)) {
      for (const name of Object.keys(keys)) {
        const base = name.replace(/_FILE$/, '') as BitnamisOwn
        const isOfListener = /^KAFKA_TLS_\w+_CLIENT_AUTH$/.test(name)
        if (bitnamisOwn.includes(base) || bitnamisOwn.includes(name as BitnamisOwn) || isOfListener) delete keys[name]
      }
    }
    this.#entries = new Map(environmentLayer(keys).entries)
  }

  get layer(): ConfigLayer {
    return { entries: this.#entries, unknown: 'in one line', problems: this.#problems }
  }

  /** KAFKA_SSL_KEYSTORE_FILENAME and KAFKA_SSL_KEY_CREDENTIALS, also of one listener: files in /etc/kafka/secrets. */
  readSecrets(): void {
    for (const [name, { text, origin }] of [...this.#entries]) {
      const [, prefix, what, kind] =
        /^((?:listener\.name\.[^.]+\.)?ssl\.)(key|keystore|truststore)\.(filename|credentials)$/.exec(name) ?? []
      if (prefix === undefined) continue
      this.#entries.delete(name)
      const path = text.startsWith('/') ? text : `${secretsFolder}/${text}`
      if (text === '') continue
      if (kind === 'filename') this.#set(`${prefix}${what}.location`, path, origin)
      else this.#setFrom(`${prefix}${what}.password`, path, origin)
    }
  }

  /** -Djava.security.auth.login.config: logins of each SASL listener. -D…allowed.urls, a property of the JVM, is a key here. */
  readJavaOptions(): void {
    const options = this.environment.KAFKA_OPTS ?? ''
    const property = (name: string) => {
      const [, quoted, bare] = new RegExp(`-D${name.replaceAll('.', '\\.')}=(?:["']([^"']*)["']|(\\S+))`).exec(options) ?? []
      return quoted ?? bare ?? null
    }
    const allowedUrls = property('org.apache.kafka.sasl.oauthbearer.allowed.urls')
    if (allowedUrls !== null) this.#set('org.apache.kafka.sasl.oauthbearer.allowed.urls', allowedUrls, 'KAFKA_OPTS')
    const path = property('java.security.auth.login.config')
    const text = path === null ? null : this.#read(path, 'KAFKA_OPTS')
    if (text === null) return
    const sections = parseJaasFile(text)
    if (typeof sections === 'string') {
      this.#problems.push(`KAFKA_OPTS: ${path}: ${sections}`)
      return
    }
    for (const listener of [...this.#listenersWith('SASL_'), ...this.#listenersWith('SASL_', 'controllers')]) {
      const lower = listener.toLowerCase()
      const entries = sections.get(`${lower}.KafkaServer`) ?? sections.get('KafkaServer')
      for (const entry of entries ?? []) this.#login(lower, mechanismOfModule[entry.loginModule], entry, 'KAFKA_OPTS')
    }
  }

  /** bitnami's: kafka.keystore.jks and kafka.truststore.jks, or both as .pem beside kafka.keystore.key, in a folder of it. */
  readCertificates(): void {
    const listeners = [...this.#listenersWith('SSL'), ...this.#listenersWith('SSL', 'controllers')]
    if (listeners.length === 0) return
    const type = this.#own('KAFKA_TLS_TYPE') || 'JKS'
    const password = this.#own('KAFKA_CERTIFICATE_PASSWORD')
    const origin = `KAFKA_TLS_TYPE=${type}`
    const isPem = type === 'PEM'
    const found = (name: string): string => {
      const paths = certificateFolders.map(folder => `${folder}/${name}`)
      return paths.find(path => this.files.exists(path)) ?? (paths[0] as string)
    }
    this.#set('ssl.client.auth', this.#own('KAFKA_TLS_CLIENT_AUTH') || 'required', 'KAFKA_TLS_CLIENT_AUTH, by default required')
    for (const listener of listeners) {
      const own = this.environment[`KAFKA_TLS_${listener}_CLIENT_AUTH`]
      const key = `listener.name.${listener.toLowerCase()}.ssl.client.auth`
      if (own !== undefined) this.#set(key, own, `KAFKA_TLS_${listener}_CLIENT_AUTH`)
    }
    if (password !== null) this.#set('ssl.key.password', password, 'KAFKA_CERTIFICATE_PASSWORD')
    this.#set('ssl.keystore.type', type, origin)
    this.#set('ssl.truststore.type', type, origin)
    const truststore = this.#own('KAFKA_TLS_TRUSTSTORE_FILE') || found(isPem ? 'kafka.truststore.pem' : 'kafka.truststore.jks')
    if (isPem && !this.#entries.has('ssl.keystore.location')) {
      this.#setFrom('ssl.keystore.key', found('kafka.keystore.key'), origin)
      this.#setFrom('ssl.keystore.certificate.chain', found('kafka.keystore.pem'), origin)
      if (!this.#entries.has('ssl.truststore.location')) this.#setFrom('ssl.truststore.certificates', truststore, origin)
    } else if (!isPem) {
      this.#set('ssl.keystore.location', found('kafka.keystore.jks'), origin)
      this.#set('ssl.truststore.location', truststore, origin)
      for (const key of ['ssl.keystore.password', 'ssl.truststore.password']) {
        if (password !== null) this.#set(key, password, 'KAFKA_CERTIFICATE_PASSWORD')
      }
    }
  }

  /** bitnami's KAFKA_CLIENT_USERS and KAFKA_CLIENT_PASSWORDS: known to PLAIN and to SCRAM alike. There is no user by default. */
  readUsers(): void {
    this.#readControllerUser()
    const listeners = this.#listenersWith('SASL_')
    if (listeners.length === 0) return
    this.#set('sasl.enabled.mechanisms', 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512', 'the default of KAFKA_CFG_SASL_ENABLED_MECHANISMS')
    const mechanisms = (this.#text('sasl.enabled.mechanisms') ?? '').split(/\s*,\s*/)
    const [names, passwords] = [this.#list('KAFKA_CLIENT_USERS'), this.#list('KAFKA_CLIENT_PASSWORDS')]
    if (names.length !== passwords.length) {
      this.#problems.push(
        `KAFKA_CLIENT_USERS names ${names.length} users, KAFKA_CLIENT_PASSWORDS ${passwords.length} passwords; give each user one`,
      )
      return
    }
    const users = new Map(names.map((name, index) => [name, passwords[index] as string]))
    const own = [this.#own('KAFKA_INTER_BROKER_USER'), this.#own('KAFKA_INTER_BROKER_PASSWORD')] as const
    if (own[0] !== null && own[1] !== null && !users.has(own[0])) users.set(own[0], own[1])
    if (users.size === 0) return
    const options = new Map(Array.from(users, ([name, password]) => [`user_${name}`, password]))
    for (const listener of listeners) {
      const entry = { loginModule: plainModule, options }
      if (mechanisms.includes('PLAIN')) this.#login(listener.toLowerCase(), 'plain', entry, 'KAFKA_CLIENT_USERS')
    }
    for (const mechanism of mechanisms.filter(mechanism => mechanism.startsWith('SCRAM-'))) {
      for (const [name, password] of users) {
        this.addScram.push(scramUser(mechanism, name, password))
      }
    }
  }

  #readControllerUser(): void {
    const [name, password] = [this.#own('KAFKA_CONTROLLER_USER'), this.#own('KAFKA_CONTROLLER_PASSWORD')]
    if (name === null || password === null) return
    const mechanism = this.#text('sasl.mechanism.controller.protocol') ?? 'PLAIN'
    for (const listener of this.#listenersWith('SASL_', 'controllers')) {
      this.#set(
        `listener.name.${listener.toLowerCase()}.sasl.enabled.mechanisms`,
        mechanism,
        'sasl.mechanism.controller.protocol',
      )
      const entry = { loginModule: plainModule, options: new Map([[`user_${name}`, password]]) }
      if (mechanism === 'PLAIN') this.#login(listener.toLowerCase(), 'plain', entry, 'KAFKA_CONTROLLER_USER')
      else this.addScram.push(scramUser(mechanism, name, password))
    }
  }

  /** bitnami's older images start with a PLAINTEXT listener only when they are allowed to. */
  checkPlaintext(): void {
    const [name] = this.#listenersWith('PLAINTEXT')
    if (name === undefined || !/^(no|false|0)$/i.test(this.environment.ALLOW_PLAINTEXT_LISTENER ?? '')) return
    this.#problems.push(`ALLOW_PLAINTEXT_LISTENER=${this.environment.ALLOW_PLAINTEXT_LISTENER}: listener ${name} is PLAINTEXT`)
  }

  /** Names of the listeners whose protocol begins with these letters, or, for SSL, ends with them. */
  #listenersWith(protocol: 'SASL_' | 'SSL' | 'PLAINTEXT', whose: 'clients' | 'controllers' = 'clients'): string[] {
    const pairs = (key: string) => (this.#text(key) ?? '').split(',').map(pair => pair.trim().split(':', 2) as [string, string?])
    const protocols = new Map(
      pairs('listener.security.protocol.map').map(([name, mapped = '']) => [name.toUpperCase(), mapped.trim()]),
    )
    const controllers = pairs('controller.listener.names').map(([name]) => name.toUpperCase())
    const names = pairs('listeners').map(([name]) => name.toUpperCase())
    return names.filter(name => {
      const spoken = (protocols.get(name) ?? name).toUpperCase()
      const isController = controllers.includes(name)
      return (
        isController === (whose === 'controllers') &&
        (protocol === 'SSL' ? spoken.endsWith(protocol) : spoken.startsWith(protocol))
      )
    })
  }

  #text(key: string): string | null {
    for (const { entries } of [this.layer, ...this.weaker]) {
      const entry = entries.get(key)
      if (entry !== undefined) return entry.text
    }
    return null
  }

  #own(name: BitnamisOwn): string | null {
    const path = this.environment[`${name}_FILE`]
    return path ? this.#read(path, `${name}_FILE`) : (this.environment[name] ?? null)
  }

  #list(name: BitnamisOwn): string[] {
    return (this.#own(name) ?? '').split(/[,;\s]+/).filter(part => part !== '')
  }

  #login(listener: string, mechanism: string | undefined, entry: JaasEntry, origin: string): void {
    if (mechanism === undefined || this.#text('sasl.jaas.config') !== null) return
    this.#set(`listener.name.${listener}.${mechanism}.sasl.jaas.config`, jaasText(entry), origin)
  }

  /** Unless the key itself is there. */
  #set(key: string, text: string, origin: string): void {
    if (!this.#entries.has(key)) this.#entries.set(key, { text, origin })
  }

  #setFrom(key: string, path: string, origin: string): void {
    const text = this.#entries.has(key) ? null : this.#read(path, origin)
    if (text !== null) this.#set(key, text, origin)
  }

  /** As $(cat FILE): without the line ends behind it. */
  #read(path: string, origin: string): string | null {
    try {
      return this.files.readText(path).replace(/[\r\n]+$/, '')
    } catch (error) {
      this.#problems.push(`${origin}: ${(error as Error).message}`)
      return null
    }
  }
}
