import { describe, expect, it } from 'vitest'
import { propertiesLayer } from './config/resolve.js'
import { type Files, imageDataDirectory, imageEnvironment } from './image-environment.js'

function filesOf(texts: Readonly<Record<string, string>>): Files {
  return {
    exists: path => path in texts,
    readText: path => {
      const text = texts[path]
      if (text === undefined) throw new Error(`ENOENT: no such file or directory, open '${path}'`)
      return text
    },
  }
}

function read(environment: Readonly<Record<string, string>>, texts: Readonly<Record<string, string>> = {}, file = '') {
  const { layer, addScram } = imageEnvironment(environment, filesOf(texts), [propertiesLayer('server.properties', file)])
  const keys = Object.fromEntries(Array.from(layer.entries, ([name, { text }]) => [name, text]))
  return { keys, problems: layer.problems, addScram }
}

describe('secrets in /etc/kafka/secrets', () => {
  it('are key stores by name and passwords by file, for the broker and for one listener', () => {
    const { keys, problems } = read(
      {
        KAFKA_SSL_KEYSTORE_FILENAME: 'kafka.jks',
        KAFKA_SSL_KEYSTORE_CREDENTIALS: 'store_creds',
        KAFKA_SSL_KEY_CREDENTIALS: 'key_creds',
        KAFKA_SSL_TRUSTSTORE_FILENAME: 'trust.jks',
        KAFKA_SSL_TRUSTSTORE_CREDENTIALS: 'store_creds',
        KAFKA_LISTENER_NAME_OUT_SSL_KEYSTORE_FILENAME: 'out.jks',
      },
      { '/etc/kafka/secrets/store_creds': 'buried gold\n', '/etc/kafka/secrets/key_creds': 'key' },
    )
    expect(problems).toEqual([])
    expect(keys).toEqual({
      'ssl.keystore.location': '/etc/kafka/secrets/kafka.jks',
      'ssl.keystore.password': 'buried gold',
      'ssl.key.password': 'key',
      'ssl.truststore.location': '/etc/kafka/secrets/trust.jks',
      'ssl.truststore.password': 'buried gold',
      'listener.name.out.ssl.keystore.location': '/etc/kafka/secrets/out.jks',
    })
  })

  it('give way to the keys themselves', () => {
    const { keys } = read({ KAFKA_SSL_KEYSTORE_FILENAME: 'a.jks', KAFKA_SSL_KEYSTORE_LOCATION: '/b.jks' })
    expect(keys).toEqual({ 'ssl.keystore.location': '/b.jks' })
  })

  it('that are not there keep the broker from starting', () => {
    expect(read({ KAFKA_SSL_KEY_CREDENTIALS: 'gone' }).problems).toEqual([
      "KAFKA_SSL_KEY_CREDENTIALS: ENOENT: no such file or directory, open '/etc/kafka/secrets/gone'",
    ])
  })
})

describe('KAFKA_OPTS', () => {
  const listeners = {
    KAFKA_LISTENERS: 'IN://:1,OUT://:2,CONTROLLER://:3',
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'IN:SASL_PLAINTEXT,OUT:sasl_ssl,CONTROLLER:PLAINTEXT',
    KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
  }
  const path = '/etc/kafka/secrets/broker_jaas.conf'
  const KAFKA_OPTS = `-Xmx1g -Djava.security.auth.login.config=${path}`
  const module = 'org.apache.kafka.common.security.plain.PlainLoginModule'

  it("names a JAAS file with the logins of each SASL listener; a listener's own section stands before KafkaServer", () => {
    const jaas = `// for clients
      KafkaServer {
        ${module} required username="admin" user_admin='a"\\\\' user_bob="b";
        org.apache.kafka.common.security.scram.ScramLoginModule required;
      };
      out.KafkaServer { ${module} required user_eve="e"; };
      Client { x required; };`
    const { keys, problems } = read({ ...listeners, KAFKA_OPTS }, { [path]: jaas })
    expect(problems).toEqual([])
    expect(keys).toMatchObject({
      'listener.name.in.plain.sasl.jaas.config': `${module} required username="admin" user_admin="a\\"\\\\" user_bob="b";`,
      'listener.name.out.plain.sasl.jaas.config': `${module} required user_eve="e";`,
    })
    expect(Object.keys(keys).filter(name => name.endsWith('jaas.config'))).toHaveLength(2)
  })

  it.each([
    ['KafkaServer { x required a; };', /Value not specified for key 'a'/],
    ['KafkaServer { x required;', /not closed/],
    ['KafkaServer x required;', /NAME \{ … \};/],
  ])('with a JAAS file that says %j keeps the broker from starting', (jaas, problem) => {
    expect(read({ ...listeners, KAFKA_OPTS }, { [path]: jaas }).problems?.[0]).toMatch(problem)
  })

  it('with a JAAS file that says nothing of a listener leaves its logins to its keys', () => {
    const { keys, problems } = read({ ...listeners, KAFKA_OPTS }, { [path]: 'Client {};' })
    expect(problems).toEqual([])
    expect(Object.keys(keys).filter(name => name.endsWith('jaas.config'))).toEqual([])
  })

  it('with a JAAS file that is not there keeps the broker from starting', () => {
    expect(read({ ...listeners, KAFKA_OPTS }).problems).toEqual([expect.stringContaining(path)])
  })

  it('lists the URLs of JWKS that Kafka takes from a property of the JVM', () => {
    const url = 'https://idp/keys'
    expect(read({ KAFKA_OPTS: `-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls="${url}"` }).keys).toEqual({
      'org.apache.kafka.sasl.oauthbearer.allowed.urls': url,
    })
  })
})

describe("bitnami's variables", () => {
  const listeners = {
    KAFKA_CFG_LISTENERS: 'CLIENT://:1,INTERNAL://:2,CONTROLLER://:3',
    KAFKA_CFG_LISTENER_SECURITY_PROTOCOL_MAP: 'CLIENT:SASL_SSL,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT',
    KAFKA_CFG_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
  }
  const users = { KAFKA_CLIENT_USERS: 'ann,bob', KAFKA_CLIENT_PASSWORDS: 'a;b' }
  const stores = { '/bitnami/kafka/config/certs/kafka.keystore.jks': '', '/bitnami/kafka/config/certs/kafka.truststore.jks': '' }

  it('make users of PLAIN and SCRAM, and ask for client certificates unless told otherwise', () => {
    const { keys, problems, addScram } = read({ ...listeners, ...users, KAFKA_CERTIFICATE_PASSWORD: 'gold' }, stores)
    expect(problems).toEqual([])
    expect(keys).toMatchObject({
      'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
      'listener.name.client.plain.sasl.jaas.config':
        'org.apache.kafka.common.security.plain.PlainLoginModule required user_ann="a" user_bob="b";',
      'ssl.client.auth': 'required',
      'ssl.keystore.type': 'JKS',
      'ssl.keystore.location': '/bitnami/kafka/config/certs/kafka.keystore.jks',
      'ssl.truststore.location': '/bitnami/kafka/config/certs/kafka.truststore.jks',
      'ssl.keystore.password': 'gold',
      'ssl.truststore.password': 'gold',
      'ssl.key.password': 'gold',
    })
    expect(keys).not.toHaveProperty('client.users')
    expect(addScram).toContain('SCRAM-SHA-512=[name="bob",password="b"]')
    expect(addScram).toHaveLength(4)
  })

  it('take certificates as PEM, and secrets from files', () => {
    const folder = '/opt/bitnami/kafka/config/certs'
    const texts = {
      [`${folder}/kafka.keystore.key`]: 'KEY',
      [`${folder}/kafka.keystore.pem`]: 'CHAIN',
      '/ca.pem': 'CA',
      '/users': 'ann\n',
    }
    const { keys, addScram } = read(
      {
        ...listeners,
        KAFKA_CFG_SASL_ENABLED_MECHANISMS: 'SCRAM-SHA-256',
        KAFKA_CLIENT_USERS_FILE: '/users',
        KAFKA_CLIENT_PASSWORDS: 'a',
        KAFKA_TLS_TYPE: 'PEM',
        KAFKA_TLS_CLIENT_AUTH: 'none',
        KAFKA_TLS_INTERNAL_CLIENT_AUTH: 'required',
        KAFKA_TLS_TRUSTSTORE_FILE: '/ca.pem',
      },
      texts,
    )
    expect(keys).toMatchObject({
      'ssl.client.auth': 'none',
      'ssl.keystore.key': 'KEY',
      'ssl.keystore.certificate.chain': 'CHAIN',
      'ssl.truststore.certificates': 'CA',
    })
    expect(addScram).toEqual(['SCRAM-SHA-256=[name="ann",password="a"]'])
  })

  it('with another number of passwords than of users keep the broker from starting', () => {
    expect(read({ ...listeners, ...users, KAFKA_CLIENT_PASSWORDS: 'a' }, stores).problems).toEqual([
      'KAFKA_CLIENT_USERS names 2 users, KAFKA_CLIENT_PASSWORDS 1 passwords; give each user one',
    ])
  })

  it('make no user whose password everybody knows', () => {
    const { keys, addScram } = read(listeners, stores)
    expect(Object.keys(keys).filter(name => name.endsWith('jaas.config'))).toEqual([])
    expect(addScram).toEqual([])
  })

  it('forbid PLAINTEXT when they say so', () => {
    expect(read({ ...listeners, ALLOW_PLAINTEXT_LISTENER: 'no' }, stores).problems).toEqual([
      'ALLOW_PLAINTEXT_LISTENER=no: listener INTERNAL is PLAINTEXT',
    ])
  })

  it('spell the listeners that are named after their protocol in one piece', () => {
    expect(read({ KAFKA_CFG_LISTENER_NAME_SASL_SSL_SSL_CLIENT_AUTH: 'none' }).keys).toEqual({
      'listener.name.sasl_ssl.ssl.client.auth': 'none',
    })
  })
})

it('listeners may be named by a server.properties beside the variables', () => {
  const file = 'listeners=OUT://:1\nlistener.security.protocol.map=OUT:SASL_PLAINTEXT'
  const { keys } = read({ KAFKA_CLIENT_USERS: 'ann', KAFKA_CLIENT_PASSWORDS: 'a' }, {}, file)
  expect(keys).toHaveProperty(['listener.name.out.plain.sasl.jaas.config'])
})

it.each([
  [{}, '/var/lib/kafka/data'],
  [{ KAFKA_NODE_ID: '1' }, '/var/lib/kafka/data'],
  [{ KAFKA_CFG_NODE_ID: '1' }, '/bitnami/kafka/data'],
  [{ ALLOW_PLAINTEXT_LISTENER: 'yes' }, '/bitnami/kafka/data'],
])('with %j an image keeps its data in %s', (environment, path) => {
  expect(imageDataDirectory(environment)).toBe(path)
})
