/** Users of SCRAM of a data directory that no broker uses: for the first ones, and for whoever has locked himself out. */
import { silentLog } from '../base/log.js'
import { realWorld } from '../base/world.js'
import { optionsLayer, resolveBrokerConfig } from '../config/resolve.js'
import { credentialOf, type ScramUser } from '../security/scram-argument.js'
import { scramMechanismOf } from '../security/scram-credentials.js'
import { openCore } from './core.js'

export interface Users {
  /** Each as NAME MECHANISM=[iterations=N] … */
  lines(): readonly string[]
  set(user: ScramUser): Promise<void>
  /** By all mechanisms. False when there is no such user. */
  remove(name: string): Promise<boolean>
}

/** @throws what a start throws: ConfigError, errors of the data directory. */
export async function withUsers<Result>(
  settings: Readonly<Record<string, string>>,
  run: (users: Users) => Promise<Result>,
): Promise<Result> {
  const world = realWorld
  const { config } = resolveBrokerConfig([optionsLayer(settings)])
  const failures: Error[] = []
  const onFatal = (error: Error) => void failures.push(error)
  const core = await openCore({ config, world, log: silentLog, isEphemeral: false, onFatal })
  try {
    const { scramCredentials } = core.services.topics.image.access
    return await run({
      lines: () =>
        [...scramCredentials].map(([name, credentials]) => {
          const each = [...credentials].map(
            ([type, { iterations }]) => `${scramMechanismOf(type)?.name}=[iterations=${iterations}]`,
          )
          return `${name} ${each.join(' ')}`
        }),
      async set(user) {
        const { name, mechanism } = user
        const credential = await credentialOf(user, size => world.randomBytes(size))
        const record = { kind: 'scramCredential', name, mechanism: mechanism.type, ...credential } as const
        await core.services.carryOut({ records: [record], result: null })
      },
      async remove(name) {
        const records = [...(scramCredentials.get(name)?.keys() ?? [])].map(
          mechanism => ({ kind: 'removeScramCredential', name, mechanism }) as const,
        )
        await core.services.carryOut({ records, result: null })
        return records.length > 0
      },
    })
  } finally {
    core.stopServing()
    await core.close()
  }
}
