/**
 * A Java long. Within ±2^53 it is a number, and arithmetic costs what numbers cost; beyond it is a bigint, so that no value
 * that is only stored, compared and returned is ever rounded. `<` and `>` compare both kinds exactly.
 */
export type Int64 = number | bigint

/** The largest double that is a long: what lies above, once rounded, is cut down to it. */
export const roundedInt64Max = 2 ** 63 - 1024

/** Wraps around at 2^63, as Java does. */
export function int64Of(value: bigint): Int64 {
  const wrapped = BigInt.asIntN(64, value)
  const asNumber = Number(wrapped)
  return Number.isSafeInteger(asNumber) ? asNumber : wrapped
}

export function int64Sum(a: Int64, b: Int64): Int64 {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b
    if (Number.isSafeInteger(sum)) return sum
  }
  return int64Of(BigInt(a) + BigInt(b))
}

export function int64Difference(a: Int64, b: Int64): Int64 {
  return int64Sum(a, -b)
}

/** The nearest number. Order is kept: what is not smaller does not become smaller. */
export function roundedInt64(value: Int64): number {
  return typeof value === 'number' ? value : Math.min(Number(value), roundedInt64Max)
}
