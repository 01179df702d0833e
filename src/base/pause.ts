/**
 * Asked by long work between two steps: null goes on at once, a promise is awaited first. Whoever gives it decides how long
 * others wait, and may end the work by rejecting.
 */
export type Pause = () => Promise<void> | null
