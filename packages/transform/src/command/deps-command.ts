import type { CommandSession } from './command-session.ts'
import { yamlContext } from '../context/base-names.ts'
import type { Target } from '../context/scope.ts'
import { addPackage, packageToAdd } from '../project/add-package.ts'
import type { PackageToAdd } from '../project/add-package.ts'
import { installPackages } from '../project/install-packages.ts'

/** `deps`: installs the packages of packages.yml as package-lock.yml has them, or anew with `--upgrade`. */
export async function runDeps(session: CommandSession): Promise<number> {
  const { settings, host, root, log } = session
  const registry = host.environment['DBT_PACKAGE_HUB_URL']
  const added = settings.text('add_package')
  if (added !== undefined) {
    const source = (settings.text('source') ?? 'hub') as PackageToAdd['source']
    await addPackage(settings.projectDirectory, packageToAdd(added, source), (line) => log.info(line))
  }
  await installPackages({
    directory: settings.projectDirectory,
    packagesPath: root.file['packages-install-path'],
    context: yamlContext({ target: {} as Target, vars: settings.vars, environment: host.environment }),
    ...(registry === undefined ? {} : { registry }),
    upgrade: settings.isOn('upgrade'),
    lockOnly: settings.isOn('lock'),
    signal: host.signal,
    emit: (message) => log.info(message),
  })
  return 0
}
