import { typeNameOf } from '../jinja/protocol.ts'
import type { HostObject } from '../jinja/protocol.ts'

export type AgateTypeName = 'Integer' | 'Number' | 'Date' | 'DateTime' | 'ISODateTime' | 'Boolean' | 'Text'

/** The type of a table's column, by the name of agate's class for it. */
export class AgateType implements HostObject {
  readonly name: AgateTypeName
  readonly [typeNameOf]: string

  constructor(name: AgateTypeName) {
    this.name = name
    this[typeNameOf] = name
  }

  toString(): string {
    return `<agate.${this.name} object>`
  }
}

export const agateTypes = {
  Integer: new AgateType('Integer'),
  Number: new AgateType('Number'),
  Date: new AgateType('Date'),
  DateTime: new AgateType('DateTime'),
  ISODateTime: new AgateType('ISODateTime'),
  Boolean: new AgateType('Boolean'),
  Text: new AgateType('Text'),
} as const satisfies Readonly<Record<AgateTypeName, AgateType>>
