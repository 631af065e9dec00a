import { escapeHtml } from './markdown.ts'

export interface ShellOptions {
  readonly projectName: string
  /** Elements of the head that bring style and script, written out or by their addresses. */
  readonly style: string
  readonly script: string
}

/** The one HTML page: the script fills it. */
export function siteShell({ projectName, style, script }: ShellOptions): string {
  const title = `${escapeHtml(projectName)} docs`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="eclusa">
<title>${title}</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(icon)}">
${style}
</head>
<body>
<noscript><p>${title} need JavaScript.</p></noscript>
<div id="app"></div>
${script}
</body>
</html>
`
}

/** A lock between two levels of water. */
const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#0b6e8f"/>' +
  '<path d="M3 5h4v6H3zM9 8h4v3H9z" fill="#fff"/></svg>'
