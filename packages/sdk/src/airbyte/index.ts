export { runConnector } from './run-connector.ts'
export type { RunConnectorOptions } from './run-connector.ts'
