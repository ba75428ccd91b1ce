/** What keeps the tests from running at all: its message says what is missing, so nobody needs the stack. */
export class CannotRun extends Error {}
