export type Child = Node | string | undefined | false

interface Properties {
  readonly [name: string]: string | number | boolean | undefined | ((event: Event) => void)
}

/**
 * An element with its attributes and children. A function is a listener (`onclick`), `true` an attribute without a value;
 * what is undefined or false is left out. Texts are texts: nothing here reads HTML.
 */
export function create<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Properties = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  apply(element, properties)
  element.append(...present(children))
  return element
}

export function createSvg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  properties: Properties = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[Tag] {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag)
  apply(element, properties)
  element.append(...present(children))
  return element
}

function apply(element: Element, properties: Properties): void {
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue
    if (typeof value === 'function') element.addEventListener(name.slice(2), value)
    else element.setAttribute(name, value === true ? '' : String(value))
  }
}

function present(children: readonly Child[]): (Node | string)[] {
  return children.filter((child): child is Node | string => child !== undefined && child !== false)
}

/** HTML that the generator has made safe. A picture that is not there, or not without a network, becomes a link to it. */
export function createProse(html: string, className = 'prose'): HTMLElement {
  const element = create('div', { class: className })
  element.innerHTML = html
  for (const image of element.querySelectorAll('img')) {
    const replace = () =>
      image.replaceWith(create('a', { href: image.src, rel: 'noopener noreferrer' }, image.alt || image.src))
    image.addEventListener('error', replace, { once: true })
  }
  return element
}
