import type { CheckFinding, EclusaError } from '@eclusa/sdk'

export function passed(subject: string, message: string): CheckFinding {
  return { status: 'passed', subject, message }
}

export function warning(subject: string, message: string, remedy?: string): CheckFinding {
  return { status: 'warning', subject, message, ...(remedy !== undefined && { remedy }) }
}

export function failed(subject: string, { code, message, remedy }: EclusaError): CheckFinding {
  return { status: 'failed', subject, message, code, remedy }
}
