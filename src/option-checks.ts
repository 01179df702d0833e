/**
 * What JavaScript does not keep out of the embedding API: an option of another type, and a misspelt one. Each is told with its
 * name.
 */
import { nearest } from './config/nearest.js'
import { ConfigError } from './config/resolve.js'

export interface Check {
  readonly needs: string
  readonly accepts: (value: unknown) => boolean
}

export type Checks<Options> = Readonly<Record<keyof Options, Check>>

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

/** Maps and lists have their entries elsewhere. */
const isRecord = (value: unknown): value is object => isObject(value) && !(Symbol.iterator in value)

const isText = (value: unknown): value is string => typeof value === 'string'

const areFunctions = (value: object, names: readonly string[], mayLack: boolean): boolean =>
  names.every(name => {
    const member: unknown = Reflect.get(value, name)
    return typeof member === 'function' || (mayLack && member === undefined)
  })

export const text: Check = { needs: 'a text', accepts: isText }
export const number: Check = { needs: 'a number', accepts: value => typeof value === 'number' }
export const flag: Check = { needs: 'true or false', accepts: value => typeof value === 'boolean' }
export const callback: Check = { needs: 'a function', accepts: value => typeof value === 'function' }
export const record: Check = { needs: 'an object', accepts: isRecord }
export const list: Check = { needs: 'a list of texts', accepts: value => Array.isArray(value) && value.every(isText) }
export const port: Check = {
  needs: 'a port, 0 to 65535,',
  accepts: value => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 65_535,
}
export const pathOf = (what: string): Check => ({
  needs: `the path of a ${what}`,
  accepts: value => isText(value) && value !== '',
})
export const texts: Check = {
  needs: 'an object whose values are texts',
  accepts: value => isRecord(value) && Object.values(value).every(each => each === undefined || isText(each)),
}
export const log: Check = {
  needs: 'an object with debug, info, warn and error',
  accepts: value => isObject(value) && areFunctions(value, ['debug', 'info', 'warn', 'error'], false),
}
export const world: Check = {
  needs: 'an object of functions',
  accepts: value => isObject(value) && areFunctions(value, ['nowMs', 'monotonicMs', 'after', 'randomBytes', 'uuidText'], true),
}

/** Names what is of another type; answers what no check knows. What is undefined is not given. @throws ConfigError */
export function checkOptions<Options>(call: string, given: unknown, checks: Checks<Options>): string[] {
  if (!isRecord(given)) throw new ConfigError([`${call}: an object of options is needed, not ${shown(given)}`])
  const problems: string[] = []
  for (const [name, { needs, accepts }] of Object.entries<Check>(checks)) {
    const value: unknown = Reflect.get(given, name)
    if (value !== undefined && !accepts(value)) problems.push(`${name}: ${needs} is needed, not ${shown(value)}`)
  }
  if (problems.length > 0) throw new ConfigError(problems)
  const names = Object.keys(checks)
  return Object.keys(given).flatMap(name => (names.includes(name) ? [] : unknownOption(name, names)))
}

/** @throws ConfigError */
export function checkText(name: string, value: unknown): asserts value is string {
  if (!isText(value)) throw new ConfigError([`${name}: ${text.needs} is needed, not ${shown(value)}`])
}

/** A value as a message names it; an object by its kind. */
export function shown(value: unknown): string {
  if (isText(value)) return JSON.stringify(value)
  return isObject(value) ? Object.prototype.toString.call(value).slice('[object '.length, -1) : String(value)
}

function unknownOption(name: string, names: readonly string[]): string {
  const similar = nearest(name, names)
  return `Unknown option ${name}${similar === null ? '' : `; did you mean ${similar}?`}`
}
