/** Macros of DuckDB that the rules' SQL calls; run whenever a database is opened. */
export const functionMacros: readonly string[] = []
