/**
 * Settings of every session whose values are decoded: they fix the text that PostgreSQL prints, whatever the server's
 * or the role's defaults are. readCopy sets them itself; a session that reads rows as text needs them from its start.
 */
export const sessionSettings: Readonly<Record<string, string>> = {
  client_encoding: 'UTF8',
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  extra_float_digits: '1',
  bytea_output: 'hex',
  xmloption: 'content',
}

/** One statement list that applies `sessionSettings` to the session; no trailing semicolon. */
export const sessionSettingsSql: string = Object.entries(sessionSettings)
  .map(([name, value]) => `SET ${name} TO '${value}'`)
  .join('; ')
