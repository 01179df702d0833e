// Makes what is written to files cost on a virtual machine what it costs on a machine with memory of its own; why that needs
// help is told in bench/limits/hold-memory.c. Without a C compiler nothing is done, and the figures of Produce then vary more.
import { freemem } from 'node:os'
import { startService } from '../../compat-tests/lib/processes.js'
import { compiled } from './compiler.js'

/** Several logs of the produce runs: those that are written and those just deleted. */
const heldBytes = 3e9
const startTimeoutMs = 60_000

/** Resolves when the memory is there, to a function that ends the holding. */
export async function holdMemory(scratch: string, wantedBytes = heldBytes): Promise<() => Promise<unknown>> {
  const program = await compiled('hold-memory.c', scratch)
  if (typeof program !== 'string') return async () => {}
  const bytes = Math.round(Math.min(wantedBytes, freemem() / 3))
  const timeouts = { readyTimeoutMs: startTimeoutMs, stopTimeoutMs: startTimeoutMs }
  const service = await startService(program, [String(bytes)], { readyLine: /^holding$/, ...timeouts })
  return () => service.stop()
}
