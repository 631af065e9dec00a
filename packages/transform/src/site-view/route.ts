/*
 * Addresses of the site stand behind the `#`, since a folder knows no others. They have dbt's form, so that links to a
 * site that dbt made go on working: `#!/model/model.shop.orders#columns`.
 */

export type Route =
  | { readonly page: 'overview'; readonly packageName?: string }
  | { readonly page: 'entry'; readonly id: string; readonly section?: string }
  | { readonly page: 'list'; readonly kind: string }
  | { readonly page: 'lineage'; readonly select: string; readonly exclude: string; readonly withTests: boolean }

/** The overview for everything that is no address, such as a link of README.md to one of its headings. */
export function parseRoute(hash: string): Route {
  const [, path = '', query = '', section = ''] = /^#!\/([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/u.exec(hash) ?? []
  const [page = '', ...rest] = path.split('/')
  const name = decoded(rest.join('/'))
  if (page === 'lineage') {
    const values = new URLSearchParams(query)
    return {
      page,
      select: values.get('select') ?? '',
      exclude: values.get('exclude') ?? '',
      withTests: values.has('tests'),
    }
  }
  if (page === 'list' && name !== '') return { page, kind: name }
  if (page === 'overview' || name === '') return { page: 'overview', ...(name === '' ? {} : { packageName: name }) }
  const place = decoded(section)
  return { page: 'entry', id: name, ...(place === '' ? {} : { section: place }) }
}

export function routeText(route: Route): string {
  switch (route.page) {
    case 'overview':
      return route.packageName === undefined ? '#!/overview' : `#!/overview/${encodeURIComponent(route.packageName)}`
    case 'list':
      return `#!/list/${route.kind}`
    case 'entry': {
      const kind = route.id.slice(0, route.id.indexOf('.'))
      const section = route.section === undefined ? '' : `#${encodeURIComponent(route.section)}`
      return `#!/${kind}/${encodeURIComponent(route.id)}${section}`
    }
    case 'lineage': {
      const values = new URLSearchParams()
      if (route.select !== '') values.set('select', route.select)
      if (route.exclude !== '') values.set('exclude', route.exclude)
      if (route.withTests) values.set('tests', '1')
      return `#!/lineage?${values.toString()}`
    }
  }
}

/** A text that is not encoded well is meant as it stands. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
