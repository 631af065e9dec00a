import { textOf, reprOfValue } from '../jinja/python-text.ts'
import { NativeFunction } from '../jinja/signature.ts'
import { OperationError } from '../jinja/template-error.ts'
import { boundMacro } from './macro-library.ts'
import type { ProjectScope } from './scope.ts'

/** `adapter` as far as it needs no warehouse. `namespace` has the macros bound to the node of package `from`. */
export function adapterNames(scope: ProjectScope, from: string, namespace: object): Record<string, unknown> {
  const { macros, target, dialect } = scope
  const dispatch = (macro: unknown, macroNamespace: unknown) => {
    const found = macros.dispatch(textOf(macro), macroNamespace == null ? undefined : textOf(macroNamespace), from)
    if (found !== undefined) return boundMacro(namespace, found)
    const name = textOf(macro)
    throw new OperationError(
      'runtime',
      `No macro named ${reprOfValue(name)} found for ${target.type}: define ${target.type}__${name} or default__${name}`,
    )
  }
  return {
    dispatch: new NativeFunction('dispatch', 'macro_name macro_namespace?', dispatch),
    quote: new NativeFunction('quote', 'identifier', (identifier: unknown) =>
      dialect.quoteIdentifier(textOf(identifier)),
    ),
    type: new NativeFunction('type', '', () => target.type),
  }
}
