/**
 * The clients whose sessions end every few seconds. A program gets BOOTSTRAP MECHANISM TOPIC SECONDS TOKEN_SECONDS, produces
 * numbered records from 0 on for so many seconds, idempotently, and consumes them in a group of the topic's name. It prints
 *
 *   error TEXT   what its client said of errors; that is none of the records
 *   odd TEXT     a record lost, twice, or out of order
 *   sent N       acknowledged
 *   read N       up to which number the consumer came
 */
import { join } from 'node:path'
import type { MechanismName } from '../../lib/logins.js'
import { javaArgs, kafkaClasspath, shortLivedJvmArgs } from '../../lib/maven.js'
import { compatSources, repositoryRoot } from '../../lib/paths.js'
import { run } from '../../lib/processes.js'
import { pythonInterpreter } from '../../lib/python.js'

export interface Member {
  readonly name: string
  readonly command: readonly string[]
  /** Behind the others. */
  readonly furtherArgs: readonly string[]
}

const sources = join(compatSources, 'harnesses', 'reauthentication', 'members')
const kafkajsProgram = join(repositoryRoot, 'dist', 'compat-tests', 'harnesses', 'reauthentication', 'members', 'kafkajs.js')

/** One whose toolchain is missing is named and left out. */
export async function members(only: readonly string[] | null): Promise<Member[]> {
  const isWanted = (name: string) => only === null || only.includes(name)
  const found: Member[] = []
  const kafkajs = [process.execPath, kafkajsProgram]
  if (isWanted('kafkajs')) found.push({ name: 'kafkajs', command: kafkajs, furtherArgs: ['2000'] })
  if (isWanted('librdkafka')) {
    const python = await pythonInterpreter()
    if (python === null) console.log('not run  librdkafka: needs Python and its registry')
    else found.push({ name: 'librdkafka', command: [python, join(sources, 'librdkafka_member.py')], furtherArgs: [] })
  }
  if (isWanted('java')) {
    const classpath = await kafkaClasspath()
    if (classpath === null) console.log('not run  java: needs Java, Maven and its registry')
    else {
      const java = ['java', ...shortLivedJvmArgs, ...javaArgs(classpath)]
      found.push({ name: 'java', command: [...java, join(sources, 'JavaMember.java')], furtherArgs: [] })
    }
  }
  return found
}

/** kafkajs as it comes: it wants to authenticate again ten seconds before a session ends, so always. */
export const impatientKafkajs: Member = {
  name: 'kafkajs-impatient',
  command: [process.execPath, kafkajsProgram],
  furtherArgs: [],
}

export interface MemberReport {
  readonly sent: number
  readonly read: number
  readonly odd: readonly string[]
  readonly errors: readonly string[]
  /** Why it did not get to its end; null when it did. */
  readonly problem: string | null
}

export interface Work {
  readonly bootstrap: string
  readonly mechanism: MechanismName
  readonly topic: string
  readonly seconds: number
  readonly tokenSeconds: number
}

/** From the start of a process to its first record, and from the last to its end. */
const aroundMs = 150_000

export async function work(member: Member, { bootstrap, mechanism, topic, seconds, tokenSeconds }: Work): Promise<MemberReport> {
  const [program = '', ...args] = member.command
  const all = [...args, bootstrap, mechanism, topic, String(seconds), String(tokenSeconds), ...member.furtherArgs]
  const { exitCode, stdout, stderr, timedOut } = await run(program, all, { timeoutMs: seconds * 1000 + aroundMs })
  const said = stdout.split('\n')
  const textsOf = (word: string) => said.filter(line => line.startsWith(`${word} `)).map(line => line.slice(word.length + 1))
  const numberOf = (word: string) => Number(textsOf(word)[0] ?? -1)
  const ended = exitCode === 0 ? null : `exit code ${exitCode}${timedOut ? ', too late' : ''}: ${stderr.slice(-1000)}`
  return { sent: numberOf('sent'), read: numberOf('read'), odd: textsOf('odd'), errors: textsOf('error'), problem: ended }
}
