// Starts what is measured: Gregor as a user starts it, a bare Node server, a compiled C program. Each is a process of its
// own that says on one line where it listens.
import { join } from 'node:path'
import { repositoryRoot } from '../../compat-tests/lib/paths.js'
import { startService } from '../../compat-tests/lib/processes.js'

export interface Subject {
  readonly name: string
  readonly pid: number
  readonly port: number
  readonly stop: () => Promise<unknown>
}

const readyTimeoutMs = 30_000
const stopTimeoutMs = 10_000

/** What `gregor` is when installed. */
export const gregorMain = join(repositoryRoot, 'dist', 'bundle', 'gregor.js')
/** Options of `gregor start`, which has an HTTP port unless it is told not to. */
export const withoutHttp = ['--config', 'gregor.http.listener='] as const
export const childScript = (name: string) => join(repositoryRoot, 'dist', 'bench', 'children', name)

export async function startSubject(
  name: string,
  program: string,
  args: readonly string[],
  readyLine: RegExp,
  descriptors?: number,
): Promise<Subject> {
  const limited = descriptors === undefined ? [program, ...args] : withDescriptors(descriptors, program, args)
  const service = await startService(limited[0]!, limited.slice(1), { readyLine, readyTimeoutMs, stopTimeoutMs })
  return { name, pid: service.pid, port: Number(service.ready[1]), stop: () => service.stop() }
}

export function startGregor(name: string, args: readonly string[], descriptors?: number): Promise<Subject> {
  const all = [gregorMain, 'start', '--listen', '127.0.0.1:0', ...args]
  return startSubject(name, process.execPath, all, /^gregor ready: PLAINTEXT:\/\/127\.0\.0\.1:(\d+) /, descriptors)
}

/** A server of bench/children/bare-node.ts. */
export function startBareNode(name: string, args: readonly string[], descriptors?: number): Promise<Subject> {
  return startSubject(name, process.execPath, [childScript('bare-node.js'), ...args], /^listening on (\d+)$/, descriptors)
}

/** The command with a bound of open files that suffices, where the system lets us raise it. */
export function withDescriptors(count: number, program: string, args: readonly string[]): string[] {
  const raise = 'ulimit -n "$0" 2>/dev/null || ulimit -n "$(ulimit -Hn)"; exec "$@"'
  return ['sh', '-c', raise, String(count), program, ...args]
}
