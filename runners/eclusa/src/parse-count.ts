import { InvalidArgumentError } from 'commander'

/** A whole number from 1, for options that count. */
export function parseCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/u.test(text)) throw new InvalidArgumentError('Expected a whole number from 1.')
  return Number(text)
}
