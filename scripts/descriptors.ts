/**
 * Descriptors of the public schemas, for reflection: `npm run generate` writes them from `proto/` into
 * packages/common/src/gen/descriptors.ts.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  type DescriptorProto,
  type FileDescriptorProto,
} from '@bufbuild/protobuf/wkt';

const root = fileURLToPath(new URL('..', import.meta.url));
const isPublic = ({ name }: FileDescriptorProto) =>
  /^(inference|mindspore_serving|grpc|serving\/predict)\//.test(name);

const options = ['build', '--as-file-descriptor-set', '--exclude-source-info', '-o', '-#format=binpb'];
const image = execFileSync(`${root}node_modules/.bin/buf`, options, { cwd: root, maxBuffer: 2 ** 26 });
const files = fromBinary(FileDescriptorSetSchema, image)
  .file.filter(isPublic)
  .toSorted((a, b) => a.name.localeCompare(b.name, 'en'))
  .map((file) => ({
    name: file.name,
    imports: file.dependency,
    services: file.service.map(({ name }) => `${file.package}.${name}`),
    symbols: symbolsOf(file),
    descriptor: Buffer.from(toBinary(FileDescriptorProtoSchema, file)).toString('base64'),
  }));

function symbolsOf({ package: scope, service, messageType, enumType }: FileDescriptorProto): string[] {
  const methods = service.flatMap(({ name, method }) => [
    `${scope}.${name}`,
    ...method.map((each) => `${scope}.${name}.${each.name}`),
  ]);
  const enums = enumType.map(({ name }) => `${scope}.${name}`);
  return [...methods, ...messageType.flatMap((message) => messagesIn(scope, message)), ...enums];
}

function messagesIn(scope: string, { name, nestedType, enumType }: DescriptorProto): string[] {
  const own = `${scope}.${name}`;
  return [
    own,
    ...nestedType.flatMap((message) => messagesIn(own, message)),
    ...enumType.map((each) => `${own}.${each.name}`),
  ];
}

writeFileSync(
  `${root}packages/common/src/gen/descriptors.ts`,
  `// Generated from proto/ by scripts/descriptors.ts. DO NOT EDIT.

/** A file of the public schemas. */
export interface PublicFile {
  readonly name: string;
  readonly imports: readonly string[];
  /** Full names of its services. */
  readonly services: readonly string[];
  /** Full names of its services, methods, messages and enums. */
  readonly symbols: readonly string[];
  /** An encoded google.protobuf.FileDescriptorProto, in base64. */
  readonly descriptor: string;
}

export const publicFiles: readonly PublicFile[] = ${JSON.stringify(files, null, 2)};
`,
);
