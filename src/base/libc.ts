/**
 * The C library that this process runs on, through the optional package koffi: for the few system calls that Node does not
 * expose. Loaded once and at first use, because that takes some ten milliseconds; null where there is none (another system
 * than Linux, koffi not installed); callers then do without it.
 */
import { createRequire } from 'node:module'
import type Koffi from 'koffi'

export interface Libc {
  readonly koffi: typeof Koffi
  readonly functions: ReturnType<typeof Koffi.load>
}

let loaded: Libc | null | undefined
let failure: string | undefined

/** Never throws: why there is none is in `libcFailure()`. */
export function loadLibc(): Libc | null {
  if (loaded === undefined) loaded = load()
  return loaded
}

export function libcFailure(): string | undefined {
  return failure
}

function load(): Libc | null {
  if (process.platform !== 'linux') {
    failure = `no binding for ${process.platform}`
    return null
  }
  try {
    // By require, which loads it in two thirds of the time that import takes.
    const koffi = createRequire(import.meta.url)('koffi') as typeof Koffi
    return { koffi, functions: koffi.load(null) }
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error)
    return null
  }
}
