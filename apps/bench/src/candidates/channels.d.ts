declare module '@moleculer/channels' {
  export function Middleware(options: { readonly adapter: object }): object
}
