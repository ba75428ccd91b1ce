/** A header as HTTP/2 has it: the name in lower case, the value with each byte as a character. */
export interface HeaderField {
  readonly name: string;
  readonly value: string;
}

/** What a header counts for, in tables and lists (RFC 7541, section 4.1). */
export function fieldBytes({ name, value }: HeaderField): number {
  return name.length + value.length + 32;
}
