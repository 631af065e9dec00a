export { salesExample } from './sales-example.ts'
export type { SalesExample } from './sales-example.ts'
export { applySalesChanges, createSales, readSalesChecksum } from './sales-database.ts'
export type { ApplySalesChangesOptions, CreateSalesOptions, SqlClient, TableChecksum } from './sales-database.ts'
