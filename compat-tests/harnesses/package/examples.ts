/** The examples of the repository, each with the package that would be published. */
import { startGregor } from '../../lib/gregor.js'
import { run } from '../../lib/processes.js'
import { pythonInterpreter } from '../../lib/python.js'

interface Place {
  /** A copy of the example's folder. */
  readonly folder: string
  readonly tarball: string
  command(line: string, env?: NodeJS.ProcessEnv): Promise<{ readonly problem: string | null }>
}

export interface Example {
  readonly name: string
  /** What is wrong, null when nothing is. */
  run(place: Place): Promise<string | null | { readonly notRun: string }>
}

/** Its `npm test`, with the package from the tarball. */
async function npmTest({ tarball, command }: Place): Promise<string | null> {
  const { problem } = await command(`npm install --no-audit --no-fund --save-dev ${tarball}`)
  return problem ?? (await command('npm test')).problem
}

/** A command beside a broker on a port of its own. */
async function besideBroker({ command }: Place, line: string): Promise<string | null> {
  const gregor = await startGregor()
  try {
    return (await command(line, { BOOTSTRAP_SERVERS: gregor.bootstrap })).problem
  } finally {
    await gregor.stop()
  }
}

const isHere = async (program: string, ...args: string[]) => (await run(program, args)).exitCode === 0

export const examples: readonly Example[] = [
  { name: 'vitest', run: npmTest },
  { name: 'jest', run: npmTest },
  { name: 'nestjs', run: npmTest },
  {
    name: 'spring-kafka',
    async run(place) {
      if (!(await isHere('mvn', '-v'))) return { notRun: 'Maven is not installed' }
      return await besideBroker(place, 'mvn -q -B test')
    },
  },
  {
    name: 'python',
    async run(place) {
      const python = await pythonInterpreter()
      if (python === null) return { notRun: 'Python or its registry is not here' }
      return await besideBroker(place, `${python} orders.py`)
    },
  },
  {
    name: 'docker-compose',
    async run({ command }) {
      if (!(await isHere('docker', 'compose', 'version'))) return { notRun: 'docker compose is not installed' }
      const { problem } = await command('docker compose up --wait --quiet-pull')
      await command('docker compose down')
      return problem
    },
  },
]
