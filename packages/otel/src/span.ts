import { type Span, SpanStatusCode } from '@opentelemetry/api'
import { attribute, errorType } from './attributes.ts'

export function failed(span: Span, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error)
  span.recordException(error instanceof Error ? error : message)
  span.setAttribute(attribute.errorType, errorType(error))
  span.setStatus({ code: SpanStatusCode.ERROR, message })
}
