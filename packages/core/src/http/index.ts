export { createHttpHandler } from './handler.ts'
export type { HttpHandler, HttpHandlerOptions, ObservedBus } from './handler.ts'
