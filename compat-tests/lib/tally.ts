/** What a harness found: one line per claim, and the closing line that scripts read. */
export class Tally {
  #passed = 0
  #failed = 0

  get failed(): number {
    return this.#failed
  }

  /** `problem` is null when the claim holds, else what is wrong with it. */
  claim(name: string, problem: string | null): void {
    if (problem === null) {
      this.#passed++
      console.log(`ok      ${name}`)
    } else {
      this.#failed++
      console.log(`FAILED  ${name}\n        ${problem}`)
    }
  }

  /** Of many findings of one kind: the number and the first few. */
  claimNone(name: string, findings: readonly string[], shown = 5): void {
    const more = findings.length > shown ? [`… ${findings.length} in all`] : []
    this.claim(name, findings.length === 0 ? null : [...findings.slice(0, shown), ...more].join('\n        '))
  }

  /** Prints the figures as one line of JSON and the closing line; returns the exit code. */
  close(figures: object): 0 | 1 {
    console.log(JSON.stringify(figures))
    console.log(`${this.#passed} passed, ${this.#failed} failed`)
    return this.#failed === 0 ? 0 : 1
  }
}
