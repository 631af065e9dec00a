import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileTransfer } from '../engine/statement.ts'
import { listStageFiles } from './stage-files.ts'
import { bucketOf, type StageGrants } from './stage-grants.ts'

/** Where clients find the files of stages: at this endpoint over HTTP in the shape of Google's storage, or on this disk. */
export type StageShape = 'http' | 'local'

/** The Python connector before version 5 puts `https://` before every host of a storage: it gets the disk. */
export function chooseShape(
  shape: StageShape,
  { clientApp, clientVersion }: { readonly clientApp: string; readonly clientVersion: string },
): StageShape {
  return clientApp.startsWith('Python') && Number.parseInt(clientVersion, 10) < 5 ? 'local' : shape
}

interface TransferContext {
  readonly queryId: string
  readonly shape: StageShape
  /** `http://127.0.0.1:8123` */
  readonly url: string
  readonly grants: StageGrants
  /** Whether the driver reads the id of the master key as a text, as newer ones do, or as a number. */
  readonly isKeyIdText: boolean
}

/** The data of the answer to PUT or GET, after which the client moves the files. */
export async function answerTransfer(
  transfer: FileTransfer,
  context: TransferContext,
): Promise<Record<string, unknown>> {
  const isUpload = transfer.command === 'UPLOAD'
  const { location, names } = isUpload ? placeToPut(transfer) : await filesToGet(transfer)
  const isHttp = context.shape === 'http'
  const stageInfo = isHttp ? httpStage(transfer, location, context) : await localStage(transfer, location)
  const material = {
    queryStageMasterKey: context.grants.masterKey.toString('base64'),
    queryId: context.queryId,
    smkId: context.isKeyIdText ? '1' : 1,
  }
  return {
    command: transfer.command,
    operation: 'Node',
    queryId: context.queryId,
    src_locations: names,
    localLocation: isUpload ? null : transfer.localPath,
    parallel: transfer.parallel,
    threshold: 209_715_200,
    autoCompress: transfer.autoCompress,
    sourceCompression: transfer.sourceCompression.toLowerCase(),
    overwrite: transfer.overwrite,
    presignedUrls: [],
    statementTypeId: null,
    stageInfo,
    uploadInfo: stageInfo,
    encryptionMaterial: encryptionMaterial(context.shape, material, isUpload ? undefined : names.length),
  }
}

interface Place {
  /** The path below the stage, with a slash at its end unless it is the stage itself. */
  readonly location: string
  /** What is to be moved: to there from the client's disk, or from there. */
  readonly names: readonly string[]
}

function placeToPut({ stagePath, localPath }: FileTransfer): Place {
  const path = stagePath.replace(/^\/+|\/+$/g, '')
  return { location: path === '' ? '' : `${path}/`, names: [localPath] }
}

/** Files are named from the directory that the statement names, or that holds the file that it names. */
async function filesToGet({ stageDirectory, stagePath, pattern }: FileTransfer): Promise<Place> {
  const path = stagePath.replace(/^\/+|\/+$/g, '')
  const files = await listStageFiles(stageDirectory, { path, pattern })
  const names = files.map((file) => file.name)
  const isDirectory = path !== '' && names.every((name) => name.startsWith(`${path}/`))
  const location = isDirectory ? `${path}/` : path.slice(0, path.lastIndexOf('/') + 1)
  return { location, names: names.map((name) => name.slice(location.length)) }
}

function httpStage({ stageDirectory }: FileTransfer, location: string, { url, grants }: TransferContext) {
  return {
    locationType: 'GCS',
    location: `${bucketOf(stageDirectory)}/${location}`,
    path: location,
    region: 'local',
    storageAccount: null,
    isClientSideEncrypted: true,
    presignedUrl: null,
    endPoint: `${url}/stage`,
    creds: { GCS_ACCESS_TOKEN: grants.issue(stageDirectory).token },
  }
}

/** Drivers copy files themselves here, and make no directories. */
async function localStage({ stageDirectory, command }: FileTransfer, location: string) {
  const directory = join(stageDirectory, location)
  if (command === 'UPLOAD') await mkdir(directory, { recursive: true })
  return {
    locationType: 'LOCAL_FS',
    location: directory,
    path: location,
    region: null,
    storageAccount: null,
    isClientSideEncrypted: false,
    creds: {},
  }
}

/** A PUT has one key for all its files; a GET has one for each, which an older upload might have had. */
function encryptionMaterial(shape: StageShape, material: object, files: number | undefined): unknown {
  if (files === undefined) return shape === 'http' ? material : null
  return shape === 'http' ? Array.from({ length: files }, () => material) : []
}
