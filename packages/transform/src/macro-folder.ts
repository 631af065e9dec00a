/** Our own macros, a folder per package; beside `src` as well as beside `dist`. */
export const macroFolder = new URL('../macros/', import.meta.url)
