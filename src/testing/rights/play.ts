/**
 * What each API asks of a client before it serves it, as cases that are played by wire: against Gregor in a unit test, and
 * against Kafka and Gregor in the oracle. A case is one request about named resources, and the rights that it takes. It is
 * played for a client without any right, for one that has all but one of them, for one that has all and is denied one of them,
 * and for one that has just these; and wherever a right is missing, once more about a resource that is not there.
 */

export type Body = Record<string, unknown>

/** A broker as a case sees it. */
export interface Stage {
  /** The same at every broker of a run, and of no other case. */
  name(suffix: string): string
  /** Versions of an API to be played. */
  range(api: string): readonly [min: number, max: number]
  /** A topic with one record in its only partition. */
  topic(name: string): Promise<Topic>
  /** A batch of one record; with a producer it is part of that one's transaction. */
  batch(producer?: Producer): Uint8Array
  call(api: string, body: Body, options: CallOptions): Promise<Body>
  /** Repeats a request that is not compared until its answer fits. */
  until(api: string, body: Body, fits: (answer: Body) => boolean, by?: string): Promise<Body>
}

export interface CallOptions {
  readonly v?: number
  /** The client, by name; without it one that may do everything. */
  readonly by?: string
  /** What it is called in a report. */
  readonly as?: string
  /** Not compared. */
  readonly quiet?: boolean
  readonly view?: (body: Body) => Body
}

export interface Topic {
  readonly name: string
  readonly id: string
}

export interface Producer {
  readonly producerId: unknown
  readonly producerEpoch: unknown
}

/** The resources of one request. */
export interface Resources {
  readonly v: number
  /** `a` is the same in all versions if the case has such a topic, and one of this version if not. */
  topic(letter: string): Topic
  /** Of a group, a transactional id, or a topic that is not made before: one of this version. */
  name(letter: string): string
  /** Of a user: the same in all versions. */
  user(letter: string): string
  batch(producer?: Producer): Uint8Array
  /** What `prepare` gave. */
  readonly prepared: Body
}

export interface RightsCase {
  readonly api: string
  /** Which request of this API; left out of its first. */
  readonly label?: string
  readonly versions?: readonly [min: number, max: number]
  /** "read topic a", alternatives divided by " or "; the cluster has no name, `*` is any. */
  readonly needs: readonly string[]
  /** Rights with which the answer is to be seen, too. */
  readonly others?: readonly (readonly string[])[]
  /** Made before by somebody who may do everything. */
  readonly topics?: readonly string[]
  /** Rights of a client `helper`, for what somebody with a name of its own has to set up. */
  readonly helper?: readonly string[]
  /** Everything is set up anew for each set of rights: the request takes it away. */
  readonly isFresh?: true
  /** Sets up what the request is about. */
  prepare?(stage: Stage, resources: Resources): Promise<Body | undefined>
  request(resources: Resources): Body
  /** What of an answer is about this case. */
  view?(body: Body, stage: Stage): Body
  /** What a client may not see is left out of this answer, and not refused. */
  readonly hides?: true
  /** Kafka tells the absent from the hidden here; docs/security.md lists these. */
  readonly showsExistence?: true
}

export type RightsKind = 'none' | 'none, absent' | 'without' | 'without, absent' | 'denied' | 'exactly' | 'other'

export interface RightsSet {
  readonly kind: RightsKind
  /** Which of the needs is missing or denied. */
  readonly at: number
  readonly label: string
  readonly allowed: readonly string[]
  readonly denied: readonly string[]
}

export interface Played {
  readonly version: number
  readonly set: RightsSet
  readonly request: Body
  readonly answer: Body
}

export function titleOf({ api, label }: RightsCase): string {
  return label === undefined ? api : `${api} ${label}`
}

/** The sets of rights with which a case is played. The last one changes things, so it comes last. */
export function setsOf({ needs, others = [] }: RightsCase): RightsSet[] {
  const first = needs.map(need => alternativesOf(need)[0] as string)
  const without = (at: number): string[] => first.filter((_, n) => n !== at)
  const none = { at: -1, allowed: [], denied: [] }
  return [
    ...(needs.length === 0
      ? []
      : ([
          { ...none, kind: 'none', label: 'no right' },
          { ...none, kind: 'none, absent', label: 'no right, absent' },
        ] as const)),
    ...(needs.length < 2
      ? []
      : needs.flatMap((need, at): RightsSet[] => {
          const set = { at, allowed: without(at), denied: [] }
          const letter = letterOf(need)
          // What may be seen by another right may be found missing.
          const isSeen = letter === undefined || needs.some((other, n) => n !== at && letterOf(other) === letter)
          return [
            { ...set, kind: 'without', label: `without ${need}` },
            ...(isSeen ? [] : [{ ...set, kind: 'without, absent', label: `without ${need}, absent` } as const]),
          ]
        })),
    ...first.map((need, at): RightsSet => ({ kind: 'denied', at, label: `DENY ${need}`, allowed: first, denied: [need] })),
    ...others.map((allowed): RightsSet => ({ kind: 'other', at: -1, label: allowed.join(', '), allowed, denied: [] })),
    ...needs.flatMap((need, at) =>
      alternativesOf(need)
        .slice(1)
        .map((other): RightsSet => {
          const allowed = [...without(at), other]
          return { kind: 'exactly', at: -1, label: allowed.join(', '), allowed, denied: [] }
        }),
    ),
    { kind: 'exactly', at: -1, label: 'exactly', allowed: first, denied: [] },
  ]
}

export function alternativesOf(need: string): string[] {
  return need.split(' or ')
}

/** The name of a resource; none for the cluster. */
export function letterOf(need: string): string | undefined {
  return alternativesOf(need)[0]?.split(' ')[2]
}

export async function play(stage: Stage, one: RightsCase): Promise<Played[]> {
  const sets = setsOf(one)
  const topics = new Map<string, Topic>()
  for (const letter of one.topics ?? []) topics.set(letter, await stage.topic(stage.name(present(letter))))
  await grant(stage, one, sets)

  const played: Played[] = []
  const [served, [min, max]] = [stage.range(one.api), one.versions ?? [0, Number.POSITIVE_INFINITY]]
  for (let v = Math.max(served[0], min); v <= Math.min(served[1], max); v++) {
    let here = resourcesOf(stage, v, `v${v}`, topics)
    let prepared = (await one.prepare?.(stage, here)) ?? {}
    for (const [n, set] of sets.entries()) {
      const isAbsent = set.kind.endsWith(', absent')
      if (one.isFresh && !isAbsent && n > 0) {
        here = resourcesOf(stage, v, `v${v}-${n}`, topics)
        prepared = (await one.prepare?.(stage, here)) ?? {}
      }
      const { view } = one
      const missing = set.kind === 'none, absent' ? null : letterOf(one.needs[set.at] ?? '')
      const request = one.request(isAbsent ? { ...absentOf(stage, here, missing), prepared } : { ...here, prepared })
      const answer = await stage.call(one.api, request, {
        v,
        // One client asks for both.
        by: clientOf(isAbsent ? n - 1 : n),
        as: set.label,
        ...(view === undefined ? {} : { view: (body: Body) => view(body, stage) }),
      })
      played.push({ version: v, set, request, answer })
    }
  }
  return played
}

const clientOf = (n: number): string => `c${n}`
// Of the same length, so that answers about them differ in nothing else.
const present = (suffix: string): string => `secret-${suffix}`
const absent = (suffix: string): string => `absent-${suffix}`
/** Of 22 characters, as all ids. */
export const absentId = (letter: string): string => `Absent${letter}AbsentAbsentAAA`

function resourcesOf(stage: Stage, v: number, suffix: string, topics: ReadonlyMap<string, Topic>): Resources {
  const name = (letter: string): string => stage.name(present(`${letter}-${suffix}`))
  return {
    v,
    name,
    user: letter => stage.name(present(letter)),
    topic: letter => topics.get(letter) ?? { name: name(letter), id: absentId(letter) },
    batch: producer => stage.batch(producer),
    prepared: {},
  }
}

/** With names of nothing instead: of all resources, or of the one whose right is missing. */
function absentOf(stage: Stage, here: Resources, missing: string | null | undefined): Resources {
  const isAbsent = (letter: string): boolean => missing === null || missing === letter
  const other = (name: string): string => `${stage.name(absent(''))}${name.slice(stage.name(present('')).length)}`
  return {
    ...here,
    name: letter => (isAbsent(letter) ? other(here.name(letter)) : here.name(letter)),
    user: letter => (isAbsent(letter) ? other(here.user(letter)) : here.user(letter)),
    topic: letter => (isAbsent(letter) ? { name: other(here.topic(letter).name), id: absentId(letter) } : here.topic(letter)),
  }
}

/** Each set of rights is that of a client of its own, so that all of them are there at once. */
async function grant(stage: Stage, one: RightsCase, sets: readonly RightsSet[]): Promise<void> {
  const entries = (client: string, rights: readonly string[], permission: number) =>
    rights.map(right => entry(stage, one, `User:${stage.name(client)}`, right, permission))
  const creations = [
    ...entries('helper', one.helper ?? [], allow),
    ...sets.flatMap(({ allowed, denied }, n) => [...entries(clientOf(n), allowed, allow), ...entries(clientOf(n), denied, deny)]),
  ]
  const last = creations.at(-1)
  if (last === undefined) return
  await stage.call('CreateAcls', { creations }, { quiet: true })
  const filter = { resourceTypeFilter: 1, patternTypeFilter: 1, operation: 1, permissionType: 1 }
  await stage.until(
    'DescribeAcls',
    { ...filter, resourceNameFilter: null, principalFilter: last.principal, hostFilter: null },
    answer => {
      const resources = answer.resources as { acls: unknown[] }[]
      const found = resources.reduce((sum, { acls }) => sum + acls.length, 0)
      return (
        found >= new Set(creations.filter(({ principal }) => principal === last.principal).map(acl => JSON.stringify(acl))).size
      )
    },
  )
}

const operations: Readonly<Record<string, number>> = {
  read: 3,
  write: 4,
  create: 5,
  delete: 6,
  alter: 7,
  describe: 8,
  cluster_action: 9,
  describe_configs: 10,
  alter_configs: 11,
  idempotent_write: 12,
  create_tokens: 13,
  describe_tokens: 14,
}
const types: Readonly<Record<string, number>> = {
  topic: 2,
  group: 3,
  cluster: 4,
  transactional_id: 5,
  delegation_token: 6,
  user: 7,
}
const deny = 2
const allow = 3
const literal = 3
const prefixed = 4

function entry(stage: Stage, { topics = [] }: RightsCase, principal: string, right: string, permissionType: number) {
  const [operation = '', type = '', letter = ''] = right.split(' ')
  const isLiteral = type === 'cluster' || type === 'user' || letter === '*' || topics.includes(letter)
  const name = letter === '*' ? '*' : stage.name(present(letter))
  return {
    resourceType: types[type],
    resourceName: type === 'cluster' ? 'kafka-cluster' : type === 'user' ? `User:${name}` : name,
    resourcePatternType: isLiteral ? literal : prefixed,
    principal,
    host: '*',
    operation: operations[operation],
    permissionType,
  }
}
