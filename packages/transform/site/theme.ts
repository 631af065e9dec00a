import { create } from './dom.ts'

const key = 'eclusa-docs-theme'
const themes = ['auto', 'light', 'dark']
const labels: Readonly<Record<string, string>> = { auto: '◐', light: '☀', dark: '☾' }

/** A button that goes round: as the system has it, light, dark. Remembered where the browser lets us. */
export function createThemeButton(): HTMLElement {
  let theme = remembered()
  const button = create('button', { type: 'button', class: 'theme', onclick: () => change() })
  const apply = () => {
    document.documentElement.dataset['theme'] = theme
    button.textContent = labels[theme] ?? ''
    button.setAttribute('aria-label', `Colours: ${theme}`)
    button.title = `Colours: ${theme}`
  }
  const change = () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length]!
    remember(theme)
    apply()
  }
  apply()
  return button
}

function remembered(): string {
  try {
    const theme = localStorage.getItem(key)
    return theme !== null && themes.includes(theme) ? theme : 'auto'
  } catch {
    return 'auto'
  }
}

function remember(theme: string): void {
  try {
    localStorage.setItem(key, theme)
  } catch {
    // A browser that keeps nothing begins with the system's colours next time.
  }
}
