/** The rules one by one, then many ACLs at once against a model that looks at all of them in the order of Kafka's documents. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Principal, principalText, user } from '../principal.js'
import {
  type Acl,
  type AclFilter,
  matchesFilter,
  type Operation,
  operations,
  patternTypes,
  permissionTypes,
  type ResourceType,
  resourceTypes,
} from './acl.js'
import { AclIndex } from './acl-index.js'
import { Authorizer, type AuthorizerSettings, superUsers } from './authorizer.js'
import { addressRange } from './host.js'

const alice = user('alice')
const host = '10.0.0.1'

/** "allow read topic t", "deny write topic p* for User:bob from 10.0.0.0/8": a star at the end is a prefix. */
function acl(text: string): Acl {
  const match = /^(allow|deny) (\w+) (\w+) (\S+)(?: for (\S+))?(?: from (\S+))?$/.exec(text)
  if (match === null) throw new Error(text)
  const [, permission, operation, type, name = '', principal = 'User:alice', from = '*'] = match
  const isPrefix = name.length > 1 && name.endsWith('*')
  return {
    resourceType: resourceTypes[type as ResourceType],
    resourceName: isPrefix ? name.slice(0, -1) : name,
    patternType: isPrefix ? patternTypes.prefixed : patternTypes.literal,
    principal,
    host: from,
    operation: operations[operation as Operation],
    permissionType: permissionTypes[permission as 'allow'],
  }
}

function authorizer(
  texts: readonly (string | Acl)[],
  settings: Partial<AuthorizerSettings> = {},
  index = new AclIndex(),
): Authorizer {
  for (const [at, one] of texts.entries()) index.add(String(at), typeof one === 'string' ? acl(one) : one)
  return new Authorizer(index, { superUsers: new Set(), allowEveryoneIfNoAclFound: false, ...settings })
}

const may = (texts: readonly string[], what: string, settings: Partial<AuthorizerSettings> = {}, who: Principal = alice) => {
  const [operation, type, name = ''] = what.split(' ')
  return authorizer(texts, settings).allows(who, host, operation as Operation, type as ResourceType, name)
}

describe('an entry', () => {
  test('allows what it names to whom it names, and nothing else', () => {
    const only = ['allow read topic t']
    expect(may(only, 'read topic t')).toBe(true)
    for (const other of ['write topic t', 'read topic t2', 'read topic ', 'read group t', 'alter cluster kafka-cluster']) {
      expect(may(only, other)).toBe(false)
    }
    expect(may(only, 'read topic t', {}, user('bob'))).toBe(false)
    expect(may(only, 'read topic t', {}, { type: 'Group', name: 'alice' })).toBe(false)
  })
  test('counts for a prefix, for every name, for everyone and for all operations', () => {
    expect(may(['allow read topic ab*'], 'read topic abc')).toBe(true)
    expect(may(['allow read topic ab*'], 'read topic a')).toBe(false)
    expect(may(['allow read topic *'], 'read topic anything')).toBe(true)
    expect(may(['allow read topic t for User:*'], 'read topic t', {}, { type: 'Other', name: 'x' })).toBe(true)
    expect(may(['allow all topic t'], 'alter_configs topic t')).toBe(true)
  })
  test('that denies wins over all that allow, whatever its pattern', () => {
    const allowed = ['allow all topic *', 'allow all topic to*', 'allow read topic topic']
    expect(may(allowed, 'read topic topic')).toBe(true)
    for (const denied of ['topic', 't*', 'topic*', '*']) {
      expect(may([...allowed, `deny read topic ${denied}`], 'read topic topic')).toBe(false)
    }
    expect(may([...allowed, 'deny all topic t* for User:*'], 'describe topic topic')).toBe(false)
  })
  test('that allows reading, writing, deleting or altering allows describing; one that denies them does not deny it', () => {
    for (const operation of ['read', 'write', 'delete', 'alter']) {
      expect(may([`allow ${operation} topic t`], 'describe topic t')).toBe(true)
      expect(may([`deny ${operation} topic t`, 'allow describe topic t'], 'describe topic t')).toBe(true)
      expect(may([`allow ${operation} topic t`], 'describe_configs topic t')).toBe(false)
    }
    expect(may(['allow alter_configs topic t'], 'describe_configs topic t')).toBe(true)
    expect(may(['deny alter_configs topic t', 'allow describe_configs topic t'], 'describe_configs topic t')).toBe(true)
    for (const operation of ['create', 'cluster_action', 'alter_configs', 'describe_configs']) {
      expect(may([`allow ${operation} topic t`], 'describe topic t')).toBe(false)
    }
  })
  test('counts from its host, also by a range', () => {
    expect(may([`allow read topic t from ${host}`], 'read topic t')).toBe(true)
    expect(may(['allow read topic t from 10.0.0.2'], 'read topic t')).toBe(false)
    expect(may(['allow read topic t from 10.0.0.0/24'], 'read topic t')).toBe(true)
    expect(may(['allow read topic t', 'deny read topic t from 10.0.0.0/31'], 'read topic t')).toBe(false)
    expect(may(['allow read topic t from 10.0.1.0/24'], 'read topic t')).toBe(false)
  })
})

describe('who is allowed without an entry', () => {
  const open = { allowEveryoneIfNoAclFound: true }
  test('everyone, where no entry names the resource, if it is set so; one entry for somebody else ends that', () => {
    expect(may([], 'read topic t')).toBe(false)
    expect(may([], 'read topic t', open)).toBe(true)
    expect(may(['allow read topic other'], 'read topic t', open)).toBe(true)
    for (const one of ['allow read topic t for User:bob', 'deny write topic t*', 'allow read topic *']) {
      expect(may([one], 'alter topic t', open)).toBe(false)
    }
  })
  test('super users, whatever is denied', () => {
    const settings = { superUsers: new Set(['User:alice']) }
    expect(may(['deny all topic * for User:*'], 'read topic t', settings)).toBe(true)
    expect(may([], 'read topic t', settings, user('alice '))).toBe(false)
    expect(superUsers(' User:alice ;User:CN=a,O=b;; ')).toEqual(new Set(['User:alice', 'User:CN=a,O=b']))
    expect(superUsers('User:alice;bob')).toEqual({
      problem: 'expected a string in format principalType:principalName but got bob',
    })
  })
})

describe('some topic may be written', () => {
  const mayAny = (texts: readonly string[], settings: Partial<AuthorizerSettings> = {}) =>
    authorizer(texts, settings).allowsAny(alice, host, 'write', 'topic')
  test.each<[boolean, readonly string[]]>([
    [false, []],
    [true, ['allow write topic t']],
    [true, ['allow all topic t* for User:*']],
    [true, ['allow write topic *']],
    [false, ['allow read topic t']],
    [false, ['allow write topic t for User:bob']],
    [false, ['allow write topic t from 10.0.0.2']],
    [false, ['allow write topic t', 'deny write topic t']],
    [false, ['allow write topic t', 'deny write topic *']],
    [false, ['allow write topic tt', 'deny write topic t*']],
    [false, ['allow write topic tt*', 'deny all topic t* for User:*']],
    [true, ['allow write topic tt*', 'deny write topic ttt*']],
    [true, ['allow write topic t*', 'deny write topic t']],
    [true, ['allow write topic *', 'deny write topic t*']],
    [true, ['allow write topic t', 'deny write topic t from 10.0.0.2']],
    [true, ['allow write topic t', 'deny read topic *']],
  ])('%s: %j', (is, texts) => expect(mayAny(texts)).toBe(is))
  test('by super users, and by everyone where it is set so', () => {
    expect(mayAny(['deny all topic *'], { superUsers: new Set(['User:alice']) })).toBe(true)
    expect(mayAny(['allow read topic t for User:bob'], { allowEveryoneIfNoAclFound: true })).toBe(true)
  })
})

// ---- many at once

const some = <T>(...of: readonly T[]) => fc.constantFrom(...of)
const names = some('a', 'ab', 'abc', 'b', '*')
const anyAcl: fc.Arbitrary<Acl> = fc.record({
  resourceType: some<number>(resourceTypes.topic, resourceTypes.group),
  resourceName: names,
  patternType: some<number>(patternTypes.literal, patternTypes.prefixed),
  principal: some('User:alice', 'User:bob', 'User:*'),
  host: some('*', host, '10.0.0.0/30', '10.0.0.9'),
  operation: fc.integer({ min: 2, max: 12 }),
  permissionType: some<number>(permissionTypes.allow, permissionTypes.allow, permissionTypes.deny),
})
const asked = fc.record({
  principal: some(alice, user('bob'), user('eve')),
  host: some(host, '10.0.0.9'),
  operation: some<Operation>('read', 'write', 'describe', 'alter_configs', 'describe_configs', 'alter'),
  type: some<ResourceType>('topic', 'group'),
  name: names,
})

type Question = typeof asked extends fc.Arbitrary<infer Asked> ? Asked : never

function modelAllows(acls: readonly Acl[], { principal, host: from, operation, type, name }: Question, isOpen: boolean): boolean {
  const about = acls.filter(
    one =>
      one.resourceType === resourceTypes[type] &&
      (one.patternType === patternTypes.prefixed
        ? name.startsWith(one.resourceName)
        : one.resourceName === name || one.resourceName === '*'),
  )
  if (about.length === 0) return isOpen
  const matching = about.filter(
    one =>
      (one.principal === principalText(principal) || one.principal === 'User:*') &&
      (one.host === '*' || one.host === from || (addressRange(one.host)?.contains(from) ?? false)),
  )
  const code = operations[operation]
  const implied: Partial<Record<Operation, readonly number[]>> = { describe: [3, 4, 6, 7], describe_configs: [11] }
  const isDenied = matching.some(one => one.permissionType === permissionTypes.deny && [code, 2].includes(one.operation as 2))
  const allowing = [code, 2, ...(implied[operation] ?? [])]
  return !isDenied && matching.some(one => one.permissionType === permissionTypes.allow && allowing.includes(one.operation))
}

test('any number of entries says what the model says, also when some have gone again', () => {
  fc.assert(
    fc.property(
      fc.array(anyAcl, { maxLength: 12 }),
      fc.array(anyAcl, { maxLength: 6 }),
      fc.array(asked, { minLength: 5 }),
      fc.boolean(),
      (kept, gone, questions, isOpen) => {
        const index = new AclIndex()
        const made = authorizer([...kept, ...gone], { allowEveryoneIfNoAclFound: isOpen }, index)
        for (const at of gone.keys()) index.remove(String(kept.length + at))
        expect(index.size).toBe(kept.length)
        for (const one of questions) {
          const { principal, host: from, operation, type, name } = one
          expect(made.allows(principal, from, operation, type, name), JSON.stringify(one)).toBe(modelAllows(kept, one, isOpen))
        }
      },
    ),
    { numRuns: 500 },
  )
})

test('a filter for what matches a name finds just the entries that count for it', () => {
  fc.assert(
    fc.property(fc.array(anyAcl), names, (acls, name) => {
      const filter: AclFilter = {
        ...{ resourceType: resourceTypes.topic, resourceName: name, patternType: patternTypes.match },
        ...{ principal: null, host: null, operation: operations.any, permissionType: permissionTypes.any },
      }
      const found = acls.filter(one => matchesFilter(one, filter))
      const counting = acls.filter(
        one =>
          one.resourceType === resourceTypes.topic &&
          (one.patternType === patternTypes.literal ? [name, '*'].includes(one.resourceName) : name.startsWith(one.resourceName)),
      )
      expect(found).toEqual(counting)
    }),
  )
})
