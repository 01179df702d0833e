/**
 * Runs in every page before anything of the console does: what a page did wrong, how long it kept the browser busy, and what of
 * it a keyboard reaches. Asked as `harness.…` by the judge.
 */
globalThis.harness = (() => {
  const violations = []
  document.addEventListener('securitypolicyviolation', event =>
    violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`),
  )
  const longTasksMs = []
  new PerformanceObserver(list => {
    for (const { duration } of list.getEntries()) longTasksMs.push(Math.round(duration))
  }).observe({ type: 'longtask' })

  const isSeen = element => element.checkVisibility({ visibilityProperty: true, opacityProperty: true })
  const inQuestion = 'a[href], button, input, select, textarea, summary, [tabindex="0"], [onclick], [role="button"]'
  const root = () => document.querySelector('dialog[open]') ?? document.body
  /** What a pointer can use. */
  const usable = () => [...root().querySelectorAll(inQuestion)].filter(element => isSeen(element) && !element.disabled)

  const frame = () => new Promise(resolve => requestAnimationFrame(resolve))

  return {
    violations,
    longTasksMs,
    /** Set by message bytes that ran as a script. */
    wasInjected: () => globalThis.injected !== undefined,
    /** Elements that only markup out of a message can have made. */
    foreignElements: () =>
      [...document.querySelectorAll('img, iframe, object, embed, form[action], script:not([src]), base, marquee')].map(
        ({ outerHTML }) => outerHTML.slice(0, 100),
      ),
    marked: () => {
      // Tab begins at the top, wherever it was.
      document.body.tabIndex = -1
      document.body.focus()
      document.body.removeAttribute('tabindex')
      for (const element of usable()) element.dataset.awaited = ''
      return usable().length
    },
    /** Called after each press of Tab. */
    reached: () => {
      const { activeElement } = document
      delete activeElement?.dataset.awaited
      return activeElement === null || activeElement === document.body
    },
    unreached: () =>
      [...root().querySelectorAll('[data-awaited]')]
        .filter(element => isSeen(element) && !element.disabled)
        .map(({ outerHTML }) => outerHTML.slice(0, 120)),
    /** What a link that is opened again has to show again: figures move while there is load. */
    view: () =>
      JSON.stringify({
        title: document.title,
        heading: document.querySelector('h1')?.textContent,
        tabs: [...document.querySelectorAll('[aria-current]')].map(({ textContent }) => textContent.replace(/\d+/g, '')),
        fields: [...document.querySelectorAll('main input, main select')].map(({ value }) => value),
        sorted: [...document.querySelectorAll('th[aria-sort]')].map(th => `${th.textContent} ${th.ariaSort}`),
        pages: document.querySelector('nav.pager span')?.textContent.replace(/[\d.,]+/g, ''),
      }),
    /** Scrolls an element (or the page) to its end, a screen a frame; answers how many frames that took, and the longest. */
    scrolled: async selector => {
      const element = document.querySelector(selector)
      const scroller = element !== null && element.scrollHeight > element.clientHeight + 1 ? element : document.scrollingElement
      longTasksMs.length = 0
      let [frames, longest, last] = [0, 0, performance.now()]
      for (let before = -1; scroller.scrollTop !== before && frames < 3000; frames++) {
        before = scroller.scrollTop
        scroller.scrollTop += scroller.clientHeight * 0.9
        await frame()
        longest = Math.max(longest, performance.now() - last)
        last = performance.now()
      }
      return { frames, longestFrameMs: Math.round(longest), longTasksMs: [...longTasksMs], height: scroller.scrollHeight }
    },
  }
})()
