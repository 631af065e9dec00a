import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isSafeLink, MarkdownRenderer } from './markdown.ts'

const renderer = new MarkdownRenderer()

describe('MarkdownRenderer', () => {
  it.each([
    ['One row per order.', '<p>One row per order.</p>'],
    ['**Paid** `orders`', '<p><strong>Paid</strong> <code>orders</code></p>\n'],
    ['# Title', '<h3>Title</h3>\n'],
    ['1. first', '<ol>\n<li>first</li>\n</ol>\n'],
    ['a<br/>b <sub title="x">c</sub>', '<p>a<br>b <sub>c</sub></p>\n'],
    ['orders.id', '<p>orders.id</p>'],
    [
      'https://example.com/x?a=1&b=2',
      '<p><a href="https://example.com/x?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">https://example.com/x?a=1&amp;b=2</a></p>\n',
    ],
    ['[orders](#!/model/model.shop.orders)', '<p><a href="#!/model/model.shop.orders">orders</a></p>\n'],
    [
      '<img src="assets/a.png" onerror="alert(1)">',
      '<img src="assets/a.png" alt="" loading="lazy" referrerpolicy="no-referrer">',
    ],
  ])('renders %j', (text, html) => {
    expect(renderer.render(text)).toBe(html)
  })

  it('is undefined for a text that is empty', () => {
    expect([renderer.render(' \n'), renderer.render(null), renderer.render(undefined)]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  it('leaves no element, attribute or address that could run anything, whatever was written', () => {
    const pieces = [
      '<script>',
      '</script>',
      '<img src=x onerror=alert(1)>',
      '<a href="javascript:alert(1)">',
      '</a>',
      '<b onclick=x>',
      '<svg/onload=alert(1)>',
      '[x](javascript:alert(1))',
      '![x](data:text/html,x)',
      '<a href=java&#x73;cript:x>',
      '<!-- -->',
      '<!--',
      '-->',
      '<',
      '>',
      '"',
      "'",
      '`',
      '\n',
      '\n\n',
      ' ',
      '&lt;script&gt;',
      '<iframe>',
      '<style>',
      "<a\thref='vbscript:x'>",
    ]
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 4 }))), (parts) => {
        const html = renderer.render(parts.join('')) ?? ''
        for (const [tag] of html.matchAll(/<[^>]*>?/gu)) expect(tag).toMatch(harmlessTag)
        for (const [, link] of html.matchAll(/(?:href|src)="([^"]*)"/gu))
          expect(link).not.toMatch(/^\s*(?:javascript|vbscript|data):/iu)
      }),
    )
  })
})

/** No attributes but those that the renderer itself writes. */
const harmlessTag =
  /^<\/?(?:a|b|p|br|hr|em|strong|code|pre|ul|ol|li|blockquote|h[3-6]|img|s)(?: (?:href|src|alt|title|target|rel|start|loading|referrerpolicy)="[^"<>]*")*>$/u

describe('isSafeLink', () => {
  it.each([
    ['https://example.com', true],
    ['mailto:ada@example.com', true],
    ['assets/picture.png', true],
    ['/a/b:c', true],
    ['javascript:alert(1)', false],
    [' java\nscript:alert(1)', false],
    ['data:text/html,x', false],
    ['file:///etc/passwd', false],
  ])('of %j is %s', (link, isSafe) => {
    expect(isSafeLink(link)).toBe(isSafe)
  })
})
