/** The folders above a file, innermost first; `.` is the project's own. */
export function parentFolders(file: string): string[] {
  const folders: string[] = []
  for (let end = file.lastIndexOf('/'); end > 0; end = file.lastIndexOf('/', end - 1)) folders.push(file.slice(0, end))
  return [...folders, '.']
}
