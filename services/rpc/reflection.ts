import { fromBinary, toBinary } from '@bufbuild/protobuf'
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  type DescriptorProto,
  type FileDescriptorProto,
} from '@bufbuild/protobuf/wkt'
import { status } from '@grpc/grpc-js'
import type {
  ServerReflectionRequest,
  ServerReflectionResponse,
  ServerReflectionServer,
} from '../../proto/gen/grpc/reflection/v1/reflection.ts'

type Answer = ServerReflectionResponse['messageResponse']

/**
 * Server reflection, version 1, over a descriptor set (`buf build` writes one): lists the services named, and gives the file
 * of a name or of a symbol together with all files it imports.
 */
export class Reflection {
  readonly #services: readonly string[]
  readonly #files = new Map<string, FileDescriptorProto>()
  readonly #fileOfSymbol = new Map<string, string>()

  constructor(descriptorSet: Uint8Array, services: readonly string[]) {
    this.#services = services
    for (const file of fromBinary(FileDescriptorSetSchema, descriptorSet).file) {
      this.#files.set(file.name, file)
      for (const symbol of symbolsOf(file)) this.#fileOfSymbol.set(symbol, file.name)
    }
  }

  get implementation(): ServerReflectionServer {
    return {
      serverReflectionInfo: (call) => {
        call.on('data', (request: ServerReflectionRequest) => {
          call.write({
            validHost: request.host,
            originalRequest: request,
            messageResponse: this.answer(request),
          })
        })
        call.on('end', () => call.end())
      },
    }
  }

  answer({ messageRequest }: ServerReflectionRequest): Answer {
    switch (messageRequest?.$case) {
      case 'listServices':
        return {
          $case: 'listServicesResponse',
          listServicesResponse: { service: this.#services.map((name) => ({ name })) },
        }
      case 'fileByFilename':
        return this.#withImports(messageRequest.fileByFilename)
      case 'fileContainingSymbol':
        return this.#withImports(this.#fileOfSymbol.get(messageRequest.fileContainingSymbol))
      case 'fileContainingExtension':
      case 'allExtensionNumbersOfType':
        return failure(status.NOT_FOUND, 'the contract has no extensions')
      case undefined:
        return failure(status.INVALID_ARGUMENT, 'expected one of the requests of version 1')
      default:
        return messageRequest satisfies never
    }
  }

  #withImports(name: string | undefined): Answer {
    const found = new Map<string, FileDescriptorProto>()
    this.#collect(name, found)
    if (found.size === 0) return failure(status.NOT_FOUND, 'no such file or symbol')
    return {
      $case: 'fileDescriptorResponse',
      fileDescriptorResponse: {
        fileDescriptorProto: [...found.values()].map((file) =>
          Buffer.from(toBinary(FileDescriptorProtoSchema, file)),
        ),
      },
    }
  }

  #collect(name: string | undefined, found: Map<string, FileDescriptorProto>): void {
    const file = name === undefined ? undefined : this.#files.get(name)
    if (file === undefined || found.has(file.name)) return
    found.set(file.name, file)
    for (const dependency of file.dependency) this.#collect(dependency, found)
  }
}

function failure(errorCode: number, errorMessage: string): Answer {
  return { $case: 'errorResponse', errorResponse: { errorCode, errorMessage } }
}

function* symbolsOf(file: FileDescriptorProto): Generator<string> {
  const within = (name: string): string => (file.package === '' ? name : `${file.package}.${name}`)
  for (const message of file.messageType) yield* messageSymbols(message, within(message.name))
  for (const { name } of file.enumType) yield within(name)
  for (const service of file.service) {
    yield within(service.name)
    for (const method of service.method) yield `${within(service.name)}.${method.name}`
  }
}

function* messageSymbols(message: DescriptorProto, name: string): Generator<string> {
  yield name
  for (const nested of message.nestedType) yield* messageSymbols(nested, `${name}.${nested.name}`)
  for (const nested of message.enumType) yield `${name}.${nested.name}`
}
