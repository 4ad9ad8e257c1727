/** Every command takes these. */
export const globalOptions = {
  json: { type: 'boolean', help: 'one JSON object per line, for programs' },
  adapter: { type: 'string', value: 'NAME', help: 'which adapter; default EVENT_BUS_ADAPTER, else memory' },
  'env-file': { type: 'string', value: 'FILE', help: 'reads variables from a file; those that are set already win' },
  'no-color': { type: 'boolean', help: 'no colours, as with NO_COLOR=1' },
  help: { type: 'boolean', short: 'h', help: 'this text' },
} as const
