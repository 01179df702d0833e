/** Markup and scripts that only text should become of, wherever a client may put bytes that the console shows. */

export const payloads: readonly string[] = [
  '<img src=x onerror="globalThis.injected=1">',
  '"><script>globalThis.injected=2</script>',
  '<svg/onload=globalThis.injected=3>',
  'javascript:globalThis.injected=4',
  '</title><iframe srcdoc="<script>parent.injected=5</script>">',
  "' onmouseover='globalThis.injected=6' x='",
  '<a href="javascript:globalThis.injected=7">a</a><base href="//elsewhere.invalid/">',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: an injection into templates
  '{{constructor.constructor("globalThis.injected=8")()}}${globalThis.injected=8}',
]

/** Names that mean something to objects of JavaScript; a topic may be called so. */
export const objectNames: readonly string[] = ['__proto__', 'constructor', 'toString']
