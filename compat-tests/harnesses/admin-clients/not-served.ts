/** Methods that ask for an API which a broker may not have: a broker without share groups, streams groups or telemetry. */

const methods: readonly (readonly [pattern: RegExp, key: number])[] = [
  [/describe_?share_?groups/i, 77],
  [/list_?share_?group_?offsets|(describe|fetch)_?share_?group_?offsets/i, 90],
  [/alter_?share_?group_?offsets/i, 91],
  [/delete_?share_?group_?offsets/i, 92],
  [/describe_?streams_?groups/i, 89],
  [/describe_?(next_?gen_?)?consumer_?groups?/i, 69],
  [/client_?instance_?id/i, 71],
  [/unregister_?controller/i, 94],
  [/^api_versions$/, 93],
]

/** The API that a method cannot do without. */
export function keyOf(method: string): number | null {
  return methods.find(([pattern]) => pattern.test(method))?.[1] ?? null
}
