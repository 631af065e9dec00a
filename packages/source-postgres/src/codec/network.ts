import { printedCodec } from './textual.ts'
import { expectLength, malformed } from './value-codec.ts'
import type { ValueCodec, WireBytes } from './value-codec.ts'

const headerBytes = 4
const familyIpv4 = 2
const familyIpv6 = 3

/** inet prints the mask only where it is shorter than the address; cidr always. */
export const inetCodec: ValueCodec = printedCodec((wire, start, length) => {
  const { address, isFullMask, mask } = readNetwork(wire, start, length)
  return isFullMask ? address : `${address}/${mask}`
})

export const cidrCodec: ValueCodec = printedCodec((wire, start, length) => {
  const { address, mask } = readNetwork(wire, start, length)
  return `${address}/${mask}`
})

/** macaddr and macaddr8. */
export function macaddrCodec(byteCount: 6 | 8): ValueCodec {
  return printedCodec(({ bytes }, start, length) => {
    expectLength(length, byteCount)
    return [...bytes.subarray(start, start + byteCount)].map((byte) => byte.toString(16).padStart(2, '0')).join(':')
  })
}

function readNetwork({ bytes }: WireBytes, start: number, length: number) {
  const family = bytes[start]
  const mask = bytes[start + 1]!
  const addressBytes = length - headerBytes
  const isKnown = (family === familyIpv4 && addressBytes === 4) || (family === familyIpv6 && addressBytes === 16)
  if (!isKnown || bytes[start + 3] !== addressBytes || mask > addressBytes * 8) {
    throw malformed('the network address has an unknown form')
  }
  const octets = bytes.subarray(start + headerBytes, start + length)
  const address = family === familyIpv4 ? [...octets].join('.') : formatIpv6(octets)
  return { address, mask, isFullMask: mask === addressBytes * 8 }
}

/**
 * As inet_net_ntop.c of PostgreSQL: the first longest run of two or more zero groups becomes `::`, and addresses that
 * embed an IPv4 address end in it.
 */
function formatIpv6(octets: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => octets.readUInt16BE(index * 2))
  const run = longestZeroRun(groups)
  const embedsIpv4 = run.start === 0 && (run.length === 6 || (run.length === 5 && groups[5] === 0xffff))
  const texts = groups.map((group) => group.toString(16))
  if (embedsIpv4) texts.splice(6, 2, [...octets.subarray(12)].join('.'))
  if (run.length < 2) return texts.join(':')
  const tailStart = Math.min(run.start + run.length, embedsIpv4 ? 6 : 8)
  return `${texts.slice(0, run.start).join(':')}::${texts.slice(tailStart).join(':')}`
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let longest = { start: -1, length: 0 }
  for (let start = 0; start < groups.length; start++) {
    let end = start
    while (groups[end] === 0) end++
    if (end - start > longest.length) longest = { start, length: end - start }
  }
  return longest
}
