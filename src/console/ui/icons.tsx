/** Icons: strokes on a grid of 16, in the colour of the text around them. They say nothing that the text does not. */
const paths = {
  overview: 'M2 12.5 5.5 8l3 3L14 4M10.5 4H14v3.5',
  topics: 'M2.5 4h11M2.5 8h11M2.5 12h7',
  groups:
    'M6 7.5a2.25 2.25 0 1 0 0-4.5 2.25 2.25 0 0 0 0 4.5ZM2 13c0-2.2 1.8-3.5 4-3.5S10 10.8 10 13M10.5 3.3a2.2 2.2 0 0 1 0 4M12 9.7c1.3.5 2 1.7 2 3.3',
  connections: 'M6.5 9.5 9.5 6.5M7 4.5 8.7 2.8a3 3 0 0 1 4.5 4.5L11.5 9M9 11.5l-1.7 1.7a3 3 0 0 1-4.5-4.5L4.5 7',
  transactions: 'M3 5.5h9M9.5 3 12 5.5 9.5 8M13 10.5H4M6.5 8 4 10.5 6.5 13',
  settings: 'M2.5 5h4M10.5 5h3M2.5 11h2M8.5 11h5M8.5 7a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM6.5 13a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z',
  search: 'M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM10.5 10.5 14 14',
  plus: 'M8 3v10M3 8h10',
  close: 'm4 4 8 8M12 4l-8 8',
  up: 'm4 10 4-4 4 4',
  down: 'm4 6 4 4 4-4',
  left: 'M10 4 6 8l4 4',
  right: 'm6 4 4 4-4 4',
  refresh: 'M13 8a5 5 0 1 1-1.5-3.5M13 2v3h-3',
  sun: 'M8 10.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM8 1v2m0 10v2M1 8h2m10 0h2M3 3l1.5 1.5m7 7L13 13M3 13 4.5 11.5M13 3 11.5 4.5',
  moon: 'M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7Z',
  system: 'M2.5 3h11v7.5h-11ZM6 13.5h4M8 10.5v3',
  out: 'M6 2.5H3v11h3M7 8h7M11.5 5.5 14 8l-2.5 2.5',
  trash: 'M3 4.5h10M6.5 4.5v-2h3v2M4.5 4.5l.5 9h6l.5-9M7 7v4M9 7v4',
  purge: 'M3 13.5h10M4.5 10.5 9.5 3l3.5 2.5-3.5 5M6 8l4 2.5M4.5 10.5c1.5 0 3 .5 4 1.5',
  play: 'M5 3.5v9l7.5-4.5Z',
  pause: 'M5 3v10M11 3v10',
  download: 'M8 2.5v8M4.5 7.5 8 11l3.5-3.5M3 13.5h10',
  upload: 'M8 11V3M4.5 6 8 2.5 11.5 6M3 13.5h10',
  copy: 'M5.5 5.5h8v8h-8ZM10.5 5.5v-3h-8v8h3',
  replay: 'M3 8a5 5 0 1 0 1.5-3.5M3 2v3h3',
  edit: 'M3 13l.7-3L10.5 3.2l2.3 2.3L6 12.3ZM9 4.7 11.3 7',
  check: 'm3 8.5 3.5 3.5L13 4.5',
  warning: 'M8 2.5 14.5 13.5h-13ZM8 6.5v3.5M8 12v.1',
  info: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 7.5V11M8 5v.1',
} as const

export type IconName = keyof typeof paths

export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  )
}

/** Gregor: a beetle, seen from above. */
export function Logo() {
  return (
    <svg class="logo" width="28" height="28" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" />
      <path class="legs" d="M12.5 8.5 10 5M19.5 8.5 22 5M9 14H5M23 14h4M9.5 19.5 6 22.5M22.5 19.5 26 22.5" />
      <path class="head" d="M16 8c-3 0-5 1.6-5.4 4.2h10.8C21 9.6 19 8 16 8Z" />
      <path
        class="wings"
        d="M9.6 14h5.6v12.6c-3.6-.7-5.9-4-5.9-8.6 0-1.5.1-2.8.3-4Zm12.8 0h-5.6v12.6c3.6-.7 5.9-4 5.9-8.6 0-1.5-.1-2.8-.3-4Z"
      />
    </svg>
  )
}
