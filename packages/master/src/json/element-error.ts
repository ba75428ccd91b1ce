/** The first element of a tensor that cannot become what is wanted: of a dtype on the way in, JSON on the way out. */

export class ElementError extends Error {
  override readonly name = 'ElementError';
  /** Its index in C order. */
  readonly element: number;
  readonly expected: string;
  readonly given: string;

  constructor(element: number, expected: string, given: string) {
    super(`element ${element}: expected ${expected}, given ${given}`);
    this.element = element;
    this.expected = expected;
    this.given = given;
  }
}
