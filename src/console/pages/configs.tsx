export function Configs(_: { readonly path: string; readonly of: string }) {
  return <p class="empty">Configs</p>
}
