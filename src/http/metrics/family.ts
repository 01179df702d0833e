/**
 * What a family of metrics is: a name that dashboards know, its type and labels, and how it is read from what one scrape sees.
 * Families are read one after the other, a few series at a time and with pauses: what they yield is made when it is asked for.
 */
import type { Seen } from './seen.js'

export type Labels = Readonly<Record<string, string | number>>

/** One series and its value. */
export interface Sample {
  readonly labels: Labels
  readonly value: number
  /** Of a histogram: the family's name with _bucket, _sum or _count. */
  readonly metricName?: string
}

export interface Family {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary' | 'untyped'
  readonly labels: readonly string[]
  /** One sentence, as it stands in the answer. */
  readonly help: string
  read(seen: Seen): Iterable<Sample>
}

/** Families that know each other, under a heading of docs/metrics.md. */
export interface FamilyGroup {
  readonly title: string
  /** Where the names are from, and by what rule they are filled. */
  readonly about: string
  readonly families: readonly Family[]
  /** A boolean key of the configuration, without which nobody asks for them. */
  readonly key?: 'gregor.http.metrics.redpanda'
}

type Read = Family['read']
/** The value of a family without labels; null where it is not known. */
type Value = (seen: Seen) => number | null

export function gauge(name: string, labels: readonly string[], help: string, read: Read): Family {
  return { name, type: 'gauge', labels, help, read }
}

export function counter(name: string, labels: readonly string[], help: string, read: Read): Family {
  return { name, type: 'counter', labels, help, read }
}

export function oneGauge(name: string, help: string, value: Value): Family {
  return gauge(name, [], help, single(value))
}

export function oneCounter(name: string, help: string, value: Value): Family {
  return counter(name, [], help, single(value))
}

const noLabels: Labels = {}

function single(value: Value): Read {
  return seen => {
    const known = value(seen)
    return known === null ? [] : [{ labels: noLabels, value: known }]
  }
}

/** The value of a boolean. */
export const flag = (is: boolean): number => (is ? 1 : 0)
