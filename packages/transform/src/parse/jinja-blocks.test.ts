import { describe, expect, it } from 'vitest'
import { findJinjaBlocks } from './jinja-blocks.ts'

const names = (text: string) => findJinjaBlocks(text, 'snapshot', 's.sql').map(({ name, text: body }) => [name, body])

describe('blocks that are cut out of a file', () => {
  it('keep their text as it is, but for the white space that they control themselves', () => {
    expect(names('{% snapshot a %}\nselect 1\n{% endsnapshot %}\n{%- snapshot b -%} x {%- endsnapshot -%}')).toEqual([
      ['a', '\nselect 1\n'],
      ['b', 'x'],
    ])
  })

  it('are not found in comments', () => {
    expect(names('{# {% snapshot old %}{% endsnapshot %} #}{% snapshot a %}{# kept #}{% endsnapshot %}')).toEqual([
      ['a', '{# kept #}'],
    ])
  })

  it('know their place in the file', () => {
    const [block] = findJinjaBlocks('\n\n  {% snapshot a %}\nselect', 'snapshotx', 's.sql')
    expect(block).toBeUndefined()
    const [found] = findJinjaBlocks('\n\n  {% docs a %}text{% enddocs %}', 'docs', 'd.md')
    expect(found?.position).toMatchObject({ line: 3, column: 15 })
  })

  it('are refused without an end', () => {
    expect(() => names('select 1\n {% snapshot a %} x')).toThrow(/s\.sql:2:2: .*no \{% endsnapshot %\}/u)
  })
})
