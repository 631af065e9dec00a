import { EclusaError } from '@eclusa/sdk'

/**
 * Loads a driver when it is first needed, so that a program installs only those of the warehouses it uses.
 *
 * @throws WAREHOUSE_DRIVER_MISSING naming the package when it is not installed.
 */
export async function loadDriver<Driver>(name: string, load: () => Promise<Driver>): Promise<Driver> {
  try {
    return await load()
  } catch (cause) {
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ERR_MODULE_NOT_FOUND'
    if (!isMissing) throw cause
    throw new EclusaError('WAREHOUSE_DRIVER_MISSING', {
      message: `The package ${name} is not installed.`,
      remedy: `Run: npm install ${name}`,
      cause,
    })
  }
}
