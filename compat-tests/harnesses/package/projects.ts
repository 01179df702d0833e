/** Scratch projects that use the package as its users do: what stands in them, and the command that says whether it works. */
export interface Project {
  readonly name: string
  /** Besides the package itself. */
  readonly dependencies: readonly string[]
  readonly type: 'module' | 'commonjs'
  readonly files: Readonly<Record<string, string>>
  /** Run in the project, with its own programs on the path; each must end with 0. */
  readonly commands: readonly string[]
  /** What the last command prints, when that matters. */
  readonly prints?: string
}

const useBroker = `
  const broker = await startBroker({ config: { 'num.partitions': 2 } })
  const { partitions } = await broker.createTopic({ name: 'orders' })
  const kafka = new Kafka({ brokers: broker.brokers, logLevel: logLevel.NOTHING })
  const producer = kafka.producer()
  await producer.connect()
  const [sent] = await producer.send({ topic: 'orders', messages: [{ key: 'a', value: 'tea' }] })
  await producer.disconnect()
  await broker.stop()`

const useTypes = `
  const topics: Topic[] = await broker.listTopics()
  const options: StartOptions = { config: { 'num.partitions': 3, 'auto.create.topics.enable': false } }
  // @ts-expect-error a misspelt option is an error of the compiler, too
  const misspelt: StartOptions = { ports: 1 }
  const wrong: boolean = new ConfigError([]) instanceof Error && new KafkaError(36, '').type === 'TOPIC_ALREADY_EXISTS'
  const kafkajs: KafkaConfig = { brokers: broker.brokers }
  const secured = await startBroker({ security: true })
  const secure: KafkaConfig = secured.security.app.kafkajs
  return [topics, options, misspelt, wrong, kafkajs, secure]`

/** The snippet of the first minute, on a port of its own. */
const helloOnFreePort = `gregor start --port 0 --ephemeral >ready.txt 2>/dev/null & broker=$!
until grep -q ready ready.txt; do kill -0 $broker; done
port=$(sed 's#.*PLAINTEXT://127.0.0.1:\\([0-9]*\\).*#\\1#' ready.txt)
sed -i "s/localhost:9092/127.0.0.1:$port/; s/new Kafka({/new Kafka({ logLevel: 0,/" hello.mjs
node hello.mjs; code=$?
kill $broker; wait $broker && exit $code
`

/** What --dev-security prints for kafkajs, pasted. */
const pastedFromDevSecurity = `gregor start --port 0 --ephemeral --dev-security >printed.txt 2>/dev/null & broker=$!
until grep -q kafka-acls printed.txt; do kill -0 $broker || exit 1; done
{
  echo "import { readFileSync } from 'node:fs'; import kafkajs from 'kafkajs'; const { Kafka } = kafkajs; const kafka ="
  sed -n '/^\\/\\/ kafkajs/,/^})/p' printed.txt
  cat sends.txt
} >pasted.mjs
node pasted.mjs; code=$?
kill $broker; wait $broker && exit $code
`
const sendsOne = `const producer = kafka.producer()
await producer.connect()
const [sent] = await producer.send({ topic: 'orders', messages: [{ value: 'tea' }] })
console.log(sent.baseOffset)
await producer.disconnect()
`

const tsconfig = (options: object) => JSON.stringify({ compilerOptions: { strict: true, noEmit: true, ...options } })
const plainTsconfig = { target: 'ES2022', lib: ['ES2022'], skipLibCheck: false, types: [] }

/** Without kafkajs, whose declarations want Node's. */
const typesAlone = `import { type GregorBroker, startBroker } from 'gregor'
export async function use(): Promise<string[]> {
  const broker: GregorBroker = await startBroker({ port: 0 })
  await broker.stop()
  return broker.brokers
}
`
const typed = `import { ConfigError, type GregorBroker, KafkaError, type StartOptions, startBroker, type Topic } from 'gregor'
import type { KafkaConfig } from 'kafkajs'
export async function use(broker: GregorBroker): Promise<unknown[]> {${useTypes}
}
`
const jestTest = `const { ConfigError, startBroker } = require('gregor')
const { Kafka, logLevel } = require('kafkajs')
test('a record is stored', async () => {${useBroker}
  expect(partitions).toBe(2)
  expect(sent.baseOffset).toBe('0')
})
test('errors are of the classes that the package exports', async () => {
  await expect(startBroker({ ports: 1 })).rejects.toBeInstanceOf(ConfigError)
})
`

/** The snippets of README.md, by the name of the file in their first line. */
function snippet(readme: string, name: string): string {
  const block = readme.split(/^```/m).find(text => /^(js|ts)\n\/\/ ([\w.]+)/.exec(text)?.[2] === name)
  if (block === undefined) throw new Error(`README.md has no snippet ${name}`)
  return block.slice(block.indexOf('\n') + 1)
}

export const projectsOf = (readme: string): readonly Project[] => [
  {
    name: 'readme',
    dependencies: ['kafkajs', 'vitest@4', 'jest@30'],
    type: 'commonjs',
    files: {
      'hello.mjs': snippet(readme, 'hello.mjs'),
      'orders.test.ts': snippet(readme, 'orders.test.ts'),
      'broker.test.js': snippet(readme, 'broker.test.js'),
      'ended.sh': helloOnFreePort,
    },
    commands: ['vitest run orders.test.ts', 'jest --ci broker.test.js', 'sh ended.sh'],
    prints: 'hello\n',
  },
  {
    name: 'node-esm',
    dependencies: ['kafkajs'],
    type: 'module',
    files: {
      'index.js': `import { startBroker } from 'gregor'
import kafkajs from 'kafkajs'
const { Kafka, logLevel } = kafkajs
${useBroker}
console.log(partitions, sent.baseOffset)
`,
    },
    commands: ['gregor --version', 'gregor start --help', 'node index.js'],
    prints: '2 0\n',
  },
  {
    name: 'node-cjs',
    dependencies: ['kafkajs'],
    type: 'commonjs',
    files: {
      'index.js': `const { startBroker } = require('gregor')
const { Kafka, logLevel } = require('kafkajs')
async function main() {${useBroker}
  console.log(partitions, sent.baseOffset)
}
main()
`,
    },
    commands: ['node index.js'],
    prints: '2 0\n',
  },
  {
    name: 'dev-security',
    dependencies: ['kafkajs'],
    type: 'commonjs',
    files: {
      'index.cjs': `const { startBroker } = require('gregor')
const { Kafka } = require('kafkajs')
async function main() {
  const broker = await startBroker({ security: true })
  const kafka = new Kafka({ ...broker.security.app.kafkajs })
  ${sendsOne}  await broker.stop()
}
main()
`,
      'sends.txt': sendsOne,
      'pasted.sh': pastedFromDevSecurity,
    },
    commands: ['node index.cjs', 'sh pasted.sh'],
    prints: '0\n',
  },
  {
    name: 'typescript-esm',
    dependencies: ['kafkajs', 'typescript@5', '@types/node@20'],
    type: 'module',
    files: {
      'typed.ts': typed,
      'alone.ts': typesAlone,
      'tsconfig.json': tsconfig({ ...plainTsconfig, module: 'NodeNext', types: ['node'] }),
      'tsconfig.bundler.json': tsconfig({ ...plainTsconfig, module: 'ESNext', moduleResolution: 'Bundler', types: ['node'] }),
    },
    commands: ['tsc -p tsconfig.json', 'tsc -p tsconfig.bundler.json'],
  },
  {
    name: 'typescript-cjs',
    dependencies: ['typescript@5'],
    type: 'commonjs',
    files: {
      'alone.ts': typesAlone,
      'tsconfig.json': tsconfig({ ...plainTsconfig, module: 'NodeNext' }),
      'tsconfig.old.json': tsconfig({ ...plainTsconfig, module: 'CommonJS', moduleResolution: 'Node10' }),
    },
    commands: ['tsc -p tsconfig.json', 'tsc -p tsconfig.old.json'],
  },
  ...[29, 30].map(version => ({
    name: `jest-${version}`,
    dependencies: ['kafkajs', `jest@${version}`],
    type: 'commonjs' as const,
    files: { 'broker.test.js': jestTest },
    commands: ['jest --ci'],
  })),
]
