/**
 * Keeps the process alive until `work` is settled. The broker's timers never do, a socket that reads nothing does not, and
 * when Node has nothing left to wait for it ends the process in the middle of an await, with exit code 0 or 13.
 */
export async function held<T>(work: Promise<T>): Promise<T> {
  const hold = setInterval(() => {}, longestIntervalMs)
  try {
    return await work
  } finally {
    clearInterval(hold)
  }
}

const longestIntervalMs = 0x7fff_ffff
