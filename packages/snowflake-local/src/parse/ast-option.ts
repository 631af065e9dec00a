/** `NAME = value` pairs of a statement or of what stands in brackets, by upper-case name, in the order written. */
export type Options = ReadonlyMap<string, OptionValue>

export type OptionValue =
  /** A bare word, or a dotted name of which `parts` are folded. */
  | { readonly kind: 'word'; readonly text: string; readonly parts: readonly string[] }
  | { readonly kind: 'string' | 'number'; readonly text: string }
  | { readonly kind: 'list'; readonly values: readonly OptionValue[] }
  | { readonly kind: 'options'; readonly options: Options }

/** The text of a plain value: a string as it is, a word in upper case, a number as written. */
export function optionText(value: OptionValue | undefined): string | undefined {
  if (value === undefined || value.kind === 'list' || value.kind === 'options') return undefined
  return value.kind === 'word' ? value.text.toUpperCase() : value.text
}

/** The texts of a list; a plain value is a list of one. */
export function optionTexts(value: OptionValue | undefined): readonly string[] {
  if (value?.kind === 'list') return value.values.flatMap((item) => optionText(item) ?? [])
  const text = optionText(value)
  return text === undefined ? [] : [text]
}

export function isOptionTrue(value: OptionValue | undefined): boolean {
  return optionText(value)?.toUpperCase() === 'TRUE'
}

/** What stands in brackets behind `NAME =`: the pairs, where there are any. */
export function optionGroup(value: OptionValue | undefined): Options {
  return value?.kind === 'options' ? value.options : new Map()
}
