import { sqlTokens } from '../src/site-view/sql-tokens.ts'
import { create } from './dom.ts'

interface CodeText {
  readonly label: string
  readonly code: string
}

/** SQL with colours, a tab for each of its forms, and a button that copies it. */
export function codeView(texts: readonly CodeText[]): HTMLElement {
  const panel = create('pre', { tabindex: 0 })
  const tabs = texts.map((text) => create('button', { type: 'button', onclick: () => show(text) }, text.label))
  let current = texts[0]!
  const show = (text: CodeText) => {
    current = text
    for (const [at, tab] of tabs.entries()) tab.setAttribute('aria-pressed', String(texts[at] === text))
    panel.setAttribute('aria-label', text.label)
    panel.replaceChildren(coloredCode(text.code))
  }
  const copy = create('button', { type: 'button', class: 'quiet-button', onclick: () => void copyText() }, 'Copy')
  const copyText = async () => {
    copy.textContent = (await copied(current.code, panel)) ? 'Copied' : 'Selected'
    setTimeout(() => (copy.textContent = 'Copy'), 2000)
  }
  show(current)
  const tabRow = create('div', { class: 'tabs', role: 'group', 'aria-label': 'Form of the code' }, ...tabs)
  return create('div', { class: 'code' }, create('div', { class: 'code-head' }, tabRow, copy), panel)
}

function coloredCode(code: string): HTMLElement {
  const pieces = sqlTokens(code.replace(/^\n+|\s+$/gu, '')).map(({ text, kind }) =>
    kind === undefined ? text : create('span', { class: `sql-${kind}` }, text),
  )
  return create('code', {}, ...pieces)
}

/** From a folder there may be no clipboard: then the text is selected, and the reader copies it. */
async function copied(text: string, panel: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    getSelection()?.selectAllChildren(panel)
    return false
  }
}
