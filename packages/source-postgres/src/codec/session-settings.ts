/**
 * Settings under which values are read: they fix the text that PostgreSQL prints, whatever the defaults of the server,
 * the database or the role are. readCopy applies them itself; a transaction that reads rows as text needs them too.
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

/**
 * Statements that apply `sessionSettings` until the transaction ends: the one that is open, or that of the query string
 * they begin. The session itself, which may be a pooler's, is left as it was. No trailing semicolon.
 */
export const localSettingsSql: string = Object.entries(sessionSettings)
  .map(([name, value]) => `SET LOCAL ${name} TO '${value}'`)
  .join('; ')
